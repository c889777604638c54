import {
  findingQuery,
  overviewView,
  tenantPath,
  type OverviewView,
  type ScanSummary,
  type Severity,
} from '@glacis/contract';
import { sql, type TenantTransaction } from '@glacis/db';
import { listFindings } from '../findings/repository.ts';
import { inRouteTenant } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { countAssets } from '../inventory/repository.ts';
import { countsBySeverity, listScans } from '../scans/repository.ts';

const TREND_SCANS = 12;
const SOON_DAYS = 30;

/** Route of the dashboard. */
export const overviewRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/tenants/:tenant/overview',
    access: 'asset.read',
    summary: 'What the dashboard shows.',
    params: tenantPath,
    answer: overviewView,
    handle: input => inRouteTenant(input, readOverview),
  }),
];

/** Reads all that the dashboard shows. */
export async function readOverview(tx: TenantTransaction): Promise<OverviewView> {
  const { rows: open } = await sql<{
    severity: Severity;
    n: number;
  }>`select severity, count(*)::int as n from finding
    where state in ('open', 'confirmed') group by severity`.execute(tx.sql);
  const { rows: trend } = await sql<{
    at: Date;
    summary: ScanSummary;
  }>`select finished_at as at, summary from scan
    where state = 'completed' and summary is not null order by finished_at desc limit ${TREND_SCANS}`.execute(
    tx.sql,
  );
  const { rows: technologies } = await sql<{ name: string; count: number }>`
    select a.key as name, count(*)::int as count from edge e join asset a on a.id = e.to_id
    where e.relation = 'runs' and a.in_scope group by a.key order by count(*) desc, a.key limit 10`.execute(
    tx.sql,
  );
  const { rows: certificates } = await sql<{ id: string; subject: string; not_after: string }>`
    select id, coalesce(attributes->>'subject', key) as subject, attributes->>'notAfter' as not_after from asset
    where kind = 'certificate' and in_scope and attributes->>'notAfter' < to_char((now() + make_interval(days => ${SOON_DAYS})) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    order by attributes->>'notAfter' limit 10`.execute(tx.sql);
  const findings = await listFindings(tx, findingQuery.parse({ state: 'open,confirmed', pageSize: 8 }));
  const scans = await listScans(tx, { page: 1, pageSize: 5 });
  return {
    assets: await countAssets(tx),
    findings: countsBySeverity(Object.fromEntries(open.map(row => [row.severity, row.n]))),
    risk: trend[0]?.summary.risk ?? null,
    trend: trend.reverse().map(row => ({
      at: row.at.toISOString(),
      assets: Object.values(row.summary.assets).reduce((sum, count) => sum + (count ?? 0), 0),
      findings: row.summary.findings,
    })),
    latestFindings: findings.items,
    latestScans: scans.items,
    technologies,
    certificatesExpiringSoon: certificates.map(row => ({
      id: row.id,
      subject: row.subject,
      notAfter: row.not_after,
    })),
  };
}
