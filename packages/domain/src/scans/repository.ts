import {
  severities,
  type AssetKind,
  type ScanNews,
  type ScannerProgress,
  type ScanSummary,
  type ScanView,
  type Severity,
} from '@glacis/contract';
import type { Registry } from '@glacis/engine';
import { sql, type TenantTransaction } from '@glacis/db';
import { ruleOf } from '../findings/rule-text.ts';
import { notFound } from '../http/caller.ts';
import { likePattern } from '../inventory/repository.ts';

interface ScanListRow {
  id: string;
  target_id: string;
  domain: string;
  domains: string[];
  state: ScanView['state'];
  is_active: boolean;
  started_at: Date;
  finished_at: Date | null;
  new_assets: number;
  findings: Partial<Record<Severity, number>> | null;
  summary: ScanSummary | null;
  error: string | null;
}

const columns = sql`s.id, s.target_id, t.domain, s.state,
  array(select o.domain from scan_target st join target o on o.id = st.target_id where st.scan_id = s.id
    order by o.id <> s.target_id, o.domain) as domains, s.is_active, s.started_at, s.finished_at, s.new_assets, s.summary, s.error,
  (select jsonb_object_agg(severity, n) from (
    select f.severity, count(*)::int as n from scan_finding sf join finding f on f.id = sf.finding_id
    where sf.scan_id = s.id group by f.severity) as counted) as findings`;

function view(row: ScanListRow): ScanView {
  return {
    id: row.id,
    targetId: row.target_id,
    domain: row.domain,
    domains: row.domains,
    state: row.state,
    isActive: row.is_active,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    assetCount: row.new_assets,
    findings: countsBySeverity(row.findings),
    summary: row.summary,
    error: row.error,
  };
}

/** Counts with a zero for each severity that has none. */
export function countsBySeverity(counts: Partial<Record<Severity, number>> | null): Record<Severity, number> {
  return Object.fromEntries(severities.map(name => [name, counts?.[name] ?? 0])) as Record<Severity, number>;
}

/** A page of scans, newest first. */
export async function listScans(
  tx: TenantTransaction,
  of: { page: number; pageSize: number; q?: string | undefined },
): Promise<{ items: ScanView[]; total: number }> {
  const filter = of.q
    ? sql`where exists (select 1 from scan_target st join target o on o.id = st.target_id
        where st.scan_id = s.id and o.domain ilike ${likePattern(of.q)})`
    : sql``;
  const { rows } =
    await sql<ScanListRow>`select ${columns} from scan s join target t on t.id = s.target_id ${filter}
    order by s.started_at desc limit ${of.pageSize} offset ${(of.page - 1) * of.pageSize}`.execute(tx.sql);
  const { rows: counted } = await sql<{
    n: number;
  }>`select count(*)::int as n from scan s join target t on t.id = s.target_id ${filter}`.execute(tx.sql);
  return { items: rows.map(view), total: counted[0]?.n ?? 0 };
}

/** One scan. @throws UserError when it does not exist. */
export async function readScanView(tx: TenantTransaction, id: string): Promise<ScanView> {
  const { rows } =
    await sql<ScanListRow>`select ${columns} from scan s join target t on t.id = s.target_id where s.id = ${id}`.execute(
      tx.sql,
    );
  if (!rows[0]) throw notFound('scan');
  return view(rows[0]);
}

interface ProgressRow {
  scanner: string;
  queued: number;
  done: number;
  failed: number;
  assets_queued: number;
  assets_looked: number;
  assets_unreachable: number;
  assets_limited: number;
  assets_skipped: number;
  found_assets: number;
  found_findings: number;
}

/** What each scanner of a scan has done so far, in the order of the registry. */
export async function readScannerProgress(
  tx: TenantTransaction,
  scanId: string,
  registry: Registry,
): Promise<ScannerProgress[]> {
  const { rows } = await sql<ProgressRow>`select * from scan_progress where scan_id = ${scanId}`.execute(
    tx.sql,
  );
  const order = new Map(registry.all.map((scanner, index) => [scanner.id, index]));
  return rows
    .filter(row => row.queued > 0)
    .sort((a, b) => (order.get(a.scanner) ?? 999) - (order.get(b.scanner) ?? 999))
    .map(row => ({
      scanner: row.scanner,
      title: registry.get(row.scanner)?.title ?? row.scanner,
      jobs: { queued: row.queued, done: row.done, failed: row.failed },
      assets: {
        queued: row.assets_queued,
        looked: row.assets_looked,
        unreachable: row.assets_unreachable,
        limited: row.assets_limited,
        skipped: row.assets_skipped,
      },
      found: { assets: row.found_assets, findings: row.found_findings },
    }));
}

/** Where a watcher of a scan's news is: the highest sequence numbers it has seen. */
export interface NewsCursor {
  readonly asset: number;
  readonly finding: number;
}

/**
 * News after a cursor, oldest first: the next ones up to `limit` of each kind, so that who goes on from the returned cursor
 * misses none. Without a cursor the last ones. `isMore` says that a kind reached the limit.
 */
export async function readNews(
  tx: TenantTransaction,
  scanId: string,
  cursor: NewsCursor | undefined,
  limit: number,
): Promise<{ news: ScanNews[]; cursor: NewsCursor; isMore: boolean }> {
  const direction = cursor ? sql`asc` : sql`desc`;
  const since = cursor ?? { asset: 0, finding: 0 };
  const { rows: assets } = await sql<{
    seq: number;
    id: string;
    kind: AssetKind;
    key: string;
    in_scope: boolean;
    scanner: string;
  }>`
    select sa.seq::float8 as seq, a.id, a.kind, a.key, a.in_scope, sa.scanner from scan_asset sa join asset a on a.id = sa.asset_id
    where sa.scan_id = ${scanId} and sa.seq > ${since.asset} order by sa.seq ${direction} limit ${limit}`.execute(
    tx.sql,
  );
  const { rows: findings } = await sql<{
    seq: number;
    id: string;
    rule_id: string;
    rule: unknown;
    severity: Severity;
    parameter: string;
    key: string;
  }>`
    select sf.seq::float8 as seq, f.id, f.rule_id, r.body as rule, f.severity, f.parameter, a.key from scan_finding sf join finding f on f.id = sf.finding_id
    join asset a on a.id = f.asset_id left join rule r on r.id = f.rule_id
    where sf.scan_id = ${scanId} and sf.seq > ${since.finding} order by sf.seq ${direction} limit ${limit}`.execute(
    tx.sql,
  );
  if (!cursor) {
    assets.reverse();
    findings.reverse();
  }
  const news: ScanNews[] = [
    ...assets.map(row => ({
      type: 'asset' as const,
      seq: row.seq,
      id: row.id,
      kind: row.kind,
      key: row.key,
      inScope: row.in_scope,
      scanner: row.scanner,
    })),
    ...findings.map(row => ({
      type: 'finding' as const,
      seq: row.seq,
      id: row.id,
      ruleId: row.rule_id,
      title: ruleOf(row.rule_id, row.rule).title,
      severity: row.severity,
      assetKey: row.key,
      parameter: row.parameter,
    })),
  ];
  return {
    news,
    cursor: { asset: assets.at(-1)?.seq ?? since.asset, finding: findings.at(-1)?.seq ?? since.finding },
    isMore: cursor !== undefined && (assets.length === limit || findings.length === limit),
  };
}
