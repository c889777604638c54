// Hands the part that is shown to another page of the same job, which prints it while this one goes on: as HTML, with the
// styles that it needs. What HTML cannot say stays here.
(() => {
  const kit = globalThis.reportKit;
  /** Elements that are more than their HTML. */
  const STATEFUL =
    'input:not([type="checkbox"][disabled]), textarea, select, canvas, dialog, template, video, audio, script';
  const STYLES = ['font-faces', 'base-style', 'design-style', 'page-style', 'part-style'];
  const SIDES = /break-(?:before|after)\s*:\s*(?:left|right|recto|verso)/i;

  const attributesOf = element => [...element.attributes].map(({ name, value }) => [name, value]);

  /** Whether the document looks the same from its HTML and our own style sheets. */
  kit.canHandOver = () =>
    document.adoptedStyleSheets.length === 0 &&
    [...document.styleSheets].every(
      ({ ownerNode: owner }) => STYLES.includes(owner?.id) || document.body.contains(owner),
    ) &&
    document.querySelector(`body :is(${STATEFUL})`) === null &&
    [...document.querySelectorAll('#report [style*="break-"]')].every(
      element => !SIDES.test(element.getAttribute('style')),
    );

  /** HTML for another page's body, with all that it needs beside it; some styles may be others than this page's. */
  kit.copyOf = (html, styles = {}) =>
    kit.encoded({
      html,
      root: attributesOf(document.documentElement),
      body: attributesOf(document.body),
      title: document.title,
      styles: STYLES.slice(2).map(id => [id, styles[id] ?? document.getElementById(id).textContent]),
      paged: kit.paged,
    });

  /** What another page shows in place of this one. */
  kit.copyPart = () => {
    document.getElementById('report').removeAttribute('rk-seen');
    kit.mark([]);
    const copy = kit.copyOf(document.body.innerHTML);
    kit.unmark();
    return copy;
  };

  /** Shows what `copyPart` or `copySheets` gave; false when HTML did not say all of it. */
  kit.showCopy = async encoded => {
    const { html, root, body, title, styles, paged } = kit.decoded(encoded);
    kit.paged = paged;
    document.title = title;
    for (const [name, value] of root) document.documentElement.setAttribute(name, value);
    for (const [name, value] of body) document.body.setAttribute(name, value);
    for (const [id, text] of styles) {
      const style = document.getElementById(id);
      if (style.textContent !== text) style.textContent = text;
    }
    document.body.innerHTML = html;
    if (document.body.innerHTML !== html) return false;
    await kit.makeReady(false);
    const sheets = document.getElementById('rk-sheets');
    if (sheets) await kit.fetchShown(sheets);
    return true;
  };
})();
