import type { TenantTransaction } from '@glacis/db';
import { sql } from '@glacis/db';
import { newId, type SecretKey } from '@glacis/foundation';
import type { JobQueue } from '@glacis/queue';
import { announceScan, countJobs, ingest } from './ingest.ts';
import { sortObservations } from './observation-batch.ts';
import type { Registry } from './registry.ts';
import { readScan } from './scan-row.ts';
import type { ScanScope } from './scope.ts';
import type { EngineConfig } from './engine-config.ts';

/** Source of what a scan starts from. */
const SEED = 'seed';

/** Makes a scan and its first jobs in the caller's transaction. Returns its id. */
export async function startScan(
  tx: TenantTransaction,
  options: {
    targetId: string;
    /** Where it starts; the target's own domain among them. */
    domains: readonly string[];
    scope: ScanScope;
    engine: EngineConfig;
    /** Whether active scanners may run, which follows from the proof of ownership. */
    isActive: boolean;
    requestedBy: string | null;
    registry: Registry;
    queue: JobQueue;
    key: SecretKey;
  },
): Promise<string> {
  const id = newId();
  await tx.sql
    .insertInto('scan')
    .values({
      id,
      target_id: options.targetId,
      state: 'running',
      is_active: options.isActive,
      engine: JSON.stringify(options.engine),
      scope: JSON.stringify(options.scope),
      // Held open until the seeds' jobs exist.
      open_jobs: 1,
      requested_by: options.requestedBy,
    })
    .execute();
  const scan = await readScan(tx, id, { forUpdate: true });
  const seeds = options.domains.map(key => ({ kind: 'domain' as const, key }));
  const batch = sortObservations(
    seeds.map(seed => ({ type: 'asset', asset: seed, from: seed, reason: 'named as a target' })),
  );
  await ingest(tx, batch, {
    scan,
    scanner: SEED,
    registry: options.registry,
    queue: options.queue,
    key: options.key,
  });
  await countJobs(tx, id, -1, options.queue);
  await announceScan(tx, id);
  return id;
}

/**
 * Stops a scan: from this commit on none of its jobs stores anything, and workers abort what they are doing. Returns false
 * when it had already ended.
 */
export async function cancelScan(tx: TenantTransaction, scanId: string): Promise<boolean> {
  const { rows } = await sql`
    update scan set state = 'cancelled', finished_at = clock_timestamp() where id = ${scanId} and state in ('running', 'closing')
    returning id`.execute(tx.sql);
  if (rows.length === 0) return false;
  await announceScan(tx, scanId);
  return true;
}
