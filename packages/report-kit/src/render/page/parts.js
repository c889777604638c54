// Prints a document in parts of bounded size: what is not in the part stays in the document but takes no room
// (`rk-out`), so that selectors see the whole document while layout and printing see a part. What a hidden block contains
// is taken out of the document altogether: Chromium walks all hidden elements for each tagged print (4 µs each). A part
// ends where a page ends anyway: at a forced break, or where the first pass shows that a block begins a page.
(() => {
  const kit = globalThis.reportKit;
  const { plan } = kit;
  const { leaves, containers, before, setLeafOut } = plan;
  const MAX_MEASURED_ROWS = 2_000;

  let shown = { from: 0, to: 0 };
  let lead = null;

  /** Ids in the part that is shown which links, shown or not, point to. */
  kit.partTargets = () => [
    ...plan.outerTargets,
    ...leaves.slice(shown.from, shown.to).flatMap(leaf => leaf.targets),
  ];

  /** Shows exactly the leaves `from` to `to` (exclusive), and the containers that have any of them. */
  function show(from, to) {
    for (let index = shown.from; index < shown.to; index++)
      if (index < from || index >= to) setLeafOut(leaves[index], true);
    for (let index = from; index < to; index++) setLeafOut(leaves[index], false);
    shown = { from, to };
    for (const { element, first, last } of containers) {
      const isOut = last < from || first >= to;
      if (element.hasAttribute('rk-out') !== isOut) plan.setOut(element, isOut);
      element.toggleAttribute('rk-continued', !isOut && first < from);
      element.toggleAttribute('rk-unfinished', !isOut && last >= to);
    }
  }

  /**
   * Automatic column widths come from all rows, so a table that is printed in parts keeps those of the whole. Answers whether
   * the heads of all tables in the part are as high as they were when this was done.
   */
  function freezeTables(from, to) {
    const tables = containers.filter(({ isTable, first, last }) => isTable && first < to && last >= from);
    const root = document.getElementById('report');
    for (const container of tables) {
      if (container.isFrozen) continue;
      root.setAttribute('rk-seen', '');
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
      container.headHeight = element.tHead?.getBoundingClientRect().height ?? 0;
    }
    return tables.every(({ headHeight }) => headHeight !== undefined);
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
    if (startsNaturally) for (const element of plan.edge(index, true)) element.setAttribute('rk-flush', '');
    const begins = plan.outermost(index);
    const counters = kit.countersBefore(begins);
    if (counters === '') return;
    // A box out of flow among rows would make a row of its own: there, what they are in sets the counters.
    const isRow = getComputedStyle(begins).display.startsWith('table-');
    const gate = isRow ? begins.parentElement : begins.previousElementSibling;
    if (!gate) return;
    gates.push({ element: gate, style: gate.getAttribute('style') ?? '' });
    if (!isRow) gate.setAttribute('rk-gate', '');
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

  /** Of what was laid out last; 0 for what was not. */
  let height = 0;
  let staysSeen = false;

  async function ready(mustBeMeasured) {
    const root = document.getElementById('report');
    root.removeAttribute('rk-seen');
    kit.isMeasured = false;
    height = 0;
    const isMeasured = mustBeMeasured || kit.waitingFootnotes() > 0 || kit.hasLongTable();
    if (isMeasured) await kit.see(root);
    else if (!(await kit.fetchShown(root))) return;
    await kit.warmFootnotes();
    kit.findOverflow();
    kit.findUnbreakable();
    kit.setLeaders();
    kit.isMeasured = true;
    height = document.documentElement.scrollHeight;
    // Each print is followed by another layout of what is seen.
    staysSeen = isMeasured || kit.showsPictures(root);
    if (!staysSeen) root.removeAttribute('rk-seen');
  }

  kit.makeReady = ready;

  /** Measures the leaders anew after what stands behind them has changed. */
  kit.renewLeaders = () => {
    const root = document.getElementById('report');
    root.setAttribute('rk-seen', '');
    kit.setLeaders();
    if (!staysSeen) root.removeAttribute('rk-seen');
  };

  let isInParts = false;
  function beginParts() {
    if (isInParts) return;
    isInParts = true;
    kit.usePartRules(plan.isShared);
  }

  /** Shows a part as it is printed; returns how many blank pages stand in front of it. */
  function showPart(from, to, startsNaturally, startPage) {
    show(from, to);
    continueFrom(from, startsNaturally);
    kit.nameTargets(plan.ids);
    const leadPages = setLead(startPage ?? 2);
    kit.writePages();
    return leadPages;
  }

  /** So many parts are left for this page when the other one, which has one to print, is given another. */
  const LEFT_PARTS = 2;

  /**
   * A part of the run at leaf `from`, or right after the part that begins there, copied for another page to print before it
   * is its turn; null when there is none to give. This page works from the run's front, and the other one from its end. Where
   * a part's end has to be looked for, that is this page's to do, and the other one is given what is in front of it.
   */
  kit.copyShared = ({ from, isIdle }) => {
    if (!plan.isShared) return null;
    const own = plan.chooseEnd(from);
    const start = plan.isFreePart(from, own) ? from : own.to;
    if (start === own.to && own.endsNaturally) return null;
    if (start === leaves.length || leaves[start].hasReferences) return null;
    const { parts, isWhole } = plan.partsOf(plan.runAt(start));
    const waiting = parts.filter(part => !part.isGiven && part.from >= (isWhole ? own.to : start));
    if (waiting.length <= (isWhole && !isIdle ? LEFT_PARTS : 0)) return null;
    const given = isWhole ? waiting.at(-1) : waiting[0];
    given.isGiven = true;
    beginParts();
    const leadPages = showPart(given.from, given.to, false, null);
    return {
      from: given.from,
      to: given.to,
      isLast: given.to === leaves.length,
      leadPages,
      weight: before[given.to] - before[given.from],
      copy: kit.copyPart(),
    };
  };

  /**
   * Shows one part; `to` is given for a part that was shown before. Where the page it begins on is not known yet
   * (`startPage` is null), only a part that does not depend on it is opened.
   */
  kit.openPart = async ({ from, to, startsNaturally, startPage }) => {
    if (leaves.length === 0) {
      await ready(false);
      return part({
        to: 0,
        endsNaturally: false,
        isLast: true,
        leadPages: 0,
        weight: 0,
        hasReferences: kit.hasReferences(),
        isFree: false,
      });
    }
    const end = to === undefined ? plan.chooseEnd(from) : { to, endsNaturally: false };
    const isLast = end.to === leaves.length;
    if (!isLast) beginParts();
    const isFree = to === undefined && plan.isFreePart(from, end);
    if (startPage === null && !isFree) return null;
    const isCut = plan.cutsTable(from, end);
    const isMeasured = isCut && !freezeTables(from, end.to);
    const leadPages = showPart(from, end.to, startsNaturally, startPage);
    await ready(isMeasured);
    const hasReferences = leaves.slice(from, end.to).some(leaf => leaf.hasReferences);
    const weight = before[end.to] - before[from];
    return part({ ...end, isLast, leadPages, weight, hasReferences, isFree });
  };

  const part = values => ({
    ...values,
    isShared: plan.isShared,
    footnotes: kit.waitingFootnotes(),
    heightPx: height,
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
    const { parent, element } = leaves[index];
    if (!parent || element.localName !== 'tr') return 0;
    const table = element.closest('table');
    const known = containers.find(container => container.element === table)?.headHeight;
    return known ?? table?.tHead?.getBoundingClientRect().height ?? 0;
  }

  /** Ends the part before the last leaf that begins a page, and hides what is after it; null when more pages must be seen for that. */
  kit.closePart = ({ pages, tops, isWhole }) => {
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
    const natural = starts.findLast(({ top }) => top < 2);
    if (!natural && !isWhole) return null;
    const end = natural ?? starts.at(-1);
    if (!end) return { to: shown.to, lastPage: null, endsNaturally: false };
    show(shown.from, end.index);
    kit.nameTargets(plan.ids);
    const endsNaturally = end.top < 2;
    return { to: end.index, lastPage: endsNaturally ? end.page - 1 : end.page, endsNaturally };
  };
})();
