import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import type { Design } from '../design/design.ts';
import type { RenderError } from '../message.ts';
import { createRenderer } from './renderer.ts';
import type { Renderer } from './renderer.ts';

let renderer: Renderer;
before(async () => {
  renderer = await createRenderer({ warm: 1 });
});
after(async () => renderer.close());

function designOf(template: string, style = ''): Design {
  return {
    id: 'test',
    name: 'Test',
    description: '',
    language: 'en',
    data: '',
    titlePath: 'title',
    authorPath: '',
    template,
    style,
    partials: {},
    labels: {},
    assets: new Map(),
    sample: null,
  };
}

async function failure(
  template: string,
  limits = {},
  assets = new Map<string, Uint8Array>(),
): Promise<RenderError> {
  try {
    await renderer.render({ design: designOf(template), data: {}, output: 'pdf', limits, assets });
  } catch (error) {
    return error as RenderError;
  }
  throw new assert.AssertionError({ message: 'The job should have been refused.' });
}

/** The service must go on after each attack: the next job works. */
async function assertStillWorks(): Promise<void> {
  const { pageCount } = await renderer.render({
    design: designOf('<p>still here</p>'),
    data: {},
    output: 'pdf',
  });
  assert.equal(pageCount, 1);
}

test('an endless loop in a template ends at the time limit', async () => {
  const error = await failure('<p>{{ (() => { while (true); })() }}</p>', { timeMs: 1_500 });
  assert.equal(error.code, 'time-limit');
  await assertStillWorks();
});

test('a loop of microtasks, in a frame, before printing, or in an expression ends at the time limit', async () => {
  const loops = [
    '<p>{{ (() => { const more = () => { window.Promise.resolve().then(more); }; more(); })() }}</p>',
    '<iframe srcdoc="<script>while (true);</script>"></iframe>',
    "<p>{{ (() => { window.addEventListener('beforeprint', () => { while (true); }) })() }}</p>",
    "<p>{{ /^(a+)+$/.test('a'.repeat(40) + 'b') }}</p>",
    '<div v-for="n in 3000" style="height: 100px; filter: blur(50px); box-shadow: 0 0 500px red">x</div>',
  ];
  for (const loop of loops) {
    const { code } = await failure(loop, { timeMs: 1_200 });
    assert.equal(code, 'time-limit', loop);
    await assertStillWorks();
  }
});

test('a page that grows for ever ends at the time limit', async () => {
  const grow =
    "<p>{{ (() => { const more = () => { document.body.append('x'.repeat(1000)); return window.Promise.resolve().then(more); }; more(); })() }}</p>";
  const error = await failure(grow, { timeMs: 2_000, memoryBytes: 1024 ** 3 });
  assert.ok(['time-limit', 'memory-limit', 'page-crashed'].includes(error.code), error.code);
  await assertStillWorks();
});

test('a document with more pages than allowed is refused, before and after printing', async () => {
  assert.equal(
    (await failure('<div style="height: 30000000px">long</div>', { pages: 100 })).code,
    'too-many-pages',
  );
  assert.equal(
    (await failure('<p v-for="n in 30" style="break-after: page">{{ n }}</p>', { pages: 20 })).code,
    'too-many-pages',
  );
  await assertStillWorks();
});

test('memory is limited: buffers, texts, elements, canvases, blobs', async () => {
  const hoards = [
    'const all = []; while (true) all.push(new window.Uint8Array(8_000_000).fill(1));',
    "const all = []; while (true) all.push(('x' + all.length).repeat(1_000_000));",
    "while (true) document.getElementById('report').append(document.createElement('p'));",
    "while (true) { const c = document.createElement('canvas'); c.width = c.height = 8_000; c.getContext('2d').fillRect(0, 0, 8_000, 8_000); document.body.append(c); }",
    'const all = []; while (true) all.push(new window.Blob([new window.Uint8Array(50_000_000)]));',
  ];
  const templates = [
    ...hoards.map(code => `<p>{{ (() => { ${code} })() }}</p>`),
    '<p v-for="n in 1e9">x</p>',
  ];
  for (const template of templates) {
    const error = await failure(template, { timeMs: 20_000, memoryBytes: 600 * 1024 ** 2 });
    assert.ok(['memory-limit', 'page-crashed', 'template-failed'].includes(error.code), error.code);
    await assertStillWorks();
  }
});

test('a listener that adds pages while printing is stopped by the limit on pages', async () => {
  const adds =
    "<p>{{ (() => { window.addEventListener('beforeprint', () => { for (let n = 0; n < 500; n++) { const page = document.createElement('div'); page.style.breakAfter = 'page'; page.textContent = n; document.getElementById('report').append(page); } }) })() }}</p>";
  assert.equal((await failure(adds, { pages: 50 })).code, 'too-many-pages');
  await assertStillWorks();
});

