// Prints a document in parts of bounded size: what is not in the part stays in the document but takes no room
// (`rk-out`), so that selectors see the whole document while layout and printing see a part. What a hidden block contains
// is taken out of the document altogether: Chromium walks all hidden elements for each tagged print (4 µs each). A part
// ends where a page ends anyway: at a forced break, or where the first pass shows that a block begins a page.
(() => {
  const kit = globalThis.reportKit;
  /** What is heavier than this is looked into for places to end a part. */
  const OPEN_WEIGHT = 300;
  /** So much without page references is worth a part of its own: it is printed once, not twice. */
  const REFERENCE_WEIGHT = 2_500;
  const CHARACTERS = 60;
  const MAX_MEASURED_ROWS = 2_000;
  /** What can be printed in two pages at once is split when it is heavier than this. */
  const SHARED_WEIGHT = 5_000;
  /** Its parts: small enough that they are joined while others are printed, not so many that each one's fonts count. */
  const SHARED_PART = { least: 9_000, most: 25_000, count: 8 };
  /** Documents of more parts than this keep what is out as HTML. */
  const PACKED_PARTS = 3;
  const BLOCK = /^(block|flow-root|list-item|table|table-row-group|table-row)$/;
  const OPENABLE = /^(block|flow-root|list-item|table|table-row-group)$/;
  const FORCED = /^(page|left|right|recto|verso|always|all)$/;

  const leaves = [];
  const containers = [];
  /** Weight of all leaves before each. */
  const before = [0];
  let shown = { from: 0, to: 0 };
  let lead = null;
  /** Elements, with texts counted by their length, that one part may hold. */
  let partWeight = 0;
  /** Whether parts may be printed by another page beside this one. */
  let isShared = false;

  const setOut = (element, isOut) => element.toggleAttribute('rk-out', isOut);

  /** Takes a leaf's content out of the document, or puts it back. */
  function setLeafOut(leaf, isOut) {
    const { element } = leaf;
    if (isOut === (leaf.content !== null)) return;
    setOut(element, isOut);
    if (!isOut) {
      if (typeof leaf.content === 'string') element.innerHTML = leaf.content;
      else element.append(leaf.content);
      leaf.content = null;
    } else if (leaf.isPacked) {
      leaf.content = element.innerHTML;
      element.replaceChildren();
    } else {
      leaf.content = document.createDocumentFragment();
      leaf.content.append(...element.childNodes);
    }
  }

  /** Elements that are more than their HTML. */
  const STATEFUL = 'input, textarea, select, canvas, dialog, template, video, audio';

  /** In a large document, what is out is kept as HTML: a tenth of the memory of its elements. Not what others hold on to. */
  function choosePacked() {
    if (before.at(-1) < PACKED_PARTS * partWeight) return;
    const held = new Set();
    for (let element of kit.heldElements())
      for (; element && !held.has(element); element = element.parentElement) held.add(element);
    for (const leaf of leaves)
      leaf.isPacked = !held.has(leaf.element) && leaf.element.querySelector(STATEFUL) === null;
  }

  const weightOf = element =>
    1 + element.getElementsByTagName('*').length + element.textContent.length / CHARACTERS;

  function isOpenable(element) {
    const style = getComputedStyle(element);
    if (
      (element.id !== 'report' && !OPENABLE.test(style.display)) ||
      !/^(static|relative)$/.test(style.position)
    )
      return false;
    if (style.float !== 'none' || style.columnCount !== 'auto' || style.columnWidth !== 'auto') return false;
    if (style.breakInside !== 'auto' || style.transform !== 'none' || style.overflowY !== 'visible')
      return false;
    if (style.writingMode !== 'horizontal-tb') return false;
    for (const node of element.childNodes)
      if (node.nodeType === Node.TEXT_NODE && node.data.trim() !== '') return false;
    if (style.display.startsWith('table') && element.querySelector('[rowspan]:not([rowspan="1"])'))
      return false;
    return [...element.children].every(child => {
      const { display, position } = getComputedStyle(child);
      return BLOCK.test(display) || /^(none|flex|grid|table-)/.test(display) || position === 'absolute';
    });
  }

  function open(element, parent) {
    const isTable = getComputedStyle(element).display === 'table';
    for (const child of element.children) {
      // Heads, captions and feet go with any part of their table.
      if (isTable && getComputedStyle(child).display !== 'table-row-group') continue;
      const weight = weightOf(child);
      if (weight > OPEN_WEIGHT && isOpenable(child)) {
        const container = {
          element: child,
          parent,
          isTable: child.localName === 'table',
          first: leaves.length,
          last: 0,
        };
        containers.push(container);
        open(child, container);
        container.last = leaves.length - 1;
        if (container.last < container.first) containers.pop();
        else continue;
      }
      leaves.push({
        element: child,
        parent,
        weight,
        hasReferences: false,
        targets: [],
        content: null,
        isPacked: false,
      });
      before.push(before.at(-1) + weight);
    }
  }

  /** Ids of all that links point to. */
  const ids = new Set();
  /** Targets outside of all leaves: containers and heads of tables. */
  const outerTargets = [];

  /** Notes which leaves show page numbers, and which of them hold what links point to. */
  function readLinks() {
    const owners = new Map(leaves.map(leaf => [leaf.element, leaf]));
    const ownerOf = element => {
      let node = element;
      while (node && !owners.has(node)) node = node.parentElement;
      return owners.get(node);
    };
    const selector = ['[data-page-of]', ...kit.paged.pageReferences].join(', ');
    for (const element of document.querySelectorAll(`#report :is(${selector})`)) {
      const leaf = ownerOf(element);
      if (leaf) leaf.hasReferences = true;
    }
    for (const id of new Set([...document.querySelectorAll('#report a[href^="#"]')].map(kit.targetOf))) {
      const element = id === '' ? null : document.getElementById(id);
      if (!element) continue;
      ids.add(id);
      (ownerOf(element)?.targets ?? outerTargets).push(id);
    }
  }

  /** Ids in the part that is shown which links, shown or not, point to. */
  kit.partTargets = () => [
    ...outerTargets,
    ...leaves.slice(shown.from, shown.to).flatMap(leaf => leaf.targets),
  ];

  /** Looks for places to end parts; everything is hidden until a part is opened. */
  kit.planParts = (partElements, printers) => {
    partWeight = partElements;
    const root = document.getElementById('report');
    if (isOpenable(root)) open(root, null);
    readLinks();
    if (before.at(-1) <= REFERENCE_WEIGHT) {
      leaves.length = 0;
      containers.length = 0;
      return;
    }
    isShared =
      printers > 1 &&
      kit.paged.free !== null &&
      before.at(-1) >= SHARED_WEIGHT &&
      kit.footnoteCount === 0 &&
      kit.canHandOver();
    kit.noteCounters(leaves.map(leaf => leaf.element));
    choosePacked();
    for (const leaf of leaves) setLeafOut(leaf, true);
    for (const { element } of containers) setOut(element, true);
  };

  const isTableRow = index =>
    leaves[index].element.localName === 'tr' && leaves[index - 1]?.parent === leaves[index].parent;

  /** The boxes that begin (or end) with a leaf: containers that it is the first of, itself, and its first children. */
  function edge(index, isStart) {
    const boxes = [];
    for (let box = leaves[index].parent; box && (isStart ? box.first : box.last) === index; box = box.parent)
      boxes.unshift(box.element);
    for (let element = leaves[index].element, depth = 0; element && depth < 12; depth++) {
      boxes.push(element);
      element = isStart ? element.firstElementChild : element.lastElementChild;
      if (element && !/^(block|flow-root|list-item|table)$/.test(getComputedStyle(element).display)) break;
    }
    return boxes;
  }

  function pageName(element) {
    for (let node = element; node && node.id !== 'report'; node = node.parentElement) {
      const { page } = getComputedStyle(node);
      if (page && page !== 'auto') return page;
    }
    return '';
  }

  /** Whether a page must begin with this leaf, wherever it lies. */
  function isForced(index) {
    if (index === 0 || index >= leaves.length || isTableRow(index)) return index === 0;
    const leaf = leaves[index];
    leaf.isForced ??= (() => {
      const hidden = [leaf, leaves[index - 1]].filter(item => item.content !== null);
      for (const item of hidden) setLeafOut(item, false);
      const isForcedBreak = isForcedBetween(index);
      for (const item of hidden) setLeafOut(item, true);
      return isForcedBreak;
    })();
    return leaf.isForced;
  }

  function isForcedBetween(index) {
    const starts = edge(index, true);
    const ends = edge(index - 1, false);
    if (starts.some(element => FORCED.test(getComputedStyle(element).breakBefore))) return true;
    if (ends.some(element => FORCED.test(getComputedStyle(element).breakAfter))) return true;
    return pageName(starts.at(-1)) !== pageName(ends.at(-1));
  }

  /** Leaves without page references that are printed in two pages at once, and how heavy their parts are. */
  let run = { from: 0, to: 0, weight: 0 };

  /** Where a part ends that may be printed beside others: at a forced break, so that all have about the same weight. */
  function sharedEnd(from) {
    if (!isShared || leaves[from].hasReferences) return null;
    if (from < run.from || from >= run.to) {
      let to = from;
      while (to < leaves.length && !leaves[to].hasReferences) to++;
      const weight = before[to] - before[from];
      const { least, most, count } = SHARED_PART;
      const each = Math.min(partWeight, Math.max(least, Math.min(weight / count, most)));
      const pairs = Math.ceil(weight / (2 * each));
      run = { from, to, weight: weight < SHARED_WEIGHT ? Infinity : weight / (2 * pairs) };
    }
    if (run.weight === Infinity) return null;
    const isEnd = index => index === leaves.length || (index > from && isForced(index));
    if (before[run.to] - before[from] <= run.weight * 1.3)
      return isEnd(run.to) ? { to: run.to, endsNaturally: false } : null;
    let to = from + 1;
    while (to < run.to && before[to] - before[from] < run.weight) to++;
    for (; to > from && before[to] - before[from] > run.weight / 2; to--)
      if (before[to] - before[from] <= partWeight && isEnd(to)) return { to, endsNaturally: false };
    return null;
  }

  /** Where the part that begins with leaf `from` ends, and whether that is a forced break. */
  function chooseEnd(from) {
    const shared = sharedEnd(from);
    if (shared) return shared;
    let hasReferences = false;
    let quietUntil = from;
    const quietWeight = index => {
      if (quietUntil <= index) {
        quietUntil = index;
        while (quietUntil < leaves.length && !leaves[quietUntil].hasReferences) quietUntil++;
      }
      return before[quietUntil] - before[index];
    };
    let to = from;
    for (; to < leaves.length; to++) {
      const weight = before[to] - before[from];
      if (to > from && weight + leaves[to].weight > partWeight) break;
      const isQuiet = !leaves[to].hasReferences;
      if (hasReferences && isQuiet && quietWeight(to) >= REFERENCE_WEIGHT && isForced(to))
        return { to, endsNaturally: false };
      if (!hasReferences && !isQuiet && weight >= REFERENCE_WEIGHT && isForced(to))
        return { to, endsNaturally: false };
      hasReferences ||= !isQuiet;
    }
    if (to === leaves.length) return { to, endsNaturally: false };
    for (let at = to; at > from && before[at] - before[from] > partWeight / 2; at--)
      if (isForced(at)) return { to: at, endsNaturally: false };
    return { to, endsNaturally: true };
  }

  /** Shows exactly the leaves `from` to `to` (exclusive), and the containers that have any of them. */
  function show(from, to) {
    for (let index = shown.from; index < shown.to; index++)
      if (index < from || index >= to) setLeafOut(leaves[index], true);
    for (let index = from; index < to; index++) setLeafOut(leaves[index], false);
    shown = { from, to };
    for (const { element, first, last } of containers) {
      const isOut = last < from || first >= to;
      if (element.hasAttribute('rk-out') !== isOut) setOut(element, isOut);
      element.toggleAttribute('rk-continued', !isOut && first < from);
      element.toggleAttribute('rk-unfinished', !isOut && last >= to);
    }
  }

  /** Automatic column widths come from all rows, so a table that is printed in parts keeps those of the whole. */
  function freezeTables(from, to) {
    document.getElementById('report').setAttribute('rk-seen', '');
    for (const container of containers) {
      if (!container.isTable || container.isFrozen || container.first >= to || container.last < from)
        continue;
      container.isFrozen = true;
      const { element, first, last } = container;
      const row = element.rows[0];
      if (!row || [...row.cells].some(cell => cell.colSpan > 1)) continue;
      if (getComputedStyle(element).tableLayout === 'fixed') continue;
      const end = Math.min(last + 1, first + MAX_MEASURED_ROWS);
      for (let index = first; index < end; index++) setLeafOut(leaves[index], false);
      const whole = element.getBoundingClientRect().width;
      const widths = [...row.cells].map(cell => cell.getBoundingClientRect().width);
      for (let index = first; index < end; index++)
        if (index < from || index >= to) setLeafOut(leaves[index], true);
      if (whole === 0) continue;
      const parentWidth = element.parentElement.clientWidth || whole;
      element.style.width = `${(whole / parentWidth) * 100}%`;
      element.style.tableLayout = 'fixed';
      for (const [index, cell] of [...row.cells].entries()) {
        cell.style.boxSizing = 'border-box';
        cell.style.width = `${(widths[index] / whole) * 100}%`;
      }
    }
  }

  const gates = [];

  /** Counters and margins of a part that is not the document's first, as if all before it were there. */
  function continueFrom(index, startsNaturally) {
    for (const { element, style } of gates.splice(0)) {
      element.removeAttribute('rk-gate');
      element.setAttribute('style', style);
    }
    for (const element of document.querySelectorAll('[rk-flush]')) element.removeAttribute('rk-flush');
    if (index === 0) return;
    if (startsNaturally) for (const element of edge(index, true)) element.setAttribute('rk-flush', '');
    const counters = kit.countersBefore(leaves[index].element);
    if (counters === '') return;
    let { element } = leaves[index];
    // A box out of flow among rows would make a row of its own.
    for (let table = element.closest('table'); table; table = element.parentElement.closest('table')) {
      if (table === element) break;
      element = table;
    }
    while (element.id !== 'report' && !element.previousElementSibling) element = element.parentElement;
    if (element.id === 'report') return;
    const gate = element.previousElementSibling;
    gates.push({ element: gate, style: gate.getAttribute('style') ?? '' });
    gate.setAttribute('rk-gate', '');
    gate.style.setProperty('counter-set', counters, 'important');
  }

  /** Blank pages before the part, left out later: they give it its page's side and number. */
  function setLead(startPage) {
    kit.removeLead();
    const count = startPage === 1 ? 0 : 2 - (startPage % 2 === 0 ? 1 : 0);
    if (count > 0) {
      lead = document.createElement('div');
      for (let page = 0; page < count; page++) {
        const element = document.createElement('div');
        element.className = 'rk-lead';
        lead.append(element);
      }
      document.body.prepend(lead);
    }
    document.getElementById('part-style').textContent =
      `@page rk-lead { margin: 0; counter-set: page ${startPage - 1}; }`;
    return count;
  }

  kit.removeLead = () => {
    lead?.remove();
    lead = null;
  };

  /** Whether a table is cut by the part, or may yet be: its columns and its head have to be measured. */
  const cutsTable = (from, { to, endsNaturally }) =>
    containers.some(
      ({ isTable, first, last }) =>
        isTable && first < to && last >= from && (endsNaturally || first < from || last >= to),
    );

  async function ready(isCut) {
    const root = document.getElementById('report');
    root.removeAttribute('rk-seen');
    const isMeasured = isCut || kit.waitingFootnotes() > 0 || kit.hasLongTable();
    if (!isMeasured && !kit.mustBeSeen(root)) return kit.pictures();
    await kit.see(root);
    await kit.warmFootnotes();
    kit.findOverflow();
    kit.findUnbreakable();
    kit.setLeaders();
  }

  kit.makeReady = ready;

  let isInParts = false;

  /** Whether a part looks the same on whatever page it begins. */
  const isFreePart = (from, end) =>
    isShared && !cutsTable(from, end) && leaves.slice(from, end.to).every(leaf => !leaf.hasReferences);

  /**
   * Shows one part; `to` is given for a part that was shown before. Where the page it begins on is not known yet
   * (`startPage` is null), only a part that does not depend on it is opened. A part that can be printed by another page
   * is copied for it when `isCopied`.
   */
  kit.openPart = async ({ from, to, startsNaturally, startPage, isCopied }) => {
    if (leaves.length === 0) {
      await ready(false);
      return part({
        to: 0,
        endsNaturally: false,
        isLast: true,
        leadPages: 0,
        hasReferences: kit.hasReferences(),
        isFree: false,
      });
    }
    const end = to === undefined ? chooseEnd(from) : { to, endsNaturally: false };
    const isLast = end.to === leaves.length;
    if (!isInParts && !isLast) {
      isInParts = true;
      kit.usePartRules(isShared);
    }
    const isFree = to === undefined && isFreePart(from, end);
    if (startPage === null && !isFree) return null;
    const isCut = cutsTable(from, end);
    if (isCut) freezeTables(from, end.to);
    show(from, end.to);
    continueFrom(from, startsNaturally);
    kit.nameTargets(ids);
    const leadPages = setLead(startPage ?? 2);
    kit.writePages();
    const copy = isFree && isCopied && !end.endsNaturally ? kit.copyPart() : undefined;
    if (!copy) await ready(isCut);
    const hasReferences = leaves.slice(from, end.to).some(leaf => leaf.hasReferences);
    return part({ ...end, isLast, leadPages, hasReferences, isFree, ...(copy ? { copy } : {}) });
  };

  const part = values => ({
    ...values,
    footnotes: kit.waitingFootnotes(),
    heightPx: document.documentElement.scrollHeight,
  });

  kit.isShown = element => element.isConnected && !element.closest('[rk-out]');

  let marked = [];
  let lastId = 0;
  /** Ids of the leaves that the part may end before: those of its second half. */
  kit.endMarks = () => {
    const middle = (before[shown.from] + before[shown.to]) / 2;
    marked = [];
    for (let index = shown.to - 1; index > shown.from && before[index] > middle; index--)
      marked.unshift(index);
    return marked.map(index => {
      const { element } = leaves[index];
      if (element.id === '') element.id = `rk-e${++lastId}`;
      return element.id;
    });
  };

  function headHeight(index) {
    const table = leaves[index].parent && leaves[index].element.closest('table');
    const head = table?.tHead;
    return head && leaves[index].element.localName === 'tr' ? head.getBoundingClientRect().height : 0;
  }

  /** Ends the part before the last leaf that begins a page; hides what is after it. */
  kit.closePart = ({ pages, tops }) => {
    const starts = [];
    for (const [position, index] of marked.entries()) {
      const { id } = leaves[index].element;
      const previous = marked[position - 1];
      const pageBefore = previous === undefined ? undefined : pages[leaves[previous].element.id];
      if (pages[id] === undefined || pageBefore === undefined || pageBefore === pages[id]) continue;
      const { size } = kit.pageContextOf(pages[id]);
      const top = size.height - (tops[id] * 96) / 72 - headHeight(index);
      starts.push({ index, page: pages[id], top });
    }
    // Without a block that begins its page, the last that is the first on one gets a page of its own.
    const end = starts.findLast(({ top }) => top < 2) ?? starts.at(-1);
    if (!end) return { to: shown.to, lastPage: null, endsNaturally: false };
    show(shown.from, end.index);
    kit.nameTargets(ids);
    const endsNaturally = end.top < 2;
    return { to: end.index, lastPage: endsNaturally ? end.page - 1 : end.page, endsNaturally };
  };
})();
