import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { silentLogger } from '@glacis/foundation';
import { startConsumer } from '@glacis/queue';
import { ingest } from './ingest.ts';
import { sortObservations } from './observation-batch.ts';
import { createRegistry, queueOf, strandedQueues } from './registry.ts';
import { runScanJob } from './run-job.ts';
import { readScan } from './scan-row.ts';
import { DOMAIN, domain, host, link, lister, looked, until } from '../test/observations.ts';
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

test('a scanner that was removed while its jobs waited fails them visibly, and the scan ends', async () => {
  const world = await makeWorld([
    lister(3),
    fakeScanner({ id: 'gone', consumes: ['hostname'], run: lister(0).run }),
  ]);
  const scanId = await world.start(DOMAIN);
  const registry = createRegistry(world.registry.all.filter(scanner => scanner.id !== 'gone'));
  const stranded = strandedQueues(await world.queue.names(), registry);
  assert.deepEqual(stranded, ['scan.gone']);
  await world.inTenant(async tx => {
    // As the version before left it: the host names were dispatched to the scanner.
    const scan = await readScan(tx, scanId, { forUpdate: true });
    const batch = sortObservations([link(host('h0'), domain), looked(domain)]);
    await ingest(tx, batch, { ...world, scan, scanner: 'lister', key: world.tenant.key });
  });
  const environment = { ...world.environment, registry };
  const consumer = startConsumer({
    ...world,
    log: silentLogger,
    lanes: [
      {
        queues: [...registry.all.map(queueOf), ...stranded],
        concurrency: 2,
        handle: (job, signal) => runScanJob(job, environment, signal),
      },
    ],
  });
  try {
    await until(async () => (await world.rows(`select 1 from scan where state = 'closing'`)).length === 1);
  } finally {
    await consumer.stop();
  }
  const failed = await world.rows(`select state, error from scan_job where scanner = 'gone'`);
  assert.deepEqual(failed, [{ state: 'failed', error: 'this version has no scanner gone' }]);
  const coverage = await world.rows(`select outcome, detail from coverage where scanner = 'gone'`);
  assert.deepEqual(coverage, [
    { outcome: 'limited', detail: 'the scanner failed: this version has no scanner gone' },
  ]);
});

test('assets that come while a job waits join it, up to its batch; one that was begun takes no more', async () => {
  const seen: number[] = [];
  const world = await makeWorld([
    lister(0),
    fakeScanner({
      id: 'slow',
      consumes: ['hostname'],
      batchSize: 4,
      run: async function* (_context, assets) {
        seen.push(assets.length);
        for (const asset of assets) yield looked({ kind: 'hostname', key: asset.key });
      },
    }),
  ]);
  const scanId = await world.start(DOMAIN);
  const find = (...names: string[]) =>
    world.inTenant(async tx => {
      const scan = await readScan(tx, scanId, { forUpdate: true });
      const batch = sortObservations(names.map(name => link(host(name), domain)));
      await ingest(tx, batch, { ...world, scan, scanner: 'lister', key: world.tenant.key });
    });
  const sizes = async () =>
    (
      await world.rows(`select cardinality(asset_ids) as n from scan_job where scanner = 'slow' order by id`)
    ).map(row => row['n']);
  await find('a');
  await find('b', 'c');
  assert.deepEqual(await sizes(), [3]);
  await find('d', 'e');
  assert.deepEqual(await sizes(), [4, 1]);
  await world.rows(`update scan_job set begun = true where scanner = 'slow'`);
  await find('f');
  assert.deepEqual(await sizes(), [4, 1, 1]);
  const consumer = world.work(1);
  await until(() => world.closed.length === 1);
  await consumer.stop();
  assert.deepEqual(seen.sort(), [1, 1, 4]);
  const [counted] = await world.rows(
    `select queued, done, assets_queued, assets_looked from scan_progress where scanner = 'slow'`,
  );
  assert.deepEqual(counted, { queued: 3, done: 3, assets_queued: 6, assets_looked: 6 });
});