test('a dialogue does not stop the page', async () => {
  const template =
    "<p>{{ (() => { window.alert('a'); window.confirm('b'); window.prompt('c'); window.print(); return 'text' })() }}</p>";
  const { pageCount, messages } = await renderer.render({
    design: designOf(template),
    data: {},
    output: 'pdf',
    limits: { timeMs: 10_000 },
  });
  assert.deepEqual([pageCount, messages], [1, []]);
});

test('a template cannot leave its page, and says so', async () => {
  const tries = [
    'window.location.href = "https://report.invalid/"',
    'window.location.reload()',
    'window.location.href = "/"',
    'const meta = document.createElement("meta"); meta.httpEquiv = "refresh"; meta.content = "0;url=https://report.invalid/"; document.head.append(meta)',
  ];
  for (const code of tries) {
    const { bytes, messages } = await renderer.render({
      design: designOf(`<p>{{ (() => { ${code} })() }}</p><p>the document</p>`),
      data: {},
      output: 'html',
    });
    assert.match(Buffer.from(bytes).toString('utf8'), /the document/, code);
    assert.deepEqual(
      messages.map(message => message.code),
      ['request-blocked'],
      code,
    );
  }
  const blob =
    "<p>{{ (() => { window.location.href = window.URL.createObjectURL(new window.Blob(['x'], { type: 'text/html' })) })() }}</p>";
  assert.equal((await failure(blob)).code, 'page-left');
  await assertStillWorks();
});

test('a template that breaks the page scripts gets a message that it can read', async () => {
  const error = await failure(
    "<p>{{ (() => { window.reportKit.summary = () => ({ messages: 'x' }) })() }}</p>",
  );
  assert.equal(error.code, 'page-failed');
  assert.match(error.message, /must leave window\.reportKit alone/);
});

