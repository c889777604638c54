import assert from 'node:assert/strict';
import { createServer } from 'node:http';
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

test('memory is limited', async () => {
  const hoard =
    '<p>{{ (() => { const all = []; while (true) all.push(new window.Uint8Array(8_000_000).fill(1)); })() }}</p>';
  const error = await failure(hoard, { timeMs: 20_000, memoryBytes: 600 * 1024 ** 2 });
  assert.ok(['memory-limit', 'page-crashed', 'template-failed'].includes(error.code), error.code);
  await assertStillWorks();
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
