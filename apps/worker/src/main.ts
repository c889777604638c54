/** A worker process: runs the scanners that need no browser, and closes scans. `--only QUEUE,…` takes some queues. */
import { parseArgs } from 'node:util';
import { closeScan, openPlatform, startProofChecks } from '@glacis/domain';
import {
  CLOSING_QUEUE,
  createJobEnvironment,
  createRegistry,
  queueOf,
  runScanJob,
  strandedQueues,
} from '@glacis/engine';
import { readConfig, UserError } from '@glacis/foundation';
import { startConsumer } from '@glacis/queue';
import { scanners } from '@glacis/scanners';

/** Jobs at a time: they wait for the network nearly all the time. */
const CONCURRENCY = 12;

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const scanQueues = scanners.filter(scanner => !scanner.needsBrowser).map(queueOf);
const known = [...scanQueues, CLOSING_QUEUE];
const wanted = values.only?.split(',') ?? known;
const unknown = wanted.filter(name => !known.includes(name));
if (unknown.length > 0)
  throw new UserError(
    'config.invalid',
    `There is no queue ${unknown.join(', ')}; there are ${known.join(', ')}.`,
  );

const config = readConfig();
const registry = createRegistry(scanners);
const platform = await openPlatform({
  config,
  processName: 'worker',
  registry,
  maxConnections: CONCURRENCY + 2,
});
const environment = createJobEnvironment({ ...platform, templateFolder: config.templateFolder });
const stranded = values.only ? [] : strandedQueues(await platform.queue.names(), registry);
const consumer = startConsumer({
  ...platform,
  lanes: [
    {
      queues: [...scanQueues.filter(name => wanted.includes(name)), ...stranded],
      concurrency: CONCURRENCY,
      handle: (job, signal) => runScanJob(job, environment, signal),
    },
    {
      queues: [CLOSING_QUEUE].filter(name => wanted.includes(name)),
      concurrency: 1,
      handle: job => closeScan(job, platform),
    },
  ],
});
const proofChecks = startProofChecks(platform);
process.send?.({ type: 'ready' });

async function stop(): Promise<void> {
  await proofChecks.stop();
  await consumer.stop();
  await platform.close();
  process.exit(0);
}
process.on('disconnect', () => void stop());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