function hugePng(side: number): Uint8Array {
  const chunk = (type: string, body: Uint8Array): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, body, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

test('a picture of 10,000 × 10,000 pixels is refused by its header', async () => {
  const error = await failure('<img src="assets/huge.png">', {}, new Map([['huge.png', hugePng(10_000)]]));
  assert.equal(error.code, 'image-too-large');
  assert.match(error.message, /huge\.png measures 10000 × 10000/);
});

test('workers, frames and pop-ups are refused, and the document is still made', async () => {
  const template = `<p>{{ (() => {
    for (let n = 0; n < 50; n++) try { new window.Worker(window.URL.createObjectURL(new window.Blob(['while(true);']))) } catch {}
    window.open('https://report.invalid/'); })() }}text</p><iframe src="https://198.51.100.1/"></iframe>`;
  const { messages, pageCount } = await renderer.render({
    design: designOf(template),
    data: {},
    output: 'pdf',
  });
  assert.equal(pageCount, 1);
  assert.ok(
    messages.some(message => message.code === 'request-blocked' && message.text.includes('worker-src')),
  );
  assert.ok(
    messages.some(message => message.code === 'request-blocked' && message.text.includes('frame-src')),
  );
});

test('nothing in a page reaches a server, not even on loopback, and each try is reported', async () => {
  let hits = 0;
  const server = createServer((_request, response) => {
    hits++;
    response.end('x');
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const template = `<img src="${address}/a.png"><link rel="stylesheet" href="${address}/b.css"><p style="background: url(${address}/c.png)">x</p>
    <p>{{ (() => { window.fetch('${address}/d').catch(() => 0); new window.WebSocket('${address.replace('http', 'ws')}/e'); window.navigator.sendBeacon('${address}/f'); })() }}</p>`;
  const { messages } = await renderer.render({ design: designOf(template), data: {}, output: 'pdf' });
  server.close();
  assert.equal(hits, 0);
  const urls = messages
    .filter(message => message.code === 'request-blocked')
    .map(message => message.location?.url ?? '');
  for (const path of ['a.png', 'b.css', 'c.png', 'd', 'f'])
    assert.ok(
      urls.some(url => url.includes(`/${path}`)) || urls.some(url => url.startsWith(address)),
      `${path}: ${urls.join(' ')}`,
    );
});

/** Everything that CSS, scripts, vectors and the browser's own services would load or say, given the ports that listen. */
function leaks(
  http: string,
  tcp: number,
  udp: number,
): readonly (readonly [template: string, style?: string])[] {
  const script = (code: string): readonly [string] => [`<p>{{ (() => { ${code} })() }}</p>`];
  const link = (rel: string): string =>
    `{ const link = document.createElement('link'); link.rel = '${rel}'; link.as = 'image'; link.href = '${http}/${rel}'; document.head.append(link); }`;
  return [
    script(
      `const peer = new window.RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:${udp}' }, { urls: 'turn:127.0.0.1:${tcp}?transport=tcp', username: 'a', credential: 'b' }] }); peer.createDataChannel('x'); peer.createOffer().then(offer => peer.setLocalDescription(offer))`,
    ),
    script(`new window.WebTransport('https://127.0.0.1:${udp}/'); new window.EventSource('${http}/events')`),
    script(
      ['dns-prefetch', 'preconnect', 'prefetch', 'prerender', 'preload', 'modulepreload', 'icon', 'manifest']
        .map(link)
        .join(' '),
    ),
    script(
      `const rules = document.createElement('script'); rules.type = 'speculationrules'; rules.textContent = JSON.stringify({ prerender: [{ urls: ['${http}/rules'] }], prefetch: [{ urls: ['${http}/rules'] }] }); document.head.append(rules)`,
    ),
    script(
      `window.navigator.serviceWorker?.register('${http}/worker.js').catch(() => 0); try { new window.SharedWorker('${http}/shared.js') } catch {}`,
    ),
    script(
      `const form = document.createElement('form'); form.method = 'post'; form.action = '${http}/form'; document.body.append(form); form.submit()`,
    ),
    script(
      `const frame = document.createElement('iframe'); document.body.append(frame); frame.contentWindow.fetch('${http}/frame').catch(() => 0)`,
    ),
    script(
      `const anchor = document.createElement('a'); anchor.href = '${http}/anchor'; anchor.ping = '${http}/ping'; anchor.target = '_blank'; document.body.append(anchor); anchor.click(); window.open('${http}/popup')`,
    ),
    [
      '<p class="x">x</p><input value="secret">',
      `@import url(${http}/import.css); @font-face { font-family: leak; src: url(${http}/font.woff2); } .x { font-family: leak; list-style-image: url(${http}/list); border-image: url(${http}/border); mask: url(${http}/mask); filter: url(${http}/f.svg#f); content: url(${http}/content); } input[value^='s'] { background: image-set('${http}/starts-with-s' 1x); } @page { background: url(${http}/page); @top-left { content: url(${http}/margin); } }`,
    ],
    [
      `<svg><image href="${http}/image" /><use href="${http}/use#x" /></svg><video src="${http}/video" poster="${http}/poster" autoplay></video><object data="${http}/object"></object><picture><source srcset="${http}/set" /><img src="assets/leak.svg" alt="" /></picture>`,
    ],
  ];
}

test('no packet leaves the page: frames, pop-ups, workers, style sheets, vectors, WebRTC, hints', async () => {
  const heard: string[] = [];
  const web = createServer((request, response) => {
    heard.push(String(request.url));
    response.end();
  }).listen(0, '127.0.0.1');
  const raw = createTcpServer(socket => {
    heard.push('tcp');
    socket.destroy();
  }).listen(0, '127.0.0.1');
  const datagrams = createSocket('udp4').on('message', () => heard.push('udp'));
  datagrams.bind(0, '127.0.0.1');
  await Promise.all([web, raw, datagrams].map(async listener => once(listener, 'listening')));
  const portOf = (address: AddressInfo | string | null): number => (address as AddressInfo).port;
  const http = `http://127.0.0.1:${portOf(web.address())}`;
  const vector = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>while (true);</script><image href="${http}/inner"/></svg>`;
  for (const [template, style] of leaks(http, portOf(raw.address()), datagrams.address().port)) {
    const { pageCount } = await renderer.render({
      design: designOf(template, style),
      data: {},
      assets: new Map([['leak.svg', Buffer.from(vector)]]),
      output: 'pdf',
    });
    assert.ok(pageCount === 1 || pageCount === 2);
  }
  web.close();
  raw.close();
  datagrams.close();
  assert.deepEqual(heard, []);
});

test('nothing of a job is left for the next one', async () => {
  const leave = "window.localStorage.setItem('left', 'secret'); document.cookie = 'left=secret'";
  await renderer.render({
    design: designOf(`<p>{{ (() => { ${leave} })() }}</p>`),
    data: {},
    output: 'html',
  });
  const { bytes } = await renderer.render({
    design: designOf("<p>found: {{ window.localStorage.getItem('left') }}{{ document.cookie }};</p>"),
    data: {},
    output: 'html',
  });
  assert.match(Buffer.from(bytes).toString('utf8'), /found: ;/);
});

test('files of the machine cannot be read', async () => {
  const template =
    '<img src="file:///etc/hostname"><object data="file:///etc/passwd"></object><p>{{ (() => { window.location = "file:///etc/passwd" })() }}</p>';
  const { messages } = await renderer.render({ design: designOf(template), data: {}, output: 'pdf' });
  assert.ok(messages.some(message => message.code === 'request-blocked' || message.code === 'image-missing'));
});

test('a cancelled job ends', async () => {
  const signal = AbortSignal.timeout(300);
  await assert.rejects(
    renderer.render({
      design: designOf('<p>{{ (() => { while (true); })() }}</p>'),
      data: {},
      output: 'pdf',
      signal,
    }),
    { code: 'cancelled' },
  );
});

test('the browser runs sandboxed and never as root where the system allows it', () => {
  assert.ok(renderer.chromium.isSandboxed || process.platform !== 'linux');
  if (process.getuid?.() === 0) assert.notEqual(renderer.chromium.user?.uid ?? 0, 0);
});
