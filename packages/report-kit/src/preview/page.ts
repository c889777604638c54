const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** The preview's own page: the document, the messages, and a reload when either changes. */
export function previewPage(design: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Preview: ${escapeHtml(design)}</title>
<style>
  body { margin: 0; height: 100vh; display: grid; grid-template-rows: auto 1fr auto; font: 14px/1.45 system-ui, sans-serif; color: #17212f; }
  header { display: flex; gap: 1rem; align-items: center; padding: 0.5rem 1rem; border-bottom: 1px solid #dce1e8; }
  header b { font-weight: 600; }
  header span { color: #5b6878; margin-left: auto; }
  button { font: inherit; padding: 0.15rem 0.7rem; border: 1px solid #b9c2cd; background: #fff; border-radius: 4px; }
  button[aria-pressed='true'] { background: #17212f; color: #fff; }
  iframe { border: 0; width: 100%; height: 100%; background: #eceff3; }
  ul { margin: 0; padding: 0.5rem 1rem; max-height: 25vh; overflow: auto; list-style: none; border-top: 1px solid #dce1e8; }
  ul:empty { display: none; }
  .error { color: #a11; } .warning { color: #8a5a00; }
</style>
</head>
<body>
<header><b>${escapeHtml(design)}</b>
  <button id="pdf" aria-pressed="true">PDF</button><button id="html" aria-pressed="false">HTML</button><span id="state" role="status"></span></header>
<iframe id="view" title="Document"></iframe>
<ul id="messages" aria-live="polite"></ul>
<script>
  let kind = 'pdf';
  const view = document.getElementById('view');
  let place = 0;
  const show = version => {
    try { place = view.contentWindow.scrollY; } catch { place = 0; }
    view.src = '/document.' + kind + '?v=' + version;
  };
  view.onload = () => { try { view.contentWindow.scrollTo(0, place); } catch { /* A viewer of its own shows the PDF. */ } };
  async function update(version) {
    show(version);
    const state = await (await fetch('/state.json')).json();
    document.getElementById('state').textContent = state.tookMs + ' ms';
    document.getElementById('messages').replaceChildren(...state.messages.map(message => {
      const item = document.createElement('li');
      item.className = message.level;
      item.textContent = message.text;
      return item;
    }));
  }
  for (const name of ['pdf', 'html'])
    document.getElementById(name).onclick = () => {
      kind = name;
      for (const other of ['pdf', 'html']) document.getElementById(other).setAttribute('aria-pressed', String(other === name));
      show(Date.now());
    };
  new EventSource('/events').onmessage = event => update(event.data);
</script>
</body>
</html>
`;
}
