import { isDeepStrictEqual } from 'node:util';
import type { ScanProgress, ScanView, TargetView } from '@glacis/contract';
import { parseEngine, startScan, type ScanScope } from '@glacis/engine';
import { profileFor, UserError, type TenantId } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { assertWithinPlan } from '../billing/limits.ts';
import { isFeatureOn } from '../tenancy/features.ts';
import type { Platform } from '../platform.ts';
import { profileOf } from '../targets/networks.ts';
import { lockProofs } from '../targets/proof-state.ts';
import { verifyTarget } from '../targets/verify.ts';
import { readTarget } from '../targets/view.ts';
import { readNews, readScannerProgress, readScanView, type NewsCursor } from './repository.ts';
import { abortScan } from './stop.ts';

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
    await lockProofs(tx, 'shared');
    await refuseRunning(tx, targets);
    await assertWithinPlan(tx, 'scans');
    const id = await startScan(tx, {
      targetId: of.targetIds[0],
      domains: targets.map(target => target.domain),
      scope: await scopeOf(tx, platform, targets),
      engine,
      isActive:
        (await areProven(tx, targets)) &&
        (await tx.asPlatform(query => isFeatureOn(query, platform, 'active-scans', tenant))),
      requestedBy: of.userId,
      registry: platform.registry,
      queue: platform.queue,
      key,
    });
    await sql`insert into scan_target (scan_id, target_id)
      select ${id}, unnest(${targets.map(target => target.id)}::uuid[])`.execute(tx.sql);
    return readScanView(tx, id);
  });
}

/** Whether all targets are proven now: a proof may have ended since it was looked at. */
async function areProven(tx: TenantTransaction, targets: readonly TargetView[]): Promise<boolean> {
  const ids = targets.map(target => target.id);
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from target
    where id = any(${ids}::uuid[]) and proof_state = 'proven'`.execute(tx.sql);
  return rows[0]?.n === ids.length;
}

/** Locks the targets, so that of two starts at once the second sees the first. @throws UserError */
async function refuseRunning(tx: TenantTransaction, targets: readonly TargetView[]): Promise<void> {
  const ids = targets.map(target => target.id);
  await sql`select 1 from target where id = any(${ids}::uuid[]) order by id for no key update`.execute(
    tx.sql,
  );
  const { rows } = await sql<{
    domain: string;
  }>`select t.domain from scan s join scan_target st on st.scan_id = s.id join target t on t.id = st.target_id
    where t.id = any(${ids}::uuid[]) and s.state in ('running', 'closing')`.execute(tx.sql);
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
  // Whoever sees the scan sees one of its targets by some project: what is in all projects of that target they see too.
  const { rows: domains } = await sql<{ domain: string }>`select domain from target d
    where d.id = any(${ids}::uuid[]) or (d.proof_state = 'proven' and exists (
      select 1 from unnest(${ids}::uuid[]) t (id) where not exists (
        select 1 from project_target p where p.target_id = t.id and not exists (
          select 1 from project_target q where q.project_id = p.project_id and q.target_id = d.id))))
    order by domain`.execute(tx.sql);
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
  if (!(await abortScan(tx, scanId))) throw new UserError('scan.ended', 'The scan has ended already.');
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
