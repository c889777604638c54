// What a tagged PDF needs beside its text: headings that skip no level, pictures and formulas in words, links with names.
(() => {
  const kit = globalThis.reportKit;
  const MAX_TARGETS = 50_000;
  const words = (element, most = 200) => element.textContent.replace(/\s+/g, ' ').trim().slice(0, most);
  /** What keeps the document from being PDF/UA-1, in sentences that say how to mend it. */
  let obstacles = [];
  /** Different words of headings. */
  let headings = new Set();
  const MAX_HEADINGS = 50_000;

  /** Texts bring headings of their own: one that skips a level is read out as the next one down. */
  function levelHeadings() {
    let last = 0;
    for (const heading of document.querySelectorAll(
      '#report :is(h1, h2, h3, h4, h5, h6, [role="heading"])',
    )) {
      if (heading.closest('.rk-running, [hidden], [aria-hidden="true"]')) continue;
      // Chromium leaves out what has no content.
      if (words(heading) === '' && !heading.querySelector('img, svg')) continue;
      if (headings.size < MAX_HEADINGS) headings.add(words(heading, 500));
      const own = Number(heading.getAttribute('aria-level') ?? heading.localName[1]) || 2;
      const level = Math.min(own, last + 1);
      if (level !== own) heading.setAttribute('aria-level', String(level));
      last = level;
    }
  }

  const isHidden = element => element.closest('[aria-hidden="true"]') !== null;

  /** The name of a picture's file, for one that nobody has described. */
  const fileOf = picture => {
    const source = picture.getAttribute('src') ?? '';
    if (source.startsWith('data:')) return '';
    return decodeURIComponent(source.split('/').pop() ?? '').slice(0, 80);
  };

  function describePictures() {
    let missing = 0;
    for (const picture of document.querySelectorAll(
      '#report :is(img, svg, canvas, video, object, [role="img"])',
    )) {
      if (picture.parentElement?.closest('svg, [role="img"]') || isHidden(picture)) continue;
      const isImage = picture.localName === 'img';
      const name = isImage ? 'alt' : 'aria-label';
      const given = picture.getAttribute(name);
      if (given || picture.getAttribute('aria-label') || picture.hasAttribute('aria-labelledby')) continue;
      // An empty `alt` says that the picture has no meaning, unless it has a caption.
      const caption = picture.closest('figure')?.querySelector('figcaption');
      const own = isImage ? '' : words(picture);
      if (caption) picture.setAttribute(name, words(caption));
      else if (own !== '') picture.setAttribute(name, own);
      else if (picture.localName === 'svg') picture.setAttribute('aria-hidden', 'true');
      else if (given === null) {
        missing += 1;
        picture.setAttribute(name, fileOf(picture) || '?');
      }
    }
    if (missing === 0) return;
    obstacles.push(`pictures without a description: ${missing}`);
    kit.note(
      'info',
      'picture-undescribed',
      `${missing} of the pictures say nothing to people who cannot see them: describe them in alt="…" or ![…](…), or write alt="" where they are ornament.`,
    );
  }

  /** A table is read out with the heads of its rows and columns. */
  function checkTables() {
    const headless = [...document.querySelectorAll('#report table:not([role])')].filter(
      table => table.rows.length > 0 && !table.querySelector('th') && !isHidden(table),
    );
    if (headless.length === 0) return;
    obstacles.push(
      `tables without header cells: ${headless.length}, the first begins with “${words(headless[0], 40)}” (use <th>, or role="presentation" where a table only arranges)`,
    );
  }

  /** Chromium leaves out cells without content, and those after them would be read out under the heads of others. */
  function fillCells() {
    for (const cell of document.querySelectorAll('#report :is(td, th)')) {
      // HTML cuts a cell at the end of its group of rows, which the tags do not know.
      if (cell.rowSpan > 1) {
        const left =
          cell.closest('thead, tbody, tfoot, table').rows.length - cell.parentElement.sectionRowIndex;
        if (cell.rowSpan > left) cell.rowSpan = left;
      }
      if (cell.childElementCount > 0 || cell.textContent.trim() !== '') continue;
      const space = document.createElement('span');
      space.className = 'rk-nothing';
      space.textContent = '\u00a0';
      cell.classList.add('rk-empty');
      cell.replaceChildren(space);
    }
  }

  /** Links can be reached, hidden or not; a language that does not exist is no help to who reads aloud. */
  function showLinks() {
    for (const link of document.querySelectorAll('#report [aria-hidden="true"] a[href]'))
      for (let hidden = link; hidden; hidden = link.closest('[aria-hidden="true"]'))
        hidden.removeAttribute('aria-hidden');
    for (const element of document.querySelectorAll('#report [lang]:not([lang=""])')) {
      try {
        Intl.getCanonicalLocales(element.lang);
      } catch {
        element.removeAttribute('lang');
      }
    }
  }

  function nameFormulas() {
    for (const formula of document.querySelectorAll('#report math:not([aria-label])')) {
      const source = formula.querySelector('annotation')?.textContent ?? words(formula);
      formula.setAttribute('aria-label', source.slice(0, 500));
    }
  }

  kit.prepareTags = () => {
    obstacles = [];
    headings = new Set();
    showLinks();
    levelHeadings();
    describePictures();
    checkTables();
    fillCells();
    if (document.title.trim() === '') obstacles.push('no title');
    nameFormulas();
    kit.targetNames = {};
    const links = document.querySelectorAll('#report a[href^="#"]');
    for (const link of [...links].slice(0, MAX_TARGETS)) {
      const id = link.getAttribute('href').slice(1);
      if (kit.targetNames[id]) continue;
      kit.targetNames[id] =
        words(link.querySelector('.toc-title') ?? link) || words(document.getElementById(id) ?? link);
    }
  };

  kit.targets = () => kit.targetNames ?? {};
  kit.headings = () => [...headings];
  kit.obstacles = () => obstacles.slice(0, 20);

  /** Of scripts that the fonts of every page do not have: what their style sheets promise is more than the files hold. */
  const OTHER_SCRIPTS =
    /[^\p{sc=Common}\p{sc=Inherited}\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}]/gu;

  kit.rareCharacters = () => {
    const rare = new Set();
    for (const [character] of document.getElementById('report').textContent.matchAll(OTHER_SCRIPTS)) {
      rare.add(character);
      if (rare.size === 12) break;
    }
    return [...rare].join('');
  };
})();
