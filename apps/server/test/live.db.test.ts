import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { scanProgress, type ScanProgress } from '@glacis/contract';
import { announceScan, ingest, readScan, sortObservations } from '@glacis/engine';
import { newId } from '@glacis/foundation';
import { WebSocket } from 'ws';
import { createHttpServer } from '../src/http.ts';
import { addLiveFeed } from '../src/live.ts';
import { createWorld, type World } from './world.ts';

let world: World;
let base: URL;
let cookie: string;
before(async () => {
  world = await createWorld();
  base = new URL(await world.server.listen({ host: '127.0.0.1', port: 0 }));
  cookie = await world.signIn(world.alpha.users.observer);
});
after(() => world.close());

function open(
  scanId: string,
  options: { cookie?: string | undefined; origin?: string; tenant?: string } = {},
): WebSocket {
  const url = new URL(`/api/tenants/${options.tenant ?? 'alpha'}/scans/${scanId}/live`, base);
  url.protocol = 'ws:';
  const as = 'cookie' in options ? options.cookie : cookie;
  return new WebSocket(url, {
    headers: { ...(as ? { cookie: as } : {}), ...(options.origin ? { origin: options.origin } : {}) },
  });
}

/** Collects the messages of a socket and waits for what a test expects. */
function watch(socket: WebSocket) {
  const messages: ScanProgress[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', data => {
    messages.push(scanProgress.parse(JSON.parse(String(data))));
    for (const wake of waiting) wake();
  });
  return {
    messages,
    news: () => messages.flatMap(message => message.news),
    until: async (condition: () => boolean): Promise<void> => {
      const deadline = AbortSignal.timeout(20_000);
      while (!condition()) {
        deadline.throwIfAborted();
        await Promise.race([new Promise<void>(resolve => waiting.add(resolve)), delay(100)]);
        waiting.clear();
      }
    },
  };
}

/** Stores host names as a scanner's results, in transactions of `each`. */
async function store(scanId: string, names: readonly string[], each: number): Promise<void> {
  const { platform, alpha } = world;
  const key = await platform.keyOf(alpha.tenant);
  const from = { kind: 'domain', key: alpha.domain } as const;
  for (let start = 0; start < names.length; start += each) {
    const batch = sortObservations(
      names.slice(start, start + each).map(name => ({
        type: 'asset',
        asset: { kind: 'hostname', key: `${name}.${alpha.domain}` },
        from,
        relation: 'contains',
        reason: 'a test',
      })),
    );
    await platform.database.inTenant(alpha.tenant, async tx => {
      const scan = await readScan(tx, scanId, { forUpdate: true });
      await ingest(tx, batch, { ...platform, scan, scanner: 'idle', key });
      await announceScan(tx, scanId);
    });
  }
}

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

test(
  'the first message has the state; later ones bring all news once, in order',
  { timeout: 20_000 },
  async () => {
    const scanId = await world.runningScan(world.alpha);
    const socket = open(scanId);
    const feed = watch(socket);
    await feed.until(() => feed.messages.length > 0);
    assert.equal(feed.messages[0]?.scan.id, scanId);
    const seenBefore = feed.news().length;
    const names = numbered('news', 700);
    await store(scanId, names, 70);
    await feed.until(() => feed.news().length >= seenBefore + names.length);
    await delay(600);
    const news = feed.news().filter(entry => entry.type === 'asset' && entry.key.startsWith('news'));
    assert.deepEqual(
      news.map(entry => (entry.type === 'asset' ? entry.key.split('.')[0] : '')).sort(),
      [...names].sort(),
    );
    const sequence = feed.news().map(entry => entry.seq);
    assert.deepEqual(
      sequence,
      [...sequence].sort((a, b) => a - b),
    );
    socket.close();
    await once(socket, 'close');
  },
);

test('a watcher that comes back gets the state of then, and the last news', { timeout: 20_000 }, async () => {
  const scanId = await world.runningScan(world.alpha);
  await store(scanId, numbered('back', 120), 40);
  for (let time = 0; time < 3; time += 1) {
    const socket = open(scanId);
    const feed = watch(socket);
    await feed.until(() => feed.messages.length > 0);
    assert.equal(feed.messages[0]?.news.length, 50);
    assert.ok((feed.messages[0]?.scan.assetCount ?? 0) >= 120);
    socket.terminate();
  }
});

