// Values at a link's target: page numbers from the first pass, counters and texts from the document; and leaders.
(() => {
  const kit = globalThis.reportKit;
  const links = () => [...document.querySelectorAll('#report a[href^="#"]')];
  /** The id that a link within the document points to. */
  const idOf = link => {
    const raw = link.getAttribute('href').slice(1);
    try {
      return decodeURIComponent(raw);
    } catch {
      return raw;
    }
  };
  kit.targetOf = idOf;
  const quoted = text =>
    `"${String(text).replace(/["\\\n]/g, character => (character === '\n' ? ' ' : `\\${character}`))}"`;

  const counterList = (text, fallback) => {
    if (text === 'none') return [];
    const words = text.split(/\s+/);
    const list = [];
    for (let index = 0; index < words.length; index++) {
      const number = Number(words[index + 1]);
      const hasNumber = words[index + 1] !== undefined && !Number.isNaN(number);
      list.push([words[index], hasNumber ? number : fallback]);
      if (hasNumber) index++;
    }
    return list;
  };

  /** Values of the style sheet's counters at elements in document order, as CSS defines them: a reset opens a scope among siblings. */
  function walkCounters(selector, visit) {
    const { names, selectors } = kit.paged.counters;
    const stacks = new Map(names.map(name => [name, []]));
    const apply = (style, owner) => {
      for (const [name, value] of counterList(style.counterReset, 0))
        stacks.get(name)?.push({ value, owner });
      for (const [name, step] of counterList(style.counterIncrement, 1)) {
        const stack = stacks.get(name);
        if (!stack) continue;
        if (stack.length === 0) stack.push({ value: 0, owner: null });
        stack.at(-1).value += step;
      }
      for (const [name, value] of counterList(style.counterSet, 0)) {
        const top = stacks.get(name)?.at(-1);
        if (top) top.value = value;
      }
    };
    const values = () =>
      Object.fromEntries([...stacks].map(([name, stack]) => [name, stack.at(-1)?.value ?? 0]));
    const counting = ['html', 'body', '#report', '[style*="counter"]', ...selectors].join(', ');
    const wanted = selector === '' ? counting : `${counting}, ${selector}`;
    for (const element of [document.documentElement, document.body, ...document.querySelectorAll(wanted)]) {
      for (const stack of stacks.values())
        while (stack.length > 0 && stack.at(-1).owner && !stack.at(-1).owner.contains(element)) stack.pop();
      visit(element, values);
      if (!element.matches(counting)) continue;
      apply(getComputedStyle(element), element.parentElement);
      const first = getComputedStyle(element, '::before');
      if (first.content !== 'none') apply(first, element);
    }
  }

  /** The counters' values at each of the wanted ids. */
  function countersAt(wanted) {
    const found = new Map();
    const pending = [];
    const settle = (element, values) => {
      // An element's own counters apply to it, so it is read when the next one is reached.
      for (const id of pending.splice(0)) found.set(id, values());
      if (wanted.has(element.id) && element.id !== '') pending.push(element.id);
    };
    let last = () => ({});
    walkCounters('#report [id]', (element, values) => {
      last = values;
      settle(element, values);
    });
    for (const id of pending) found.set(id, last());
    return found;
  }

  let countersOf;
  /** `counter-set` for what begins with an element when all before it is hidden; empty when the style sheet counts nothing. */
  kit.countersBefore = target => {
    if (kit.paged.counters.names.length === 0) return '';
    countersOf ??= new Map();
    return countersOf.get(target) ?? '';
  };

  /** Notes the counters' values before each of these elements, which are in document order. */
  kit.noteCounters = elements => {
    if (kit.paged.counters.names.length === 0) return;
    countersOf = new Map();
    let next = 0;
    const write = values =>
      Object.entries(values)
        .map(([name, value]) => `${name} ${value}`)
        .join(' ');
    let text;
    walkCounters('', (element, values) => {
      while (
        next < elements.length &&
        (elements[next] === element ||
          elements[next].compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)
      )
        countersOf.set(elements[next++], write(values()));
      text = () => write(values());
    });
    while (next < elements.length) countersOf.set(elements[next++], text());
  };

  /** Sets what `target-counter` and `target-text` show, apart from pages, which the first pass brings. */
  kit.setTargets = () => {
    const { targetCounters, hasTargetText } = kit.paged;
    const others = targetCounters.filter(counter => counter.name !== 'page');
    const pageVariables = targetCounters
      .filter(counter => counter.name === 'page')
      .map(counter => counter.variable);
    if (others.length + pageVariables.length === 0 && !hasTargetText) return;
    const list = links();
    const values = others.length === 0 ? new Map() : countersAt(new Set(list.map(idOf)));
    for (const link of list) {
      const id = idOf(link);
      for (const variable of pageVariables) link.style.setProperty(variable, '"000"');
      for (const { name, style, variable } of others) {
        const value = values.get(id)?.[name];
        if (value !== undefined) link.style.setProperty(variable, quoted(kit.counterText(value, style)));
      }
      if (hasTargetText)
        link.style.setProperty(
          '--target-text',
          quoted(document.getElementById(id)?.textContent.trim() ?? ''),
        );
    }
  };

  let names = null;
  /** Stands in for what links of this part point to in others, so that they are printed as links. */
  kit.nameTargets = ids => {
    names?.remove();
    names = document.createElement('div');
    names.className = 'rk-links';
    for (const id of new Set([...document.querySelectorAll('#report a[href^="#"]')].map(kit.targetOf))) {
      if (id === '' || document.getElementById(id) || !ids.has(id)) continue;
      const name = document.createElement('i');
      name.id = id;
      names.append(name);
    }
    document.body.append(names);
  };

  const hasTargetPages = () => kit.paged.targetCounters.some(counter => counter.name === 'page');

  /** Whether anything shows the page of something else. */
  kit.hasReferences = () => document.querySelector('[data-page-of]') !== null || hasTargetPages();

  let pages;
  /** The pages that printing found: an element's id → its page. */
  kit.setPages = found => {
    pages = found;
    kit.writePages();
  };

  /** Writes the page numbers that are known into what is shown. */
  kit.writePages = () => {
    if (!pages) return;
    for (const element of document.querySelectorAll('#report [data-page-of]'))
      element.textContent = String(pages[element.dataset.pageOf] ?? '');
    const variables = kit.paged.targetCounters.filter(counter => counter.name === 'page');
    if (variables.length === 0) return;
    for (const link of links()) {
      const page = pages[idOf(link)];
      for (const { style, variable } of variables)
        link.style.setProperty(variable, page === undefined ? '""' : quoted(kit.counterText(page, style)));
    }
  };

  const context = document.createElement('canvas').getContext('2d');

  function blockAround(element) {
    let block = element;
    while (block.parentElement && /^inline|^contents/.test(getComputedStyle(block).display))
      block = block.parentElement;
    return block;
  }

  /** Makes each leader as wide as the rest of its line, and gives it as many dots as fit. All reads come before all writes. */
  kit.setLeaders = () => {
    for (const { selector, text, pseudo } of kit.paged.leaders) {
      if (pseudo !== 'after') continue;
      const elements = [...document.querySelectorAll(selector)].filter(kit.isShown);
      for (const element of elements) element.style.setProperty('--leader-width', '0px');
      const measured = elements.map(element => {
        const range = document.createRange();
        range.selectNodeContents(element);
        const last = [...range.getClientRects()].at(-1);
        const block = blockAround(element);
        const style = getComputedStyle(block);
        const edge =
          block.getBoundingClientRect().right -
          parseFloat(style.paddingRight) -
          parseFloat(style.borderRightWidth);
        const from = last ? last.right : block.getBoundingClientRect().left;
        const own = getComputedStyle(element, '::after');
        context.font = own.font;
        const dot = Math.max(1, context.measureText(text.repeat(20)).width / 20);
        const number = kit.paged.targetCounters
          .map(counter => element.style.getPropertyValue(counter.variable))
          .join('');
        const tail = context.measureText(number.replaceAll('"', '')).width + dot;
        const whole = block.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        const rest = edge - from - 1;
        return { element, dot, tail, width: rest < tail + dot ? whole - 1 : rest };
      });
      for (const { element, dot, tail, width } of measured) {
        element.style.setProperty('--leader-width', `${width}px`);
        element.style.setProperty(
          '--leader',
          quoted(text.repeat(Math.max(0, Math.floor((width - tail) / dot)))),
        );
      }
    }
  };
})();
