/** The renderer process: everything that needs Chromium: screenshots and reports, one fresh browser per job. */
import { failReport, openPlatform, renderReport, REPORT_QUEUE } from '@glacis/domain';
import { createJobEnvironment, createRegistry, queueOf, runScanJob } from '@glacis/engine';
import { messageOf, readConfig } from '@glacis/foundation';
import { startConsumer, type Lane } from '@glacis/queue';
import { createRenderer, type Renderer } from '@glacis/report-kit';
import { scanners } from '@glacis/scanners';
import { createJobBrowser } from './job-browser.ts';

/** Browsers at a time: more only contend for the processor (measured on 2 cores: 4 are no faster). */
const SCREENSHOT_JOBS = 2;

const config = readConfig();
const registry = createRegistry(scanners);
const platform = await openPlatform({ config, processName: 'renderer', registry, maxConnections: 8 });
let renderer: Renderer | undefined;
let problem = '';
try {
  renderer = await createRenderer({
    executablePath: config.chromium,
    scratchDir: config.browserFolder,
    warm: 1,
  });
} catch (error) {
  problem = messageOf(error);
}

const environment = createJobEnvironment({
  ...platform,
  ...(renderer ? { openBrowser: egress => createJobBrowser(renderer, egress) } : {}),
});
const lanes: readonly Lane[] = [
  {
    queues: scanners.filter(scanner => scanner.needsBrowser).map(queueOf),
    concurrency: SCREENSHOT_JOBS,
    handle: (job, signal) => runScanJob(job, environment, signal),
  },
  {
    queues: [REPORT_QUEUE],
    concurrency: 1,
    handle: (job, signal) =>
      renderer ? renderReport(job, platform, renderer, signal) : failReport(job, platform, problem),
  },
];
const consumer = startConsumer({ ...platform, lanes });
process.send?.({ type: 'ready', ...(problem ? { problem } : {}) });

async function stop(): Promise<void> {
  await consumer.stop();
  await renderer?.close();
  await platform.close();
  process.exit(0);
}
process.on('disconnect', () => void stop());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
