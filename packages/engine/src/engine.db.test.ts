import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { announce } from '@glacis/realtime';
import { ingest } from './ingest.ts';
import { sortObservations } from './observation-batch.ts';
import { runScanJob } from './run-job.ts';
import { readScan } from './scan-row.ts';
import type { FindingObservation } from './scanner.ts';
import { cancelScan } from './start-scan.ts';
import { DOMAIN, domain, host, link, lister, looked, looker, until } from '../test/observations.ts';
import { createEngineWorld, fakeScanner } from '../test/world.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers) await close();
});

async function makeWorld(...of: Parameters<typeof createEngineWorld>) {
  const world = await createEngineWorld(...of);
  closers.push(world.close);
  return world;
}

test('a scan runs from its seeds to its one closing job', async () => {
  const world = await makeWorld([lister(25), looker()]);
  const consumer = world.work();
  const id = await world.start(DOMAIN);
  await until(() => world.closed.length > 0);
  await delay(300);
  await consumer.stop();
  assert.deepEqual(world.closed, [id]);
  assert.deepEqual(await world.rows('select state, open_jobs, new_assets from scan'), [
    { state: 'closing', open_jobs: 0, new_assets: 26 },
  ]);
  assert.deepEqual(
    await world.rows(
      'select scanner, queued, done, failed, assets_queued, assets_looked, found_assets, found_findings from scan_progress order by scanner',
    ),
    [
      {
        scanner: 'lister',
        queued: 1,
        done: 1,
        failed: 0,
        assets_queued: 1,
        assets_looked: 1,
        found_assets: 25,
        found_findings: 0,
      },
      {
        scanner: 'looker',
        queued: 13,
        done: 13,
        failed: 0,
        assets_queued: 25,
        assets_looked: 25,
        found_assets: 0,
        found_findings: 25,
      },
    ],
  );
  const { rows } = await world.database.query('select count(*)::int as n from boss.job');
  assert.deepEqual(rows, [{ n: 0 }]);
});

test('jobs that are delivered twice, and end at the same time, end once', async () => {
  const world = await makeWorld([lister(20), looker(1)]);
  const id = await world.start(DOMAIN);
  const [seed] = await world.take('lister');
  assert.ok(seed);
  const never = new AbortController().signal;
  await Promise.all([runScanJob(seed, world.environment, never), runScanJob(seed, world.environment, never)]);
  await runScanJob(seed, world.environment, never);
  const jobs = await world.take('looker', 50);
  assert.equal(jobs.length, 20);
  await Promise.all([...jobs, ...jobs].map(job => runScanJob(job, world.environment, never)));
  assert.deepEqual(await world.rows('select state, open_jobs from scan'), [
    { state: 'closing', open_jobs: 0 },
  ]);
  assert.deepEqual(
    await world.rows("select queued, done, found_findings from scan_progress where scanner = 'looker'"),
    [{ queued: 20, done: 20, found_findings: 20 }],
  );
  const { rows } = await world.database.query(
    "select data->>'subjectId' as id from boss.job where name = 'scan-closing'",
  );
  assert.deepEqual(rows, [{ id }]);
});

test('ingesting the same batch twice changes nothing', async () => {
  const world = await makeWorld([looker()]);
  const id = await world.start(DOMAIN);
  const observations = [
    link(host('a'), domain),
    link({ kind: 'hostname', key: `A.${DOMAIN}.`, attributes: { note: 'x' } }, domain),
    link({ kind: 'ip', key: '203.0.113.5' }, host('a'), 'resolves_to'),
    {
      type: 'finding',
      ruleId: 'http.missing-csp',
      asset: host('a'),
      confidence: 'firm',
      evidence: [{ label: 'L', text: 'T' }],
    } satisfies FindingObservation,
  ];
  const store = () =>
    world.inTenant(async tx => {
      const scan = await readScan(tx, id, { forUpdate: true });
      return ingest(tx, sortObservations(observations), {
        ...world,
        key: world.tenant.key,
        scan,
        scanner: 'x',
      });
    });
  const state = () =>
    Promise.all(
      [
        'select id, kind, key, attributes, in_scope from asset order by id',
        'select from_id, relation, to_id from edge order by 1, 2, 3',
        'select asset_id, seq from scan_asset order by seq',
        'select id, identity, state from finding order by id',
        'select finding_id, seq from scan_finding order by seq',
        'select id from scan_job order by id',
        'select open_jobs, new_assets from scan',
      ].map(world.rows),
    );
  const first = await store();
  // The domain is known to the scan already: it is its seed.
  assert.deepEqual(first, { newAssets: 2, newFindings: 1 });
  const before = await state();
  assert.deepEqual(await store(), { newAssets: 0, newFindings: 0 });
  assert.deepEqual(await state(), before);
});

