// The report as HTML that needs no script: what a template rendered, minus everything that could run.
(() => {
  const kit = globalThis.reportKit;
  const FORBIDDEN =
    'script, iframe, object, embed, base, meta, link, form, noscript, template, .rk-marker, .rk-links';
  const ASSET = /^\/?(?:assets\/name|images\/name|files\/name|assets|images)\/(.+)$/;
  const isSafeLink = value => /^(https?:|mailto:|tel:|#)/i.test(value.trim());

  function cleanAttributes(element) {
    for (const { name, value } of Array.from(element.attributes)) {
      const isHandler = /^on/i.test(name);
      const isLink = ['href', 'xlink:href', 'action', 'formaction'].includes(name);
      if (isHandler || name === 'srcset' || name === 'srcdoc' || (isLink && !isSafeLink(value)))
        element.removeAttribute(name);
    }
    const source = element.getAttribute('src');
    if (source === null || source.startsWith('data:image/')) return;
    const asset = ASSET.exec(source)?.[1];
    if (asset === undefined) element.removeAttribute('src');
    else element.setAttribute('src', `rk-asset:${asset}`);
  }

  kit.snapshot = () => {
    const copy = document.getElementById('report').cloneNode(true);
    for (const element of copy.querySelectorAll(FORBIDDEN)) element.remove();
    const comments = document.createTreeWalker(copy, NodeFilter.SHOW_COMMENT);
    const found = [];
    while (comments.nextNode()) found.push(comments.currentNode);
    for (const comment of found) comment.remove();
    for (const element of copy.querySelectorAll('*')) cleanAttributes(element);
    // A paragraph within a line would end the paragraph around it when the file is read.
    for (const paragraph of copy.querySelectorAll('span.markdown > p')) {
      const line = document.createElement('span');
      line.append(...paragraph.childNodes);
      paragraph.replaceWith(line);
    }
    return copy.innerHTML;
  };
})();
