import type { AssetAttributes, AssetKind } from '@glacis/contract';
import { newId } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import type { JobQueue } from '@glacis/queue';
import { queueOf, type Registry } from './registry.ts';
import type { ScanRow } from './scan-row.ts';
import type { Scanner } from './scanner.ts';

/** An asset that the scan has met for the first time. */
export interface NewAsset {
  readonly id: string;
  readonly kind: AssetKind;
  readonly key: string;
  readonly attributes: AssetAttributes;
  readonly inScope: boolean;
}

/** The scanners of a scan that want an asset: chosen by the engine, allowed by the proof, and willing. */
export function scannersFor(asset: NewAsset, scan: ScanRow, registry: Registry): readonly Scanner[] {
  if (!asset.inScope) return [];
  return registry
    .consumersOf(asset.kind)
    .filter(
      scanner =>
        (scan.scanners === undefined || scan.scanners.includes(scanner.id)) &&
        (scan.isActive || scanner.mode === 'passive') &&
        (scanner.accepts?.(asset) ?? true),
    );
}

/** Turns new assets into jobs for the scanners that consume them, in the caller's transaction. Returns how many jobs. */
export async function dispatch(
  tx: TenantTransaction,
  assets: readonly NewAsset[],
  context: { scan: ScanRow; registry: Registry; queue: JobQueue },
): Promise<number> {
  const { scan, registry, queue } = context;
  const wanted = new Map<Scanner, string[]>();
  for (const asset of assets) {
    for (const scanner of scannersFor(asset, scan, registry)) {
      wanted.set(scanner, [...(wanted.get(scanner) ?? []), asset.id]);
    }
  }
  if (wanted.size === 0) return 0;

  const jobs: { id: string; scanner: string; queue: string; asset_ids: string[] }[] = [];
  for (const [scanner, ids] of wanted) {
    const added = await topUp(tx, scan.id, scanner, ids);
    for (let start = added; start < ids.length; start += scanner.batchSize) {
      jobs.push({
        id: newId(),
        scanner: scanner.id,
        queue: queueOf(scanner),
        asset_ids: ids.slice(start, start + scanner.batchSize),
      });
    }
  }
  const counts = [...wanted].map(([scanner, ids]) => ({
    scanner: scanner.id,
    jobs: jobs.filter(job => job.scanner === scanner.id).length,
    assets: ids.length,
  }));
  await sql`
    insert into scan_job (id, scan_id, scanner, asset_ids)
    select id, ${scan.id}, scanner, asset_ids
    from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as r (id uuid, scanner text, asset_ids uuid[])`.execute(
    tx.sql,
  );
  await sql`
    insert into scan_progress as p (scan_id, scanner, queued, assets_queued)
    select ${scan.id}, scanner, jobs, assets
    from jsonb_to_recordset(${JSON.stringify(counts)}::jsonb) as r (scanner text, jobs integer, assets integer)
    on conflict (scan_id, scanner) do update set queued = p.queued + excluded.queued, assets_queued = p.assets_queued + excluded.assets_queued`.execute(
    tx.sql,
  );
  if (jobs.length === 0) return 0;
  await sql`update scan set open_jobs = open_jobs + ${jobs.length} where id = ${scan.id}`.execute(tx.sql);
  await tx.asPlatform(async query => {
    for (const [name, ofQueue] of Map.groupBy(jobs, job => job.queue)) {
      await queue.enqueue(
        query,
        name,
        ofQueue.map(job => ({ tenantId: tx.tenantId, subjectId: job.id })),
      );
    }
  });
  return jobs.length;
}

/**
 * Adds assets to the scanner's newest job if no worker has begun it and its batch has room: when jobs wait, they fill up
 * instead of becoming many small ones. The caller holds the scan's lock, so nobody else adds. Returns how many were added.
 */
async function topUp(
  tx: TenantTransaction,
  scanId: string,
  scanner: Scanner,
  ids: readonly string[],
): Promise<number> {
  if (scanner.batchSize === 1) return 0;
  // A worker that begins the job at this moment holds its row: it is skipped.
  const { rows } = await sql<{ added: number }>`
    with waiting as (
      select id, asset_ids from scan_job
      where scan_id = ${scanId} and scanner = ${scanner.id} and state = 'open' and not begun
      order by id desc limit 1 for no key update skip locked
    )
    update scan_job j set asset_ids = j.asset_ids || (${ids}::uuid[])[1:${scanner.batchSize}::int - cardinality(j.asset_ids)]
    from waiting w where j.id = w.id and cardinality(j.asset_ids) < ${scanner.batchSize}
    returning cardinality(j.asset_ids) - cardinality(w.asset_ids) as added`.execute(tx.sql);
  return rows[0]?.added ?? 0;
}
