// Says where the parts of a document end: at a forced break where there is one, and so that two pages can print at once.
(() => {
  const kit = globalThis.reportKit;
  const { plan } = kit;
  const { leaves, containers, before, setLeafOut } = plan;
  /** Parts that two pages print: small enough that they are joined while others are printed, not so many that each one's fonts count. */
  const SHARED_PART = { least: 9_000, most: 25_000, count: 8 };
  const FORCED = /^(page|left|right|recto|verso|always|all)$/;
  /** What this page prints before a run, as a share of what printing so much of the run would take. */
  const HERE_SHARE = 0.8;

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

  /** Stretches of leaves without page references, and how heavy the parts should be that two pages print at once. */
  const runs = [];

  function runAt(from) {
    const known = runs.find(run => from >= run.from && from < run.to);
    if (known) return known;
    let to = from;
    while (to < leaves.length && !leaves[to].hasReferences) to++;
    const weight = before[to] - before[from];
    const { least, most, count } = SHARED_PART;
    const each = Math.min(plan.partWeight, Math.max(least, Math.min(weight / count, most)));
    const pairs = Math.ceil(weight / (2 * each));
    // Of two parts, the first is this page's, which has the ones before it to print as well.
    const here = pairs === 1 ? Math.min(HERE_SHARE * before[from], weight / 4) : 0;
    const part = weight < plan.sharedWeight ? Infinity : (weight + here) / (2 * pairs);
    const run = { from, to, first: part - here, part, parts: null, isWhole: false };
    runs.push(run);
    return run;
  }

  /** Whether a table is cut by the part, or may yet be: its columns and its head have to be measured. */
  const cutsTable = (from, { to, endsNaturally }) =>
    containers.some(
      ({ isTable, first, last }) =>
        isTable && first < to && last >= from && (endsNaturally || first < from || last >= to),
    );

  /** Whether a part looks the same on whatever page it begins. */
  const isFreePart = (from, end) =>
    plan.isShared && leaves.slice(from, end.to).every(leaf => !leaf.hasReferences);

  /** Where a part ends that may be printed beside others: at a forced break, so that all have about the same weight. */
  function sharedEnd(from) {
    if (!plan.isShared || leaves[from].hasReferences) return null;
    const run = runAt(from);
    const wanted = from === run.from ? run.first : run.part;
    if (wanted === Infinity) return null;
    const isEnd = index => index === leaves.length || (index > from && isForced(index));
    if (before[run.to] - before[from] <= wanted * 1.3)
      return isEnd(run.to) ? { to: run.to, endsNaturally: false } : null;
    let to = from + 1;
    while (to < run.to && before[to] - before[from] < wanted) to++;
    for (; to > from && before[to] - before[from] > wanted / 2; to--)
      if (before[to] - before[from] <= plan.partWeight && isEnd(to)) return { to, endsNaturally: false };
    return null;
  }

  /** The parts at the beginning of a run that are free and end at forced breaks, and whether they are all of it. */
  function partsOf(run) {
    if (run.parts) return run;
    run.parts = [];
    let { from } = run;
    while (from < run.to) {
      const end = sharedEnd(from);
      if (!end || !isFreePart(from, end)) break;
      run.parts.push({ from, to: end.to, isGiven: false });
      from = end.to;
    }
    run.isWhole = from === run.to;
    return run;
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
      if (to > from && weight + leaves[to].weight > plan.partWeight) break;
      const isQuiet = !leaves[to].hasReferences;
      if (hasReferences && isQuiet && quietWeight(to) >= plan.referenceWeight && isForced(to))
        return { to, endsNaturally: false };
      if (!hasReferences && !isQuiet && weight >= plan.referenceWeight && isForced(to))
        return { to, endsNaturally: false };
      hasReferences ||= !isQuiet;
    }
    if (to === leaves.length) return { to, endsNaturally: false };
    for (let at = to; at > from && before[at] - before[from] > plan.partWeight / 2; at--)
      if (isForced(at)) return { to: at, endsNaturally: false };
    return { to, endsNaturally: true };
  }

  Object.assign(plan, { edge, runAt, partsOf, cutsTable, isFreePart, chooseEnd });
})();