test('a scanner that fails is tried three times, shown, and the scan goes on', async () => {
  let runs = 0;
  const failing = fakeScanner({
    id: 'failing',
    consumes: ['hostname'],
    run: async function* (_context, assets) {
      runs += 1;
      if (assets.length > 0) throw new Error('the parser broke \u0000 \ud83d');
      yield* [];
    },
  });
  const world = await makeWorld([lister(2), looker(), failing]);
  const consumer = world.work();
  await world.start(DOMAIN);
  await until(() => world.closed.length === 1);
  await consumer.stop();
  assert.equal(runs, 3);
  assert.deepEqual(
    await world.rows("select failed, done, assets_limited from scan_progress where scanner = 'failing'"),
    [{ failed: 1, done: 0, assets_limited: 2 }],
  );
  const [coverage] = await world.rows("select detail from coverage where scanner = 'failing' limit 1");
  assert.match(String(coverage?.['detail']), /the scanner failed: the parser broke/);
  const [job] = await world.rows("select state, attempts, error from scan_job where scanner = 'failing'");
  assert.deepEqual([job?.['state'], job?.['attempts']], ['failed', 3]);
});

test('results that the database refuses end the job as failed, not the scan in waiting', async () => {
  const world = await makeWorld([
    fakeScanner({
      id: 'poison',
      consumes: ['domain'],
      run: async function* (_context, assets) {
        for (const asset of assets)
          yield {
            ...link(host('x'), asset),
            relation: 5 as unknown as 'names',
            reason: 'x',
            asset: { kind: 'hostname', key: `x.${DOMAIN}`, attributes: { toJSON: 1n as unknown as string } },
          };
      },
    }),
  ]);
  const consumer = world.work();
  await world.start(DOMAIN);
  await until(() => world.closed.length === 1);
  await consumer.stop();
  assert.deepEqual(await world.rows("select failed from scan_progress where scanner = 'poison'"), [
    { failed: 1 },
  ]);
});

test('cancelling aborts what runs within two seconds, and nothing is stored afterwards', async () => {
  let aborted: number | undefined;
  const slow = fakeScanner({
    id: 'slow',
    consumes: ['domain'],
    run: async function* ({ signal }, assets) {
      for (let index = 0; index < 1000; index += 1) {
        for (const asset of assets) yield link(host(`slow${index}`), asset);
        await delay(50, undefined, { signal }).catch(() => {
          aborted ??= Date.now();
        });
        if (aborted !== undefined) {
          // It does not stop at once: what it still says must not be stored.
          for (const asset of assets) yield link(host('too-late'), asset);
          return;
        }
      }
    },
  });
  const world = await makeWorld([slow, looker()]);
  const consumer = world.work();
  const id = await world.start(DOMAIN);
  await until(async () => (await world.rows("select 1 from asset where key like 'slow%'")).length > 3);
  const cancelledAt = Date.now();
  await world.inTenant(async tx => {
    assert.ok(await cancelScan(tx, id));
    await tx.asPlatform(query => announce(query, { tenantId: tx.tenantId, topic: 'cancel', id }));
  });
  const [before] = await world.rows('select count(*)::int as n from asset');
  await until(() => aborted !== undefined);
  assert.ok((aborted ?? Infinity) - cancelledAt < 2000);
  await until(async () => {
    const { rows } = await world.database.query('select count(*)::int as n from boss.job');
    return rows[0]?.['n'] === 0;
  });
  await consumer.stop();
  assert.deepEqual(await world.rows('select count(*)::int as n from asset'), [before]);
  assert.deepEqual(await world.rows('select state from scan'), [{ state: 'cancelled' }]);
  assert.deepEqual(world.closed, []);
  assert.equal(await world.inTenant(tx => cancelScan(tx, id)), false);
});

test('a job that starts just after the cancellation was announced does not run on', async () => {
  const world = await makeWorld([looker()]);
  const id = '01890000-0000-7000-8000-000000000001';
  await announce(world.database.query, { tenantId: world.tenant.id, topic: 'cancel', id });
  await delay(300);
  const { signal, release } = world.environment.cancellation(id);
  assert.ok(signal.aborted);
  release();
});

