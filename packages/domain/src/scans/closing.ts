import { severities, type AssetKind, type ScanSummary, type Severity } from '@glacis/contract';
import { announceScan, type Registry } from '@glacis/engine';
import { tenantId } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import type { Job } from '@glacis/queue';
import type { Platform } from '../platform.ts';
import { countsBySeverity } from './repository.ts';
import { scoreRisk } from './risk.ts';

/** Ends a scan whose last job has ended: what changed since the scan before, the risk, the summary. Runs once. */
export async function closeScan(job: Job, platform: Platform): Promise<void> {
  await platform.database.inTenant(tenantId(job.data.tenantId), async tx => {
    const scanId = job.data.subjectId;
    const { rows } = await sql<{
      state: string;
      target_id: string;
    }>`select state, target_id from scan where id = ${scanId} for update`.execute(tx.sql);
    const scan = rows[0];
    if (scan?.state === 'closing') {
      await settleMissing(tx, scanId, scan.target_id, platform.registry);
      const summary = await summarise(tx, scanId, scan.target_id);
      await sql`update scan set state = 'completed', finished_at = clock_timestamp(), summary = ${JSON.stringify(summary)}::jsonb where id = ${scanId}`.execute(
        tx.sql,
      );
      await announceScan(tx, scanId);
    }
    await tx.asPlatform(query => platform.queue.finish(query, job));
  });
}

/** The scan of the same target that completed before this one. */
const previousScan = (scanId: string, targetId: string) => sql`(
  select p.id from scan p where p.target_id = ${targetId} and p.state = 'completed' and p.id <> ${scanId}
  order by p.started_at desc limit 1)`;

/**
 * A finding of the scan before that this one did not report is fixed only when a scanner that reports its rule looked at its
 * asset again and could see it, and looked for it where its rules depend on the asset; silence, or the look of another scanner, proves nothing.
 */
async function settleMissing(
  tx: TenantTransaction,
  scanId: string,
  targetId: string,
  registry: Registry,
): Promise<void> {
  const reporters = registry.all.flatMap(({ id, reports }) => reports.map(rule => ({ rule, scanner: id })));
  await sql`
    update finding f set state = 'fixed'
    where f.state in ('open', 'confirmed')
      and exists (select 1 from scan_finding sf where sf.finding_id = f.id and sf.scan_id = ${previousScan(scanId, targetId)})
      and not exists (select 1 from scan_finding sf where sf.finding_id = f.id and sf.scan_id = ${scanId})
      and exists (select 1 from coverage c
        join jsonb_to_recordset(${JSON.stringify(reporters)}::jsonb) as r (rule text, scanner text) on r.scanner = c.scanner
        where c.scan_id = ${scanId} and c.asset_id = f.asset_id and c.outcome = 'looked' and r.rule = f.rule_id
        union all
        select 1 from coverage c join rule_set s on s.id = c.rule_set_id
        where c.scan_id = ${scanId} and c.asset_id = f.asset_id and c.outcome = 'looked' and f.rule_id = any(s.rules))`.execute(
    tx.sql,
  );
}

async function summarise(tx: TenantTransaction, scanId: string, targetId: string): Promise<ScanSummary> {
  const { rows: kinds } = await sql<{ kind: AssetKind; n: number }>`
    select a.kind, count(*)::int as n from scan_asset sa join asset a on a.id = sa.asset_id
    where sa.scan_id = ${scanId} and a.in_scope group by a.kind`.execute(tx.sql);
  const { rows: bySeverity } = await sql<{ severity: Severity; n: number }>`
    select f.severity, count(*)::int as n from scan_finding sf join finding f on f.id = sf.finding_id
    where sf.scan_id = ${scanId} and f.state in ('open', 'confirmed') group by f.severity`.execute(tx.sql);
  const { rows: changes } = await sql<{ new_assets: number; new_findings: number; gone_findings: number }>`
    select
      (select count(*)::int from asset where first_scan_id = ${scanId} and in_scope) as new_assets,
      (select count(*)::int from finding where first_scan_id = ${scanId}) as new_findings,
      (select count(*)::int from finding f join scan_finding sf on sf.finding_id = f.id
        where sf.scan_id = ${previousScan(scanId, targetId)} and f.state = 'fixed' and f.last_scan_id <> ${scanId}) as gone_findings`.execute(
    tx.sql,
  );
  const findings = countsBySeverity(Object.fromEntries(bySeverity.map(row => [row.severity, row.n])));
  const assets = Object.fromEntries(kinds.map(row => [row.kind, row.n])) as ScanSummary['assets'];
  return {
    assets,
    findings,
    changes: {
      newAssets: changes[0]?.new_assets ?? 0,
      newFindings: changes[0]?.new_findings ?? 0,
      goneFindings: changes[0]?.gone_findings ?? 0,
    },
    risk: scoreRisk({ findings, severities }),
  };
}
