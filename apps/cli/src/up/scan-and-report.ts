import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReportView, ScanView, TargetView } from '@glacis/contract';
import {
  launchScan,
  listTargets,
  readProgress,
  readReport,
  readReportFile,
  readScanView,
  requestReport,
  verifyTarget,
  type Platform,
} from '@glacis/domain';
import { messageOf, OperationalError, type Config, type TenantId } from '@glacis/foundation';
import { exportAssets, exportFindings } from './export.ts';
import type { Home } from './first-run.ts';
import { scorePractice, type PracticeNetwork } from './practice.ts';
import { createProgressView } from './progress-view.ts';

const POLL_MS = 200;
const REPORT_TIMEOUT_MS = 600_000;

/** What `up` does once everything runs: scans the practice network if that was not done yet, and makes the report. */
export async function scanAndReport(of: {
  platform: Platform;
  home: Home;
  domains: readonly string[];
  practice: PracticeNetwork;
  truthFile: string;
  config: Config;
  scan: 'first' | 'again' | 'never';
  out: string | undefined;
  say: (line: string) => void;
}): Promise<number> {
  const { platform, home, say } = of;
  const { items: targets } = await platform.database.inTenant(home.tenant, tx => listTargets(tx));
  const target = targets.find(entry => entry.domain === of.domains[0]);
  if (!target) throw new OperationalError('internal.unexpected', `The target ${of.domains[0]} is missing.`);
  const previous = of.scan === 'again' ? undefined : await finishedScan(platform, home, target);
  if (previous)
    say(`The practice network was scanned ${previous.finishedAt ?? ''}; npm start -- --scan scans it again.`);
  await proveAll(platform, home, targets);
  const others = targets.filter(entry => entry !== target && of.domains.includes(entry.domain));
  const scan = previous ?? (await runScan(platform, home, target, others));
  if (scan.state !== 'completed') {
    say(`The scan did not complete: it was ${scan.state}${scan.error ? ` (${scan.error})` : ''}.`);
    return 1;
  }
  const folder = of.out ?? join(of.config.dataFolder, 'reports');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, of.out ? 'report.pdf' : `${scan.domain}-${scan.startedAt.slice(0, 10)}.pdf`);
  if (previous && !of.out && existsSync(file)) {
    say(`Report    ${file}`);
    return 0;
  }
  say('Rendering the report …');
  const report = await makeReport(platform, home.tenant, scan.id);
  writeFileSync(file, report.bytes, { mode: 0o600 });
  say(`Report    ${file}   (${report.view.pageCount ?? '?'} pages)`);
  return of.out ? exportAll(of, scan, of.out) : 0;
}

/** Looks up the proof of every target, so that all practice domains count as ours. */
async function proveAll(platform: Platform, home: Home, targets: readonly TargetView[]): Promise<void> {
  for (const target of targets)
    await verifyTarget(platform, work => platform.database.inTenant(home.tenant, work), target.id);
}

async function finishedScan(
  platform: Platform,
  home: Home,
  target: TargetView,
): Promise<ScanView | undefined> {
  const { lastScanId } = target;
  if (!lastScanId) return undefined;
  const scan = await platform.database.inTenant(home.tenant, tx => readScanView(tx, lastScanId));
  return scan.state === 'completed' ? scan : undefined;
}

/** Starts a scan, or goes on watching the one that is running, until it ends. */
async function runScan(
  platform: Platform,
  home: Home,
  target: TargetView,
  others: readonly TargetView[],
): Promise<ScanView> {
  const { lastScanId } = target;
  const last = lastScanId
    ? await platform.database.inTenant(home.tenant, tx => readScanView(tx, lastScanId))
    : undefined;
  const isRunning = last?.state === 'running' || last?.state === 'closing';
  const targetIds = [target.id, ...others.map(other => other.id)] as const;
  const scan = isRunning
    ? last
    : await launchScan(platform, home.tenant, { targetIds, engine: undefined, userId: null });
  return watchScan(platform, home.tenant, scan.id, process.stdout);
}

/** Shows the progress of a scan until it ends. */
export async function watchScan(
  platform: Platform,
  tenant: TenantId,
  scanId: string,
  output: NodeJS.WriteStream,
): Promise<ScanView> {
  const view = createProgressView(output);
  let cursor: Parameters<typeof readProgress>[3];
  for (;;) {
    try {
      const result = await platform.database.inTenant(tenant, tx =>
        readProgress(tx, platform, scanId, cursor),
      );
      cursor = result.cursor;
      const { state } = result.progress.scan;
      if (state !== 'running' && state !== 'closing') {
        view.end(result.progress);
        return result.progress.scan;
      }
      view.update(result.progress);
    } catch (error) {
      platform.log.warn({ reason: messageOf(error) }, 'the progress could not be read; trying again');
    }
    await delay(POLL_MS);
  }
}

/** Asks for the report of a scan and waits for it. @throws OperationalError when it cannot be rendered. */
export async function makeReport(
  platform: Platform,
  tenant: TenantId,
  scanId: string,
): Promise<{ view: ReportView; bytes: Buffer }> {
  const { inTenant } = platform.database;
  const requested = await inTenant(tenant, tx =>
    requestReport(tx, platform.queue, { scanId, design: 'attack-surface', userId: null }),
  );
  const deadline = Date.now() + REPORT_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const view = await inTenant(tenant, tx => readReport(tx, requested.id));
    if (view.state === 'failed') {
      throw new OperationalError(
        'render.failed',
        `The report could not be rendered: ${view.error ?? 'no reason is known'}`,
      );
    }
    if (view.state === 'ready') {
      const { storageKey } = await inTenant(tenant, tx => readReportFile(tx, view.id));
      return { view, bytes: await platform.blobs.get(tenant, await platform.keyOf(tenant), storageKey) };
    }
    await delay(POLL_MS);
  }
  throw new OperationalError('render.failed', 'The report was not rendered within ten minutes.');
}

async function exportAll(
  of: {
    platform: Platform;
    home: Home;
    truthFile: string;
    practice: PracticeNetwork;
    say: (line: string) => void;
  },
  scan: ScanView,
  out: string,
): Promise<number> {
  const assets = join(out, 'assets.jsonl');
  const findings = join(out, 'findings.jsonl');
  const [assetCount, findingCount] = [
    await exportAssets(of.platform, of.home.tenant, scan.id, assets),
    await exportFindings(of.platform, of.home.tenant, scan.id, findings),
  ];
  of.say(`Exported  ${assetCount} assets and ${findingCount} findings to ${out}`);
  const score = await scorePractice({
    truthFile: of.truthFile,
    assets,
    findings,
    control: of.practice.control,
    out: join(out, 'score.json'),
  });
  for (const line of score.output.trim().split('\n')) of.say(line);
  return score.code;
}