test('what is out of scope is stored and never looked at', async () => {
  const looks: string[] = [];
  const world = await makeWorld([
    fakeScanner({
      id: 'finder',
      consumes: ['domain'],
      run: async function* (_context, assets) {
        for (const asset of assets) {
          yield link(host('ours'), asset);
          yield link(host('excluded'), asset);
          yield link({ kind: 'hostname', key: 'www.stranger.test' }, asset, 'links_to');
          yield link({ kind: 'hostname', key: `${DOMAIN}.evil.test` }, asset, 'links_to');
          yield link({ kind: 'hostname', key: `not${DOMAIN}` }, asset, 'links_to');
        }
      },
    }),
    fakeScanner({
      id: 'probe',
      consumes: ['hostname'],
      run: async function* (_context, assets) {
        for (const asset of assets) {
          looks.push(asset.key);
          yield looked({ kind: 'hostname', key: asset.key });
        }
      },
    }),
  ]);
  const consumer = world.work();
  await world.start(DOMAIN, { excluded: [`excluded.${DOMAIN}`] });
  await until(() => world.closed.length === 1);
  await consumer.stop();
  assert.deepEqual(looks, [`ours.${DOMAIN}`]);
  assert.deepEqual(
    await world.rows(
      "select in_scope, count(*)::int as n from asset where kind = 'hostname' group by 1 order by 1",
    ),
    [
      { in_scope: false, n: 4 },
      { in_scope: true, n: 1 },
    ],
  );
});

test('without proof only passive scanners run; an engine runs only what it names', async () => {
  const world = await makeWorld([
    lister(1),
    looker(),
    { ...looker(), id: 'loud', mode: 'active' },
    { ...looker(), id: 'unwanted' },
  ]);
  const consumer = world.work();
  await world.start(DOMAIN, {
    isActive: false,
    engine: { scanners: ['lister', 'looker', 'loud'], options: {} },
  });
  await until(() => world.closed.length === 1);
  await consumer.stop();
  assert.deepEqual(await world.rows('select distinct scanner from scan_job order by 1'), [
    { scanner: 'lister' },
    { scanner: 'looker' },
  ]);
});

for (const order of ['host name', 'service'] as const) {
  test(`an endpoint arises when the ${order} comes first`, async () => {
    const world = await makeWorld([looker()]);
    const id = await world.start(DOMAIN);
    const ip = { kind: 'ip', key: '203.0.113.9' } as const;
    const service = {
      kind: 'service',
      key: '203.0.113.9:443/tcp',
      attributes: { protocol: 'http', tls: true },
    } as const;
    const batches = [
      [link(host('www'), domain), link(ip, host('www'), 'resolves_to')],
      [link(service, ip, 'exposes')],
    ];
    // The address is known through another name when the service comes first.
    if (order === 'service')
      batches.splice(
        0,
        2,
        [link(ip, host('seen-before'), 'resolves_to'), link(service, ip, 'exposes')],
        [link(host('www'), domain), link(ip, host('www'), 'resolves_to')],
      );
    for (const batch of batches) {
      await world.inTenant(async tx => {
        const scan = await readScan(tx, id, { forUpdate: true });
        await ingest(tx, sortObservations(batch), { ...world, key: world.tenant.key, scan, scanner: 'x' });
      });
    }
    const endpoints = await world.rows(
      `select key, in_scope, attributes->>'protocol' as protocol from asset where kind = 'endpoint' and key like 'www%'`,
    );
    assert.deepEqual(endpoints, [{ key: `www.${DOMAIN}:443`, in_scope: true, protocol: 'http' }]);
  });
}

test('a job over its time limit keeps what it saw and says what it did not', async () => {
  const world = await makeWorld([
    fakeScanner({
      id: 'endless',
      consumes: ['domain'],
      timeoutMs: 400,
      run: async function* ({ signal }, assets) {
        for (const asset of assets) yield link(host('early'), asset);
        await delay(60_000, undefined, { signal });
      },
    }),
  ]);
  const consumer = world.work();
  await world.start(DOMAIN);
  await until(() => world.closed.length === 1);
  await consumer.stop();
  assert.deepEqual(await world.rows('select outcome, detail from coverage'), [
    { outcome: 'limited', detail: 'not finished within 0.4 s' },
  ]);
  assert.equal((await world.rows("select 1 from asset where key like 'early%'")).length, 1);
  assert.deepEqual(await world.rows('select done, failed from scan_progress'), [{ done: 1, failed: 0 }]);
});