test('frames and pings of a watcher do not break the feed', { timeout: 20_000 }, async () => {
  const scanId = await world.runningScan(world.alpha);
  const socket = open(scanId);
  const feed = watch(socket);
  await feed.until(() => feed.messages.length > 0);
  socket.send('hello');
  socket.ping();
  await once(socket, 'pong');
  await store(scanId, ['after-ping'], 1);
  await feed.until(() =>
    feed.news().some(entry => entry.type === 'asset' && entry.key.startsWith('after-ping')),
  );
  socket.close(1000);
  const [code] = await once(socket, 'close');
  assert.equal(code, 1000);
});

test('only those who may read the scan, from the same origin, are let in', { timeout: 20_000 }, async () => {
  const { ids } = world.alpha;
  const foreign = await world.signIn(world.beta.users.admin);
  const refusals: [Parameters<typeof open>, number][] = [
    [[ids.scans, { cookie: undefined }], 401],
    [[ids.scans, { cookie: foreign }], 404],
    [[world.beta.ids.scans], 404],
    [[world.beta.ids.scans, { tenant: 'beta' }], 404],
    [[newId()], 404],
    [['not-an-id'], 404],
    [[ids.scans, { origin: 'https://evil.test' }], 403],
    [[ids.scans, { origin: `http://127.0.0.1:1` }], 403],
  ];
  for (const [parameters, status] of refusals) {
    const socket = open(...parameters);
    const [, response] = await once(socket, 'unexpected-response');
    assert.equal(response.statusCode, status, JSON.stringify(parameters));
    socket.on('error', () => {}).terminate();
  }
  const welcome = open(ids.scans, { origin: base.origin });
  await once(welcome, 'message');
  welcome.terminate();
});

test('an address that speaks WebSocket says so to others', { timeout: 20_000 }, async () => {
  const response = await fetch(new URL(`/api/tenants/alpha/scans/${world.alpha.ids.scans}/live`, base), {
    headers: { cookie },
  });
  assert.equal(response.status, 400);
});

test('a watcher is let go when the session ends', { timeout: 20_000 }, async () => {
  const own = await world.signIn(world.alpha.users.operator);
  const scanId = await world.runningScan(world.alpha);
  const socket = open(scanId, { cookie: own });
  const feed = watch(socket);
  await feed.until(() => feed.messages.length > 0);
  await world.server.inject({ method: 'DELETE', url: '/api/session', headers: { cookie: own } });
  const closed = new Promise(resolve => socket.on('close', resolve));
  await store(scanId, ['after-sign-out'], 1);
  await closed;
  assert.ok(!feed.news().some(entry => entry.type === 'asset' && entry.key.startsWith('after-sign-out')));
});

test('a watcher that does not read is cut off', { timeout: 60_000 }, async () => {
  // Without the pause between messages the buffers fill in seconds.
  const quick = createHttpServer(world.platform);
  addLiveFeed(quick, world.platform, 1);
  const at = new URL(await quick.listen({ host: '127.0.0.1', port: 0 }));
  try {
    const scanId = await world.runningScan(world.alpha);
    const socket = connect(Number(at.port), at.hostname);
    socket.on('error', () => {});
    const closed = new Promise(resolve => socket.on('close', resolve));
    socket.write(
      `GET /api/tenants/alpha/scans/${scanId}/live HTTP/1.1\r\nHost: ${at.host}\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
    );
    await once(socket, 'readable');
    const isCutOff = () =>
      new Promise<boolean>(resolve => quick.server.getConnections((_error, count) => resolve(count === 0)));
    const long = (index: number) => `n${index}${'.x'.repeat(100)}`;
    let index = 0;
    while (!(await isCutOff())) {
      assert.ok(index < 60_000, 'the server kept everything');
      await store(
        scanId,
        Array.from({ length: 1000 }, () => long((index += 1))),
        1000,
      );
    }
    socket.resume();
    await closed;
  } finally {
    await quick.close();
  }
});
