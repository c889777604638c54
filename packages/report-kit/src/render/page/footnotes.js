// Footnotes at the foot of their page, in the flow: the pass before tells on which page each call lies and where blocks
// begin; the page is then ended early, at a line or a block, by the notes themselves. One pass settles the first page with
// notes after each forced break, so a document takes as many passes as its fullest chapter has pages with notes.
(() => {
  const kit = globalThis.reportKit;
  const notes = [];
  const LEAVES = 'p, li, pre, h1, h2, h3, h4, h5, h6, figure, table, tr, dl, blockquote, hr, svg, img';
  const NEAR = 80;
  const SAFETY_PX = 6;

  function listOf(items) {
    const aside = document.createElement('aside');
    aside.className = 'footnotes';
    const list = document.createElement('ol');
    for (const { number, body } of items) {
      const item = document.createElement('li');
      item.id = `fn-${number}`;
      item.value = number;
      item.append(...body.childNodes);
      list.append(item);
    }
    aside.append(list);
    return aside;
  }

  /** Replaces each note by its call; returns how many there are. */
  kit.takeFootnotes = () => {
    const selector = ['footnote', ...kit.paged.footnotes].join(', ');
    for (const element of document.querySelectorAll(`#report :is(${selector})`)) {
      const number = notes.length + 1;
      const call = document.createElement('a');
      call.className = 'footnote-call';
      call.id = `fnref-${number}`;
      call.href = `#fn-${number}`;
      call.textContent = String(number);
      element.replaceWith(call);
      notes.push({ number, call, body: element, isPlaced: false });
    }
    return notes.length;
  };

  /** Puts the notes that are left at the end of the text they stand in: in HTML, and where no page could be settled. */
  kit.endNotes = () => {
    const groups = new Map();
    for (const note of notes.filter(item => !item.isPlaced && kit.isShown(item.call))) {
      const place = note.call.closest('.markdown, article, section') ?? document.getElementById('report');
      groups.set(place, [...(groups.get(place) ?? []), note]);
      note.isPlaced = true;
    }
    for (const [place, items] of groups) place.append(listOf(items));
    return groups.size;
  };

  kit.footnoteCalls = () => notes.map(({ call }) => call);

  const waitingHere = () => notes.filter(note => !note.isPlaced && kit.isShown(note.call));
  /** How many notes of the part that is shown have no place yet. */
  kit.waitingFootnotes = () => waitingHere().length;

  /** Lays the waiting notes out once, so that their fonts and pictures are there when they are measured. */
  kit.warmFootnotes = async () => {
    const waiting = waitingHere();
    if (waiting.length === 0) return;
    const aside = listOf(waiting.map(({ number, body }) => ({ number, body: body.cloneNode(true) })));
    document.getElementById('report').append(aside);
    void aside.offsetHeight;
    await Promise.all([document.fonts.ready, kit.pictures()]);
    aside.remove();
  };

  const INSIDE = 'flex grid inline-flex inline-grid'.split(' ');

  /** Whether an element lies in the page's own flow, so that a page can end before it. */
  function isInFlow(element) {
    for (
      let parent = element.parentElement;
      parent && parent.id !== 'report';
      parent = parent.parentElement
    ) {
      const style = getComputedStyle(parent);
      if (INSIDE.includes(style.display) || style.columnCount !== 'auto' || style.position === 'absolute')
        return false;
    }
    return true;
  }

  function candidates() {
    const all = [...document.querySelectorAll(`#report :is(${LEAVES})`)].filter(kit.isShown);
    const outer = all.filter(element => {
      const parent = element.parentElement?.closest('li, figure, pre, tr, dl');
      return !parent && !element.closest('.footnotes');
    });
    const near = new Set();
    for (const { call } of waitingHere()) {
      const at = outer.findIndex(
        element =>
          element.compareDocumentPosition(call) &
          (Node.DOCUMENT_POSITION_CONTAINED_BY | Node.DOCUMENT_POSITION_PRECEDING),
      );
      for (const element of outer.slice(Math.max(0, at - NEAR), at + NEAR)) near.add(element);
    }
    return [...near]
      .filter(element => element.tagName !== 'TABLE' || !element.tBodies.length)
      .filter(isInFlow);
  }

  let marked = [];
  let lastId = 0;
  /** Ids whose places the next pass must tell. */
  kit.footnoteMarks = () => {
    marked = candidates();
    for (const element of marked) if (element.id === '') element.id = `rk-b${++lastId}`;
    return [...waitingHere().map(note => note.call.id), ...marked.map(element => element.id)];
  };

  function startsPage(element) {
    for (let node = element; node && node.id !== 'report'; node = node.parentElement) {
      if (['page', 'left', 'right'].includes(getComputedStyle(node).breakBefore)) return true;
      if (node.previousElementSibling) return false;
    }
    return true;
  }

  /** Tops of the lines of text in a block, from its own top, in pixels. */
  function linesOf(element) {
    const top = element.getBoundingClientRect().top;
    const range = document.createRange();
    range.selectNodeContents(element);
    const lines = [];
    for (const rect of range.getClientRects()) {
      const at = lines.findIndex(
        line =>
          Math.abs(line.bottom - (rect.bottom - top)) < 6 ||
          (rect.top - top >= line.top && rect.bottom - top <= line.bottom),
      );
      if (at === -1) lines.push({ top: rect.top - top, bottom: rect.bottom - top });
      else
        lines[at] = {
          top: Math.min(lines[at].top, rect.top - top),
          bottom: Math.max(lines[at].bottom, rect.bottom - top),
        };
    }
    return lines.sort((a, b) => a.top - b.top);
  }

  /** Inserts `node` where the line that begins at `lineTop` (from the block's top) starts. */
  function insertAtLine(block, lineTop, node) {
    const origin = block.getBoundingClientRect().top;
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const topAt = (text, index) => {
      range.setStart(text, index);
      range.setEnd(text, Math.min(index + 1, text.length));
      const rect = range.getClientRects()[0];
      return rect ? rect.bottom - origin : -Infinity;
    };
    while (walker.nextNode()) {
      const text = walker.currentNode;
      for (let index = 0; index < text.length; index++) {
        if (/\s/.test(text.data[index]) || topAt(text, index) <= lineTop + 4) continue;
        range.setStart(text, index);
        range.collapse(true);
        range.insertNode(node);
        return true;
      }
    }
    return false;
  }

  function measure(items) {
    const aside = listOf(items.map(({ number, body }) => ({ number, body: body.cloneNode(true) })));
    document.getElementById('report').append(aside);
    const { height } = aside.getBoundingClientRect();
    aside.remove();
    return height + SAFETY_PX;
  }

  function put(items, gap, insert) {
    if (items.length === 0) return;
    const aside = listOf(items);
    aside.style.paddingTop = `${Math.max(0, gap)}px`;
    insert(aside);
    for (const item of items) item.isPlaced = true;
  }

  function insertBefore(element, aside) {
    if (element.tagName !== 'TR') return element.before(aside);
    const row = document.createElement('tr');
    row.className = 'footnotes-row';
    const cell = document.createElement('td');
    cell.colSpan = [...element.cells].reduce((sum, item) => sum + item.colSpan, 0);
    cell.append(aside);
    row.append(cell);
    return element.before(row);
  }

  function settlePage(items, blocks, height) {
    const limit = height - measure(items);
    const at = blocks.findIndex(
      (block, index) =>
        (blocks[index + 1]?.top ?? block.top + block.element.getBoundingClientRect().height) > limit,
    );
    if (at === -1) {
      const { element, top } = blocks.at(-1);
      const bottom = top + element.getBoundingClientRect().height;
      const anchor = element.tagName === 'TR' ? element.closest('table') : element;
      return put(items, limit - bottom - 12, aside => anchor.after(aside));
    }
    let { element, top } = blocks[at];
    const lines =
      ['P', 'LI', 'PRE'].includes(element.tagName) && !element.querySelector('p, ul, ol, pre')
        ? linesOf(element)
        : [];
    const fit = lines.filter(line => top + line.bottom <= limit).length;
    if (fit >= 2 && lines.length - fit >= 2) {
      const edge = lines[fit - 1].bottom;
      const origin = element.getBoundingClientRect().top;
      const here = items.filter(
        ({ call }) => !element.contains(call) || call.getBoundingClientRect().top - origin < edge,
      );
      const node = document.createElement('span');
      node.className = 'rk-break';
      insertAtLine(element, edge, node);
      return put(here, limit - top - edge, aside => node.append(aside));
    }
    const outside = () =>
      items.filter(
        ({ call }) =>
          !(
            element.compareDocumentPosition(call) &
            (Node.DOCUMENT_POSITION_FOLLOWING | Node.DOCUMENT_POSITION_CONTAINED_BY)
          ),
      );
    for (let before = at - 1; before > 0 && /^H[1-6]$/.test(blocks[before].element.tagName); before--)
      ({ element, top } = blocks[before]);
    const here = outside();
    if (here.length === 0) {
      element.style.breakBefore = 'page';
      return undefined;
    }
    return put(here, limit - top, aside => {
      aside.style.breakAfter = 'page';
      insertBefore(element, aside);
    });
  }

  /** Settles what the last pass allows; returns how many notes are still without a place. */
  kit.placeFootnotes = ({ pages, tops }) => {
    kit.setPlaces(pages);
    const waiting = notes.filter(note => !note.isPlaced && pages[note.call.id] !== undefined);
    const byPage = Map.groupBy(waiting, note => pages[note.call.id]);
    const places = marked.flatMap(element =>
      pages[element.id] === undefined ? [] : [{ element, page: pages[element.id] }],
    );
    let settled = 0;
    for (const page of [...byPage.keys()].sort((a, b) => a - b)) {
      const isFresh = places.some(
        place => place.page > settled && place.page <= page && startsPage(place.element),
      );
      if (settled > 0 && !isFresh) continue;
      const { size, margin } = kit.pageContextOf(page);
      const height = size.height - margin[0] - margin[2];
      // Chromium counts these from the top of the page's content, margins left out.
      const blocks = places
        .filter(place => place.page === page)
        .map(({ element }) => ({ element, top: size.height - (tops[element.id] * 96) / 72 }))
        .sort((a, b) => a.top - b.top);
      if (blocks.length > 0) settlePage(byPage.get(page), blocks, height);
      settled = page;
    }
    return kit.waitingFootnotes();
  };
})();
