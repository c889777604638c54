/**
 * Measures whole scans of the practice network: `scan.ts [HOSTS …]` (default 40 1000). Prints JSON. Each size runs on an
 * installation of its own: time to the first finding and to the end, largest memory of a worker, size of the database, and
 * the report.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from '@glacis/db';
import { launchScan, listTargets, readScanView } from '@glacis/domain';
import { makeReport } from '../src/up/scan-and-report.ts';
import { startInstallation, type Installation } from '../e2e/installation.ts';

const TIMEOUT_MS = 1_800_000;
const sizes = process.argv.slice(2).map(Number);
const results: unknown[] = [];
for (const hosts of sizes.length > 0 ? sizes : [40, 1000]) results.push(await measure(hosts));
process.stdout.write(`${JSON.stringify({ bench: 'scan', results }, null, 2)}\n`);

async function measure(hosts: number): Promise<unknown> {
  const startedAt = performance.now();
  const glacis = await startInstallation(['--no-scan', '--hosts', String(hosts)]);
  const startMs = performance.now() - startedAt;
  try {
    const { items: targets } = await glacis.platform.database.inTenant(glacis.tenant, tx => listTargets(tx));
    const [first = '', ...others] = targets.map(target => target.id);
    const scanStart = performance.now();
    const { id } = await launchScan(glacis.platform, glacis.tenant, {
      targetIds: [first, ...others],
      engine: undefined,
      userId: null,
    });
    const seen = await watch(glacis, id, scanStart);
    const scanMs = performance.now() - scanStart;
    const databaseBytes = await databaseSize(glacis);
    const reportStart = performance.now();
    const report = await makeReport(glacis.platform, glacis.tenant, id);
    return {
      hosts,
      startMs: Math.round(startMs),
      firstFindingMs: seen.firstFindingMs,
      scanMs: Math.round(scanMs),
      assets: seen.assets,
      findings: seen.findings,
      jobs: await jobsOf(glacis, id),
      workerMemoryBytes: seen.workerMemoryBytes,
      databaseBytes,
      reportMs: Math.round(performance.now() - reportStart),
      reportPages: report.view.pageCount,
    };
  } finally {
    await glacis.stop();
  }
}

async function watch(glacis: Installation, scanId: string, scanStart: number) {
  let firstFindingMs: number | undefined;
  let workerMemoryBytes = 0;
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const scan = await glacis.platform.database.inTenant(glacis.tenant, tx => readScanView(tx, scanId));
    const findings = Object.values(scan.findings).reduce((sum, count) => sum + count, 0);
    if (findings > 0) firstFindingMs ??= Math.round(performance.now() - scanStart);
    for (const worker of glacis.processes('apps/worker/src/main.ts')) {
      workerMemoryBytes = Math.max(workerMemoryBytes, residentBytes(worker.pid));
    }
    if (scan.state === 'completed')
      return { firstFindingMs, workerMemoryBytes, assets: scan.assetCount, findings };
    if (scan.state !== 'running' && scan.state !== 'closing') throw new Error(`the scan is ${scan.state}`);
    if (Date.now() > deadline) throw new Error('the scan did not end within half an hour');
    await delay(100);
  }
}

function residentBytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

async function databaseSize(glacis: Installation): Promise<number> {
  const { rows } = await glacis.platform.database.query(
    'select pg_database_size(current_database())::float8 as bytes',
  );
  return Number(rows[0]?.['bytes'] ?? 0);
}

/** Jobs of the busiest scanners. */
async function jobsOf(glacis: Installation, scanId: string): Promise<unknown> {
  return glacis.platform.database.inTenant(glacis.tenant, async tx => {
    const { rows } = await sql<{
      scanner: string;
      done: number;
      queued: number;
    }>`select scanner, done, queued from scan_progress
      where scan_id = ${scanId} order by queued desc limit 6`.execute(tx.sql);
    return Object.fromEntries(rows.map(row => [row.scanner, row.done]));
  });
}
