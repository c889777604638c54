import {
  findingQuery,
  severities,
  type AssetKind,
  type Confidence,
  type FindingDetail,
  type FindingState,
  type FindingView,
  type Severity,
} from '@glacis/contract';
import { open, type SecretKey } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { z } from 'zod';
import { notFound } from '../http/caller.ts';
import { likePattern, searchable } from '../inventory/repository.ts';
import { belongsTo } from '../targets/belongs.ts';
import { isTitled, ruleOf } from './rule-text.ts';

interface FindingRow {
  id: string;
  identity: string;
  rule_id: string;
  rule: unknown;
  severity: Severity;
  confidence: Confidence;
  state: FindingState;
  parameter: string;
  asset_id: string;
  asset_kind: AssetKind;
  asset_key: string;
  first_seen: Date;
  last_seen: Date;
}

const columns = sql`f.id, f.identity, f.rule_id, f.severity, f.confidence, f.state, f.parameter, f.asset_id,
  a.kind as asset_kind, a.key as asset_key, f.first_seen, f.last_seen,
  (select r.body from rule r where r.id = f.rule_id) as rule`;

/** What is stored as evidence. */
const storedEvidence = z.array(z.object({ label: z.string(), text: z.string() }));

function view(row: FindingRow): FindingView {
  return {
    id: row.id,
    ruleId: row.rule_id,
    title: ruleOf(row.rule_id, row.rule).title,
    severity: row.severity,
    confidence: row.confidence,
    state: row.state,
    parameter: row.parameter,
    asset: { id: row.asset_id, kind: row.asset_kind, key: row.asset_key },
    firstSeen: row.first_seen.toISOString(),
    lastSeen: row.last_seen.toISOString(),
  };
}

/** A page of findings. */
export async function listFindings(
  tx: TenantTransaction,
  query: z.output<typeof findingQuery>,
): Promise<{ items: FindingView[]; total: number }> {
  const conditions = [sql`true`];
  if (query.severity && query.severity.length > 0)
    conditions.push(sql`f.severity_rank = any(${query.severity.map(name => severities.indexOf(name))})`);
  if (query.state && query.state.length > 0) conditions.push(sql`f.state = any(${query.state})`);
  if (query.ruleId) conditions.push(sql`f.rule_id = ${query.ruleId}`);
  if (query.assetId) conditions.push(sql`f.asset_id = ${query.assetId}`);
  if (query.scanId)
    conditions.push(
      sql`exists (select 1 from scan_finding sf where sf.finding_id = f.id and sf.scan_id = ${query.scanId})`,
    );
  if (query.q) {
    const pattern = likePattern(query.q);
    conditions.push(
      sql`(a.key collate "C" ilike ${pattern} or f.rule_id ilike ${pattern} or f.parameter ilike ${pattern} or ${isTitled(query.q, pattern)})`,
    );
  }
  conditions.push(...belongsTo(sql`f.asset_id`, query));
  const where = sql.join(conditions, sql` and `);
  const direction = query.order === 'desc' ? sql`desc` : sql`asc`;
  const order = {
    severity: sql`f.severity_rank ${direction}, f.last_seen desc, f.id`,
    firstSeen: sql`f.first_seen ${direction}, f.id`,
    lastSeen: sql`f.last_seen ${direction}, f.id`,
  }[query.sort];
  // The asset is joined for the page's rows alone, unless the search needs it; then one pass finds page and total.
  const source = query.q
    ? sql`${searchable(tx, 'finding')} f join ${searchable(tx, 'asset')} a on a.id = f.asset_id`
    : sql`finding f`;
  const total = query.q ? sql`count(*) over ()::int` : sql`null::int`;
  const { rows } = await sql<FindingRow & { total: number | null }>`select ${columns}, page.total from (
      select f.id, ${total} as total from ${source} where ${where} order by ${order}
      limit ${query.pageSize} offset ${(query.page - 1) * query.pageSize}
    ) page join finding f on f.id = page.id join asset a on a.id = f.asset_id order by ${order}`.execute(
    tx.sql,
  );
  if (rows.length === 0 && query.page === 1) return { items: [], total: 0 };
  const known = rows[0]?.total;
  if (typeof known === 'number') return { items: rows.map(view), total: known };
  const { rows: counted } = await sql<{
    n: number;
  }>`select count(*)::int as n from ${source} where ${where}`.execute(tx.sql);
  return { items: rows.map(view), total: counted[0]?.n ?? 0 };
}

/** One finding with its texts and opened evidence. @throws UserError when it does not exist. */
export async function readFinding(tx: TenantTransaction, id: string, key: SecretKey): Promise<FindingDetail> {
  const { rows } = await sql<FindingRow & { evidence: Buffer }>`select ${columns}, f.evidence
    from finding f join asset a on a.id = f.asset_id where f.id = ${id}`.execute(tx.sql);
  const row = rows[0];
  if (!row) throw notFound('finding');
  const rule = ruleOf(row.rule_id, row.rule);
  return {
    ...view(row),
    description: rule.description,
    impact: rule.impact,
    advice: rule.advice,
    cwe: rule.cwe ?? null,
    cves: [...(rule.cves ?? [])],
    cvss: rule.cvss ?? null,
    references: [...(rule.references ?? [])],
    evidence: await openEvidence(tx, row, key),
  };
}

/** Opens the sealed evidence of a finding. */
export async function openEvidence(
  tx: TenantTransaction,
  row: { identity: string; evidence: Buffer },
  key: SecretKey,
): Promise<z.output<typeof storedEvidence>> {
  const plain = await open(key, row.evidence, ['tenant', tx.tenantId, 'finding', 'evidence', row.identity]);
  return storedEvidence.parse(JSON.parse(plain.toString('utf8')));
}

/** Sets the state of a finding. @throws UserError when it does not exist. */
export async function triageFinding(
  tx: TenantTransaction,
  id: string,
  state: FindingState,
): Promise<FindingView> {
  const { rows: changed } =
    await sql`update finding set state = ${state} where id = ${id} returning id`.execute(tx.sql);
  if (changed.length === 0) throw notFound('finding');
  const { rows } =
    await sql<FindingRow>`select ${columns} from finding f join asset a on a.id = f.asset_id where f.id = ${id}`.execute(
      tx.sql,
    );
  if (!rows[0]) throw notFound('finding');
  return view(rows[0]);
}
