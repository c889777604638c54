// What a tagged PDF needs beside its text: headings that skip no level, pictures and formulas in words, links with names.
(() => {
  const kit = globalThis.reportKit;
  const MAX_TARGETS = 50_000;
  const words = (element, most = 200) => element.textContent.replace(/\s+/g, ' ').trim().slice(0, most);

  /** Texts bring headings of their own: one that skips a level is read out as the next one down. */
  function levelHeadings() {
    let last = 0;
    for (const heading of document.querySelectorAll('#report :is(h1, h2, h3, h4, h5, h6)')) {
      if (heading.closest('.rk-running')) continue;
      const own = Number(heading.getAttribute('aria-level') ?? heading.localName[1]);
      const level = Math.min(own, last + 1);
      if (level !== own) heading.setAttribute('aria-level', String(level));
      last = level;
    }
  }

  function describePictures() {
    let missing = 0;
    for (const picture of document.querySelectorAll('#report :is(img, svg)')) {
      if (picture.parentElement?.closest('svg, [aria-hidden="true"]')) continue;
      if (picture.getAttribute('aria-hidden') === 'true') continue;
      const isImage = picture.localName === 'img';
      const given = picture.getAttribute(isImage ? 'alt' : 'aria-label');
      // An empty `alt` says that the picture has no meaning, unless it has a caption.
      const caption = picture.closest('figure')?.querySelector('figcaption');
      if (given || picture.getAttribute('aria-label')) continue;
      if (caption) picture.setAttribute(isImage ? 'alt' : 'aria-label', words(caption));
      else if (!isImage) picture.setAttribute('aria-hidden', 'true');
      else if (given === null) {
        missing += 1;
        picture.setAttribute(
          'alt',
          decodeURIComponent(picture.getAttribute('src')?.split('/').pop() ?? '').slice(0, 80),
        );
      }
    }
    if (missing > 0)
      kit.note(
        'info',
        'picture-undescribed',
        `${missing} of the pictures say nothing to people who cannot see them: describe them in alt="…" or ![…](…), or write alt="" where they are ornament.`,
      );
  }

  function nameFormulas() {
    for (const formula of document.querySelectorAll('#report math:not([aria-label])')) {
      const source = formula.querySelector('annotation')?.textContent ?? words(formula);
      formula.setAttribute('aria-label', source.slice(0, 500));
    }
  }

  kit.prepareTags = () => {
    levelHeadings();
    describePictures();
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
})();
