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
    for (let start = 0; start < ids.length; start += scanner.batchSize) {
      jobs.push({
        id: newId(),
        scanner: scanner.id,
        queue: queueOf(scanner),
        asset_ids: ids.slice(start, start + scanner.batchSize),
      });
    }
  }
  await sql`
    insert into scan_job (id, scan_id, scanner, asset_ids)
    select id, ${scan.id}, scanner, asset_ids
    from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as r (id uuid, scanner text, asset_ids uuid[])`.execute(
    tx.sql,
  );
  await sql`
    insert into scan_progress as p (scan_id, scanner, queued, assets_queued)
    select ${scan.id}, scanner, count(*), sum(cardinality(asset_ids))
    from jsonb_to_recordset(${JSON.stringify(jobs)}::jsonb) as r (scanner text, asset_ids uuid[]) group by scanner
    on conflict (scan_id, scanner) do update set queued = p.queued + excluded.queued, assets_queued = p.assets_queued + excluded.assets_queued`.execute(
    tx.sql,
  );
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
