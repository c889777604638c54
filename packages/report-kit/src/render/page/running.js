// What Chromium cannot put into page margins itself: running elements and named strings. The first pass tells on which
// page each of them lies; then one transparent sheet per page is laid out here, printed apart and laid over.
(() => {
  const kit = globalThis.reportKit;
  let markerCount = 0;
  const state = { running: [], strings: [], named: [], placed: [] };

  const all = selector => {
    try {
      return [...document.querySelectorAll(selector)];
    } catch {
      return [];
    }
  };
  const ensureId = element => {
    if (element.id === '') element.id = `rk-${++markerCount}`;
    return element.id;
  };
  const marker = () => {
    const span = document.createElement('span');
    span.id = `rk-${++markerCount}`;
    span.className = 'rk-marker';
    return span;
  };

  function textOf(element, parts) {
    return parts
      .map(part => {
        if (part.kind === 'text') return part.text;
        if (part.kind === 'attribute') return element.getAttribute(part.name) ?? '';
        if (part.kind !== 'content') return '';
        if (part.which === 'before' || part.which === 'after') {
          const content = getComputedStyle(element, `::${part.which}`).content;
          return /^["'](.*)["']$/.exec(content)?.[1] ?? '';
        }
        const text = element.textContent.replace(/\s+/g, ' ').trim();
        return part.which === 'first-letter' ? (text[0] ?? '') : text;
      })
      .join('');
  }

  /** Takes running elements out of the flow and notes where they, named strings and page names begin. */
  kit.takeRunning = () => {
    const { paged } = kit;
    for (const { selector, name } of paged.running)
      for (const element of all(selector)) {
        const place = marker();
        element.replaceWith(place);
        state.running.push({ name, id: place.id, element, place });
      }
    for (const { selector, name, parts } of paged.strings)
      for (const element of all(selector)) {
        state.strings.push({ name, id: ensureId(element), element, text: textOf(element, parts) });
      }
    const inOrder = (a, b) =>
      a.element.compareDocumentPosition(b.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;
    if (paged.strings.length > 1) state.strings.sort(inOrder);
    for (const { selector, name } of paged.named)
      for (const element of all(selector))
        state.named.push({ name, element, id: ensureId(element), next: following(element) });
  };

  /** Elements that are asked for their place later. */
  kit.heldElements = () => [
    ...state.running.map(item => item.place),
    ...state.strings.map(item => item.element),
    ...state.named.flatMap(item => [item.element, ...item.next]),
    ...kit.footnoteCalls(),
  ];

  kit.needsPositions = () =>
    state.running.length + state.strings.length > 0 || kit.paged.rules.some(rule => rule.boxes.length > 0);

  /** The next elements after this one, not inside it: the first of them that has a page ends this one's. */
  function following(element) {
    const found = [];
    for (let node = element; node && node.id !== 'report' && found.length < 4; node = node.parentElement) {
      let next = node.nextElementSibling;
      for (; next && found.length < 4; next = next.nextElementSibling) found.push(next);
    }
    for (const next of found) ensureId(next);
    return found;
  }

  /** Hidden links to all places in the part, so that the PDF names their pages, and to `extra` ids. */
  kit.mark = extra => {
    const isHere = ({ element }) => kit.isShown(element);
    const ids = [
      ...state.running.filter(item => kit.isShown(item.place)).map(item => item.id),
      ...state.strings.filter(isHere).map(item => item.id),
      ...state.named.flatMap(item => [item.element, ...item.next].filter(kit.isShown).map(({ id }) => id)),
    ];
    const box = document.createElement('div');
    box.className = 'rk-links';
    for (const id of new Set([...ids, ...kit.partTargets(), ...extra])) {
      const link = document.createElement('a');
      link.href = `#${encodeURIComponent(id)}`;
      box.append(link);
    }
    document.body.append(box);
    state.placed.push(box);
  };

  kit.unmark = () => {
    for (const element of state.placed.splice(0)) element.remove();
  };

  function ruleWeight(rule) {
    return (
      (rule.name === '' ? 0 : 4) +
      (rule.pseudo === 'first' || rule.pseudo === 'blank' ? 2 : rule.pseudo === '' ? 0 : 1)
    );
  }

  function pageContext(page, name) {
    const fits = rule =>
      (rule.name === '' || rule.name === name) &&
      (rule.pseudo === '' ||
        (rule.pseudo === 'first' && page === 1) ||
        (rule.pseudo === 'left' && page % 2 === 0) ||
        (rule.pseudo === 'right' && page % 2 === 1));
    const rules = kit.paged.rules.filter(fits).sort((a, b) => ruleWeight(a) - ruleWeight(b));
    const context = { size: kit.paged.defaultSize, margin: [38, 38, 38, 38], boxes: new Map() };
    for (const rule of rules) {
      if (rule.size) context.size = rule.size;
      if (rule.margin) context.margin = rule.margin;
      for (const area of rule.otherAreas) context.boxes.delete(area);
      for (const box of rule.boxes) context.boxes.set(box.area, box);
    }
    return context;
  }

  kit.pageContextOf = page => pageContext(page, nameOf(page));

  /** Index of the first item on that page or after it; items are in the order of their pages. */
  function firstFrom(items, page) {
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (items[middle].page < page) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** CSS GCPM: the first on the page, or else the last before it. */
  function pick(items, page, which) {
    const first = firstFrom(items, page);
    const before = items[first - 1];
    const on = [];
    for (let index = first; items[index]?.page === page; index++) on.push(items[index]);
    if (which === 'last') return on.at(-1) ?? before;
    if (which === 'start') return before ?? on[0];
    if (which === 'first-except') return on.length > 0 ? undefined : before;
    return on[0] ?? before;
  }

  const roman = (number, upper) => {
    const table = [
      [1000, 'm'],
      [900, 'cm'],
      [500, 'd'],
      [400, 'cd'],
      [100, 'c'],
      [90, 'xc'],
      [50, 'l'],
      [40, 'xl'],
      [10, 'x'],
      [9, 'ix'],
      [5, 'v'],
      [4, 'iv'],
      [1, 'i'],
    ];
    let text = '';
    for (const [value, letters] of table) for (; number >= value; number -= value) text += letters;
    return upper ? text.toUpperCase() : text;
  };
  const letters = (number, upper) => {
    let text = '';
    for (let rest = number; rest > 0; rest = Math.floor((rest - 1) / 26))
      text = String.fromCharCode(97 + ((rest - 1) % 26)) + text;
    return upper ? text.toUpperCase() : text;
  };
  kit.counterText = (number, style) => {
    if (style === 'lower-roman' || style === 'upper-roman') return roman(number, style === 'upper-roman');
    if (/^(lower|upper)-(alpha|latin)$/.test(style)) return letters(number, style.startsWith('upper'));
    if (style === 'decimal-leading-zero') return String(number).padStart(2, '0');
    return String(number);
  };

  function fill(box, context) {
    const inner = document.createElement('div');
    for (const part of box.parts) {
      if (part.kind === 'text') inner.append(part.text);
      if (part.kind === 'counter') {
        const value = part.name === 'pages' ? context.pageCount : context.page;
        inner.append(kit.counterText(value, part.style));
      }
      if (part.kind === 'string')
        inner.append(pick(named('strings', part.name), context.page, part.which)?.text ?? '');
      if (part.kind === 'picture') {
        const image = document.createElement('img');
        image.src = part.url;
        inner.append(image);
      }
      if (part.kind === 'element') {
        const found = pick(named('running', part.name), context.page, part.which);
        if (!found) continue;
        const clone = found.element.cloneNode(true);
        clone.removeAttribute('id');
        for (const element of clone.querySelectorAll('[id]')) element.removeAttribute('id');
        inner.append(clone);
      }
    }
    return inner;
  }

  const ALIGN = { left: 'left', center: 'center', right: 'right' };

  function boxElement(box, context) {
    const element = document.createElement('div');
    const [side, place = 'center'] = box.area.split('-');
    const isRow = side === 'top' || side === 'bottom';
    element.className = 'rk-box';
    element.style.cssText = box.style;
    const vertical = element.style.verticalAlign || (isRow ? 'middle' : place);
    element.style.alignItems = { top: 'flex-start', bottom: 'flex-end' }[vertical] ?? 'center';
    if (!element.style.textAlign) element.style.textAlign = isRow ? (ALIGN[place] ?? 'center') : 'center';
    element.append(fill(box, context));
    return element;
  }

  function row(areas, context, rect) {
    const boxes = areas.map(area => context.boxes.get(area));
    if (boxes.every(box => !box)) return null;
    const element = document.createElement('div');
    element.className = 'rk-row';
    Object.assign(element.style, rect);
    const [, middle] = boxes;
    const present = boxes.filter(Boolean);
    element.style.gridTemplateColumns =
      present.length === 1 && !middle ? '100%' : middle ? 'minmax(0, 1fr) auto minmax(0, 1fr)' : 'auto auto';
    element.style.justifyContent = present.length === 2 && !middle ? 'space-between' : 'normal';
    const shown = middle ? boxes : present;
    for (const box of shown) element.append(box ? boxElement(box, context) : document.createElement('div'));
    return element;
  }

  const px = value => `${value}px`;

  function sheet(context) {
    const { size, margin } = context;
    const [top, right, bottom, left] = margin;
    const element = document.createElement('section');
    element.className = 'rk-sheet';
    element.style.cssText = `page: rk-${Math.round(size.width)}-${Math.round(size.height)}; width: ${size.width}px; height: ${size.height - 1}px; counter-reset: page ${context.page} pages ${context.pageCount};`;
    const across = { left: px(left), width: px(size.width - left - right) };
    const down = { top: px(top), height: px(size.height - top - bottom) };
    const add = part => part && element.append(part);
    add(row(['top-left', 'top-center', 'top-right'], context, { ...across, top: '0', height: px(top) }));
    add(
      row(['bottom-left', 'bottom-center', 'bottom-right'], context, {
        ...across,
        bottom: '-1px',
        height: px(bottom),
      }),
    );
    const single = (area, rect) => {
      const box = context.boxes.get(area);
      if (!box) return;
      const part = boxElement(box, context);
      part.classList.add('rk-single');
      Object.assign(part.style, rect);
      element.append(part);
    };
    for (const side of ['left', 'right']) {
      const edge = { [side]: '0', width: px(side === 'left' ? left : right) };
      for (const place of ['top', 'middle', 'bottom']) single(`${side}-${place}`, { ...edge, ...down });
      single(`top-${side}-corner`, { ...edge, top: '0', height: px(top) });
      single(`bottom-${side}-corner`, { ...edge, bottom: '-1px', height: px(bottom) });
    }
    return element;
  }

  const places = new Map();
  const named = (list, name) => {
    const key = `${list} ${name}`;
    if (!places.has(key))
      places.set(
        key,
        state[list].filter(item => item.name === name && item.page !== Infinity),
      );
    return places.get(key);
  };

  function place(pages) {
    for (const list of [state.running, state.strings])
      for (const item of list) item.page = pages[item.id] ?? Infinity;
    for (const item of state.named) {
      item.page = pages[item.id] ?? Infinity;
      const next = item.next.find(({ id }) => pages[id] !== undefined)?.id;
      item.end = next === undefined ? Infinity : Math.max(item.page, pages[next] - 1);
    }
    places.clear();
  }

  const nameOf = page =>
    state.named
      .filter(item => item.page <= page && page <= item.end)
      .sort((a, b) => a.end - a.page - (b.end - b.page))[0]?.name ?? '';

  kit.setPlaces = pages => place(pages);

  /** The sheets of those pages `from` to `to` that need one, and their page numbers and styles. */
  function makeSheets({ from, to, pageCount }) {
    const numbers = [];
    const sizes = new Map();
    const box = document.createElement('div');
    box.id = 'rk-sheets';
    for (let page = from; page <= to; page++) {
      const context = { ...pageContext(page, nameOf(page)), page, pageCount };
      if (context.boxes.size === 0) continue;
      numbers.push(page);
      sizes.set(`rk-${Math.round(context.size.width)}-${Math.round(context.size.height)}`, context.size);
      box.append(sheet(context));
    }
    const style = `${[...sizes]
      .map(([name, { width, height }]) => `@page ${name} { size: ${width}px ${height}px; margin: 0; }`)
      .join('\n')}
html, body { background: none !important; margin: 0 !important; padding: 0 !important; }
#report { display: none !important; }`;
    return { numbers, box, style };
  }

  /** Replaces the document by the sheets of those pages `from` to `to` that need one; returns their page numbers. */
  kit.sheets = async ({ from, to, pageCount, pages }) => {
    if (pages) place(pages);
    document.getElementById('rk-sheets')?.remove();
    kit.removeLead();
    const { numbers, box, style } = makeSheets({ from, to, pageCount });
    if (numbers.length === 0) return numbers;
    document.getElementById('page-style').disabled = true;
    document.getElementById('part-style').textContent = style;
    document.body.append(box);
    await kit.fetchShown(box);
    return numbers;
  };

  /** The same sheets for another page to show; this one's document stays. */
  kit.copySheets = ({ from, to, pageCount, pages }) => {
    if (pages) place(pages);
    const { numbers, box, style } = makeSheets({ from, to, pageCount });
    if (numbers.length === 0 || !kit.canHandOver()) return { numbers };
    const html = `<div id="report"></div>${box.outerHTML}`;
    return { numbers, copy: kit.copyOf(html, { 'page-style': '', 'part-style': style }) };
  };
})();
