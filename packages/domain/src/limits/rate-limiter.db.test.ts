import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { createTestDatabase, type TestDatabase } from '@glacis/db/testing';
import { silentLogger, type RateLimits } from '@glacis/foundation';
import { openRateLimiter } from './open-limiter.ts';
import { RateLimiter } from './rate-limiter.ts';
import { redisWindows } from './redis-windows.ts';
import { postgresWindows, type WindowStore } from './window-store.ts';

let db: TestDatabase;
before(async () => {
  db = await createTestDatabase();
});
after(() => db.close());

/** A clock that stands still in the middle of a window until it is moved. */
function clock(): { now: () => number; forward: (seconds: number) => void } {
  let at = Math.floor(Date.now() / 60_000) * 60_000 + 20_000;
  return { now: () => at, forward: seconds => (at += seconds * 1000) };
}

function limiter(store: WindowStore, limits: RateLimits, now = clock().now): RateLimiter {
  return new RateLimiter(store, limits, silentLogger, now);
}

/** Counts how often a store is asked. */
function counting(store: WindowStore): WindowStore & { asked: number } {
  const counted = {
    ...store,
    asked: 0,
    add: (entries: Parameters<WindowStore['add']>[0]) => {
      counted.asked += 1;
      return store.add(entries);
    },
  };
  return counted;
}

async function passed(of: RateLimiter, times: number, key: string): Promise<number> {
  const states = await Promise.all(Array.from({ length: times }, () => of.take([{ policy: 'user', key }])));
  return states.filter(([state]) => state?.isOver === false).length;
}

const stores: Readonly<Record<string, () => Promise<{ store: WindowStore; stop: () => void } | undefined>>> =
  {
    PostgreSQL: async () => ({ store: postgresWindows(db.database), stop: () => {} }),
    Redis: startRedis,
  };

async function startRedis(): Promise<{ store: WindowStore; stop: () => void } | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  probe.close();
  const server = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  for await (const chunk of server.stdout) if (String(chunk).includes('Ready to accept')) break;
  const store = redisWindows(`redis://127.0.0.1:${port}`, silentLogger);
  return { store, stop: () => void server.kill('SIGKILL') };
}

for (const [name, start] of Object.entries(stores)) {
  test(`${name}: two servers together let the quota pass and no more, and the next window is new`, async t => {
    const started = await start();
    if (!started) return t.skip('there is no redis-server on this machine');
    try {
      for (const quota of [1, 7, 100, 1000]) {
        const time = clock();
        const one = limiter(started.store, { user: quota }, time.now);
        const two = limiter(started.store, { user: quota }, time.now);
        const key = `${name}-${quota}`;
        const counts = await Promise.all([passed(one, quota, key), passed(two, quota, key)]);
        assert.equal(counts[0] + counts[1], quota, `quota ${quota}`);
        time.forward(60);
        assert.equal(await passed(one, quota, key), quota);
      }
    } finally {
      await started.store.close();
      started.stop();
    }
  });
}

test('Redis that goes away while the server runs limits nobody more than one server would', async t => {
  const started = await startRedis();
  if (!started) return t.skip('there is no redis-server on this machine');
  const one = limiter(started.store, { user: 10 });
  assert.equal(await passed(one, 3, 'a'), 3);
  started.stop();
  assert.equal(await passed(one, 20, 'b'), 10);
  await started.store.close();
});

test('most requests ask nobody', async () => {
  const store = counting(postgresWindows(db.database));
  const one = limiter(store, { user: 6000, tenant: 30_000, address: 12_000 });
  for (let index = 0; index < 1000; index += 1)
    await one.take([
      { policy: 'user', key: 'often' },
      { policy: 'tenant', key: 'often' },
      { policy: 'address', key: 'often' },
    ]);
  assert.ok(store.asked <= 16, `${store.asked} times`);
});

test('subjects are counted each for themselves, and what has no limit is not counted', async () => {
  const one = limiter(postgresWindows(db.database), { user: 2 });
  assert.equal(await passed(one, 5, 'first'), 2);
  assert.equal(await passed(one, 5, 'second'), 2);
  assert.deepEqual(await one.take([{ policy: 'tenant', key: 'first' }]), []);
});

test('what is left and when it begins anew is told', async () => {
  const time = clock();
  const one = limiter(postgresWindows(db.database), { user: 40 }, time.now);
  const [first] = await one.take([{ policy: 'user', key: 'told' }]);
  assert.deepEqual([first?.quota, first?.remaining, first?.resetSeconds], [40, 39, 40]);
  await passed(one, 39, 'told');
  const [over] = await one.take([{ policy: 'user', key: 'told' }]);
  assert.deepEqual([over?.isOver, over?.remaining], [true, 0]);
});

test('a limit that was reached is not asked for again within its window', async () => {
  const store = counting(postgresWindows(db.database));
  const one = limiter(store, { user: 1 });
  assert.equal(await passed(one, 1, 'over'), 1);
  await passed(one, 1, 'over');
  const { asked } = store;
  assert.equal(await passed(one, 500, 'over'), 0);
  assert.equal(store.asked, asked);
});

test('a store that fails lets each server count for itself', async () => {
  const broken: WindowStore = {
    add: () => Promise.reject(new Error('away')),
    forget: () => Promise.reject(new Error('away')),
    close: async () => {},
  };
  assert.equal(await passed(limiter(broken, { user: 5 }), 20, 'x'), 5);
});

test('old windows are forgotten', async () => {
  const time = clock();
  const one = limiter(postgresWindows(db.database), { user: 5 }, time.now);
  await passed(one, 1, 'old');
  time.forward(300);
  await passed(one, 1, 'new');
  const left = async (): Promise<number> => {
    const { rows } = await db.database.query(`select 1 from control.rate_window where subject = 'user:old'`);
    return rows.length;
  };
  for (let attempt = 0; attempt < 100 && (await left()) > 0; attempt += 1)
    await new Promise(resolve => setTimeout(resolve, 20));
  assert.equal(await left(), 0);
});

test('the limiter of a process is made of its settings', async () => {
  const one = openRateLimiter(db.database, silentLogger, { limits: { user: 1 } });
  assert.equal(await passed(one, 3, 'settings'), 1);
  await one.close();
});
