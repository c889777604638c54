import type { ScanProgress, ScanView } from '@glacis/contract';
import { cancelScan, parseEngine, startScan, type ScanScope } from '@glacis/engine';
import { profileFor, UserError, type TenantId } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { announce } from '@glacis/realtime';
import type { Platform } from '../platform.ts';
import { readTarget, verifyTarget } from '../targets/service.ts';
import { readNews, readScannerProgress, readScanView, type NewsCursor } from './repository.ts';

/** News in the first message to a watcher. */
const FIRST_NEWS = 50;

/**
 * Starts a scan of a target. The proof is looked up again first; without it only passive scanners run.
 * @throws UserError when the target is being scanned or the engine is not valid.
 */
export async function launchScan(
  platform: Platform,
  tenant: TenantId,
  of: { targetId: string; engine: unknown; userId: string | null },
): Promise<ScanView> {
  const engine = parseEngine(of.engine, platform.registry);
  const within = <T>(work: (tx: TenantTransaction) => Promise<T>): Promise<T> =>
    platform.database.inTenant(tenant, work);
  const target = await verifyTarget(platform, within, of.targetId);
  const key = await platform.keyOf(tenant);
  const profile = profileFor(platform.profiles, target.domain);
  return within(async tx => {
    // Locks the target, so that of two starts at once the second sees the first.
    await sql`select 1 from target where id = ${target.id} for update`.execute(tx.sql);
    const { rows: running } =
      await sql`select 1 from scan where target_id = ${target.id} and state in ('running', 'closing')`.execute(
        tx.sql,
      );
    if (running.length > 0)
      throw new UserError(
        'scan.already-running',
        `${target.domain} is being scanned already. Wait for it to end, or cancel it.`,
      );
    const { rows: exclusions } = await sql<{
      value: string;
    }>`select value from exclusion order by value`.execute(tx.sql);
    const { rows: proven } = await sql<{
      domain: string;
    }>`select domain from target where proof_state = 'proven' or id = ${target.id} order by domain`.execute(
      tx.sql,
    );
    const scope: ScanScope = {
      // All proven domains of the tenant are ours: names found below them belong to the same surface.
      domains: proven.map(row => row.domain),
      networks: [],
      excluded: exclusions.map(row => row.value),
      allowedPrivateRanges: profile.allowedPrivateRanges,
      profile,
    };
    const id = await startScan(tx, {
      targetId: target.id,
      domain: target.domain,
      scope,
      engine,
      isActive: target.proof.state === 'proven',
      requestedBy: of.userId,
      registry: platform.registry,
      queue: platform.queue,
      key,
    });
    return readScanView(tx, id);
  });
}

/** Cancels a scan: nothing is stored from now on, and workers abort what they do for it. @throws UserError */
export async function stopScan(tx: TenantTransaction, scanId: string): Promise<ScanView> {
  await readTargetOfScan(tx, scanId);
  if (!(await cancelScan(tx, scanId))) throw new UserError('scan.ended', 'The scan has ended already.');
  await tx.asPlatform(query => announce(query, { tenantId: tx.tenantId, topic: 'cancel', id: scanId }));
  return readScanView(tx, scanId);
}

async function readTargetOfScan(tx: TenantTransaction, scanId: string): Promise<void> {
  const scan = await readScanView(tx, scanId);
  await readTarget(tx, scan.targetId);
}

/** The state of a scan and its news after `cursor`. */
export async function readProgress(
  tx: TenantTransaction,
  platform: Platform,
  scanId: string,
  cursor?: NewsCursor,
): Promise<{ progress: ScanProgress; cursor: NewsCursor }> {
  const scan = await readScanView(tx, scanId);
  const scanners = await readScannerProgress(tx, scanId, platform.registry);
  const { news, cursor: next } = await readNews(tx, scanId, cursor, FIRST_NEWS);
  const end = scan.finishedAt ? Date.parse(scan.finishedAt) : Date.now();
  return {
    progress: { scan, scanners, elapsedMs: Math.max(0, end - Date.parse(scan.startedAt)), news },
    cursor: next,
  };
}
