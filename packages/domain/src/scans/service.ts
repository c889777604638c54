import { isDeepStrictEqual } from 'node:util';
import type { ScanProgress, ScanView, TargetView } from '@glacis/contract';
import { cancelScan, parseEngine, startScan, type ScanScope } from '@glacis/engine';
import { profileFor, UserError, type TenantId } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { announce } from '@glacis/realtime';
import { assertWithinPlan } from '../billing/limits.ts';
import { isFeatureOn } from '../tenancy/features.ts';
import type { Platform } from '../platform.ts';
import { profileOf, readTarget, verifyTarget } from '../targets/service.ts';
import { readNews, readScannerProgress, readScanView, type NewsCursor } from './repository.ts';

/** News in the first message to a watcher. */
const FIRST_NEWS = 50;
/** News of each kind in a later message; what is more comes with the next. */
const NEXT_NEWS = 500;

/**
 * Starts a scan of one target or several together. The proofs are looked up again first; active scanners run only when all
 * are proven. @throws UserError when one is being scanned or the engine is not valid.
 */
export async function launchScan(
  platform: Platform,
  tenant: TenantId,
  of: { targetIds: readonly [string, ...string[]]; engine: unknown; userId: string | null },
): Promise<ScanView> {
  const engine = parseEngine(of.engine, platform.registry);
  const within = <T>(work: (tx: TenantTransaction) => Promise<T>): Promise<T> =>
    platform.database.inTenant(tenant, work);
  const targets: TargetView[] = [];
  for (const id of new Set(of.targetIds)) {
    const { domain } = await within(tx => readTarget(tx, id));
    profileOf(platform, domain);
    targets.push(await verifyTarget(platform, within, id));
  }
  const key = await platform.keyOf(tenant);
  return within(async tx => {
    await refuseRunning(tx, targets);
    await assertWithinPlan(tx, 'scans');
    const id = await startScan(tx, {
      targetId: of.targetIds[0],
      domains: targets.map(target => target.domain),
      scope: await scopeOf(tx, platform, targets),
      engine,
      isActive:
        targets.every(target => target.proof.state === 'proven') &&
        (await tx.asPlatform(query => isFeatureOn(query, platform, 'active-scans', tenant))),
      requestedBy: of.userId,
      registry: platform.registry,
      queue: platform.queue,
      key,
    });
    return readScanView(tx, id);
  });
}

/** Locks the targets, so that of two starts at once the second sees the first. @throws UserError */
async function refuseRunning(tx: TenantTransaction, targets: readonly TargetView[]): Promise<void> {
  const ids = targets.map(target => target.id);
  await sql`select 1 from target where id = any(${ids}::uuid[]) order by id for update`.execute(tx.sql);
  const { rows } = await sql<{
    domain: string;
  }>`select t.domain from scan s join target t on t.id = s.target_id
    where s.target_id = any(${ids}::uuid[]) and s.state in ('running', 'closing')`.execute(tx.sql);
  if (rows[0]) {
    throw new UserError(
      'scan.already-running',
      `${rows[0].domain} is being scanned already. Wait for it to end, or cancel it.`,
    );
  }
}

/** All proven domains of the tenant are ours: names found below them belong to the same surface. */
async function scopeOf(
  tx: TenantTransaction,
  platform: Platform,
  targets: readonly TargetView[],
): Promise<ScanScope> {
  const ids = targets.map(target => target.id);
  const { rows: exclusions } = await sql<{
    value: string;
  }>`select value from exclusion order by value`.execute(tx.sql);
  const { rows: domains } = await sql<{ domain: string }>`select domain from target
    where proof_state = 'proven' or id = any(${ids}::uuid[]) order by domain`.execute(tx.sql);
  const profile = profileOf(platform, targets[0]?.domain ?? '');
  // A scan reaches one network: what another profile covers is none of its business, nor are that profile's private ranges.
  const isSameNetwork = (domain: string): boolean =>
    isDeepStrictEqual(profileFor(platform.profiles(), domain), profile);
  const foreign = targets.find(target => !isSameNetwork(target.domain));
  if (foreign) {
    throw new UserError(
      'request.conflict',
      `${foreign.domain} is reached through another network profile. Scan it on its own.`,
    );
  }
  return {
    domains: domains.map(row => row.domain).filter(isSameNetwork),
    networks: [],
    excluded: exclusions.map(row => row.value),
    allowedPrivateRanges: profile.allowedPrivateRanges,
    profile,
  };
}

/** Cancels a scan: nothing is stored from now on, and workers abort what they do for it. @throws UserError */
export async function stopScan(tx: TenantTransaction, scanId: string): Promise<ScanView> {
  await readScanView(tx, scanId);
  if (!(await cancelScan(tx, scanId))) throw new UserError('scan.ended', 'The scan has ended already.');
  await tx.asPlatform(query => announce(query, { tenantId: tx.tenantId, topic: 'cancel', id: scanId }));
  return readScanView(tx, scanId);
}

/** The state of a scan and its news after `cursor`; `isMore` says that there is more news already. */
export async function readProgress(
  tx: TenantTransaction,
  platform: Platform,
  scanId: string,
  cursor?: NewsCursor,
): Promise<{ progress: ScanProgress; cursor: NewsCursor; isMore: boolean }> {
  const scan = await readScanView(tx, scanId);
  const scanners = await readScannerProgress(tx, scanId, platform.registry);
  const limit = cursor ? NEXT_NEWS : FIRST_NEWS;
  const { news, cursor: next, isMore } = await readNews(tx, scanId, cursor, limit);
  const end = scan.finishedAt ? Date.parse(scan.finishedAt) : Date.now();
  return {
    progress: { scan, scanners, elapsedMs: Math.max(0, end - Date.parse(scan.startedAt)), news },
    cursor: next,
    isMore,
  };
}
