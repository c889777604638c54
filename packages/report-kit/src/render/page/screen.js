// What is printed is not laid out for the screen as well when that can be helped: Chromium lays out anew for each print, and
// again after it. The report is therefore hidden on the screen (`base.css`) and is seen, marked `rk-seen`, only while
// something must be measured or has yet to be fetched.
(() => {
  const kit = globalThis.reportKit;
  /** Families whose Latin faces every job may count on. */
  const WARM = new Set(['Inter', 'Source Serif 4', 'JetBrains Mono']);
  /** What is not in the Latin faces of the bundled families. */
  const BEYOND =
    /[^\u0000-\u00ff\u0131\u0152\u0153\u02bb\u02bc\u02c6\u02da\u02dc\u2000-\u206f\u20ac\u2122\u2191\u2193\u2212\u2215\ufeff\ufffd]/gu;

  const startedFaces = () => [...document.fonts].filter(({ status }) => status !== 'unloaded').length;
  /** Faces that were there, or on their way, before the last print: one more after it came too late for it. */
  let faces = 0;

  /** Loads the faces that nearly every document needs, before there is a document. */
  kit.warmFonts = async () => {
    const latin = [...document.fonts].filter(
      ({ family, unicodeRange }) =>
        WARM.has(family.replaceAll('"', '')) && /^U\+0{1,4}-0{0,2}FF\b/i.test(unicodeRange),
    );
    // The first number, date and plural of a browser take 15 ms, in whatever language.
    new Intl.PluralRules('en').select(new Intl.NumberFormat('en').format(1).length);
    new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' }).formatRange(0, 1);
    await Promise.all(latin.map(async face => face.load()));
    faces = startedFaces();
    return latin.length;
  };

  /** Fetches faces as a text needs them, so that those can be told which a text needs. */
  kit.freshFonts = () => {
    const style = document.getElementById('font-faces');
    style.textContent = style.textContent.replaceAll('.woff2)', '.woff2?used)');
  };

  const loaded = new Set();
  const charactersIn = text => new Set(Array.from(text.matchAll(BEYOND), ([character]) => character));

  /** Whether an element may need pictures that only a layout brings. */
  kit.showsPictures = element => {
    const { paged } = kit;
    paged.fetches ??= /url\(\s*(?!["']?data:)/i.test(paged.css + paged.pageCss);
    return (
      paged.fetches ||
      element.querySelector('[style*="url("], svg image, svg use, object, embed, iframe') !== null
    );
  };

  /** More texts than this are laid out, and not asked one by one for their faces. */
  const MAX_TEXTS = 400;
  /** Font → characters whose faces were loaded for it. */
  const loadedFor = new Map();

  /** Loads the faces that an element's characters beyond the Latin faces need; false when that takes a layout. */
  async function loadFaces(element) {
    if (element.textContent.search(BEYOND) === -1) return true;
    const wanted = new Map();
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    let count = 0;
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const characters = [...charactersIn(node.data)].filter(character => !loaded.has(character));
      if (characters.length === 0) continue;
      if (++count > MAX_TEXTS) return false;
      const { fontStyle, fontWeight, fontFamily } = getComputedStyle(node.parentElement);
      const font = `${fontStyle} ${fontWeight} 16px ${fontFamily}`;
      const known = loadedFor.get(font) ?? new Set();
      loadedFor.set(font, known);
      for (const character of characters) {
        if (known.has(character)) continue;
        known.add(character);
        wanted.set(font, `${wanted.get(font) ?? ''}${character}`);
      }
    }
    await Promise.all([...wanted].map(async ([font, text]) => document.fonts.load(font, text)));
    faces = startedFaces();
    return true;
  }

  /** Has everything fetched that an element shows; answers whether it had to be laid out for that. */
  kit.fetchShown = async element => {
    if (kit.paged.leaders.length > 0 || kit.showsPictures(element) || !(await loadFaces(element))) {
      await kit.see(element);
      return true;
    }
    await kit.pictures();
    return false;
  };

  /** Lays an element out and waits for what that asks for. */
  kit.see = async element => {
    element.setAttribute('rk-seen', '');
    // Reading a size makes the layout, and the layout asks for the fonts.
    void element.offsetHeight;
    await Promise.all([document.fonts.ready, kit.pictures()]);
    for (const character of charactersIn(element.textContent)) loaded.add(character);
    faces = startedFaces();
  };

  /** What printing has brought to light: a face that was not there yet, or something wider than the page. Answers whether to print again. */
  kit.printed = async ({ isShrunk }) => {
    const isLate = startedFaces() > faces;
    faces = startedFaces();
    const report = document.getElementById('report');
    if (!isLate && (!isShrunk || kit.isMeasured)) return false;
    for (const element of [report, document.getElementById('rk-sheets')]) if (element) await kit.see(element);
    if (isShrunk) kit.findOverflow();
    return isLate;
  };
})();
