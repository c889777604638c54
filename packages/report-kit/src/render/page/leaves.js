// Cuts the document into leaves: blocks that a part can begin or end with. What a leaf contains is taken out of the document
// while it is not in the part that is printed.
(() => {
  const kit = globalThis.reportKit;
  /** What is heavier than this is looked into for places to end a part. */
  const OPEN_WEIGHT = 300;
  const CHARACTERS = 60;
  /** Documents of more parts than this keep what is out as HTML. */
  const PACKED_PARTS = 3;
  const BLOCK = /^(block|flow-root|list-item|table|table-row-group|table-row)$/;
  const OPENABLE = /^(block|flow-root|list-item|table|table-row-group)$/;

  /** Weights count elements, with texts counted by their length. */
  const plan = (kit.plan = {
    leaves: [],
    containers: [],
    /** Weight of all leaves before each. */
    before: [0],
    /** Ids of all that links point to. */
    ids: new Set(),
    /** Targets outside of all leaves: containers and heads of tables. */
    outerTargets: [],
    /** What one part may hold. */
    partWeight: 0,
    /** So much without page references is worth a part of its own: it is printed once, not twice. */
    referenceWeight: 2_500,
    /** What can be printed in two pages at once is split when it is heavier than this. */
    sharedWeight: 5_000,
    /** Whether parts may be printed by another page beside this one. */
    isShared: false,
  });
  const { leaves, containers, before, ids, outerTargets } = plan;

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
    if (before.at(-1) < PACKED_PARTS * plan.partWeight) return;
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

  /** The outermost box that begins with a leaf: itself, or what it is the first of. */
  function outermost(index) {
    let { element, parent } = leaves[index];
    for (; parent?.first === index; parent = parent.parent) element = parent.element;
    return element;
  }

  /** Looks for places to end parts; everything is hidden until a part is opened. */
  kit.planParts = (partElements, printers) => {
    plan.partWeight = partElements;
    const root = document.getElementById('report');
    if (isOpenable(root)) open(root, null);
    readLinks();
    if (before.at(-1) <= plan.referenceWeight) {
      leaves.length = 0;
      containers.length = 0;
      return;
    }
    plan.isShared =
      printers > 1 &&
      kit.paged.free !== null &&
      before.at(-1) >= plan.sharedWeight &&
      kit.footnoteCount === 0 &&
      kit.canHandOver();
    // What two pages hold at once is no more than what one would.
    if (plan.isShared) plan.partWeight = partElements / printers;
    kit.noteCounters(leaves.map((_leaf, index) => outermost(index)));
    choosePacked();
    for (const leaf of leaves) setLeafOut(leaf, true);
    for (const { element } of containers) setOut(element, true);
  };

  Object.assign(plan, { setOut, setLeafOut, outermost });
})();
