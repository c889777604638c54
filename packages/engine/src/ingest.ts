import { rules, severities, type AnyRuleId, type Rule } from '@glacis/contract';
import { encrypt, newId, sha256, type SecretKey } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { announce } from '@glacis/realtime';
import type { JobQueue } from '@glacis/queue';
import { attributeToTargets } from './attribute.ts';
import { deriveEndpoints } from './derive-endpoints.ts';
import { dispatch, type NewAsset } from './dispatch.ts';
import { findingIdentity } from './identity.ts';
import { cutText, refId, type ObservationBatch, type RefId } from './observation-batch.ts';
import { CLOSING_QUEUE, type Registry } from './registry.ts';
import { createScopeJudge } from './scope-judge.ts';
import type { ScanRow } from './scan-row.ts';

/** What ingest needs beside the transaction. */
export interface IngestContext {
  readonly scan: ScanRow;
  readonly scanner: string;
  readonly registry: Registry;
  readonly queue: JobQueue;
  readonly key: SecretKey;
}

/** What a batch brought. */
export interface IngestResult {
  readonly newAssets: number;
  readonly newFindings: number;
}

interface StoredAsset {
  readonly id: string;
  readonly inScope: boolean;
}

/**
 * Stores a batch of observations, follows them up with new jobs and counts, all in the caller's transaction, which must
 * hold the lock on the scan's row. Ingesting the same batch again changes nothing.
 */
export async function ingest(
  tx: TenantTransaction,
  batch: ObservationBatch,
  context: IngestContext,
): Promise<IngestResult> {
  const stored = await storeAssets(tx, batch, context);
  const met = await noteMet(tx, batch, stored, context);
  await storeEdges(tx, batch, stored, context);
  const endpoints = await deriveEndpoints(tx, context.scan, touchedAddresses(batch, stored));
  await attributeToTargets(tx, [
    ...batch.links.map(link => ({
      asset: { ...link.asset, id: stored.get(refId(link.asset))?.id },
      from: stored.get(refId(link.from))?.id,
    })),
    ...endpoints.map(endpoint => ({ asset: endpoint, from: undefined })),
  ]);
  await storeRules(tx, batch);
  const newFindings = await storeFindings(tx, batch, stored, context);
  await storeCoverage(tx, batch, stored, context);

  const fresh: NewAsset[] = met.map(id => {
    const asset = batch.assets.get(id);
    const row = stored.get(id);
    return {
      id: row?.id ?? '',
      kind: asset?.kind ?? 'hostname',
      key: asset?.key ?? '',
      attributes: asset?.attributes ?? {},
      inScope: row?.inScope ?? false,
    };
  });
  const newAssets = met.length + endpoints.length;
  await sql`update scan_progress set found_assets = found_assets + ${newAssets}, found_findings = found_findings + ${newFindings}
    where scan_id = ${context.scan.id} and scanner = ${context.scanner}`.execute(tx.sql);
  if (newAssets > 0) {
    await sql`update scan set new_assets = new_assets + ${newAssets} where id = ${context.scan.id}`.execute(
      tx.sql,
    );
  }
  await dispatch(tx, [...fresh, ...endpoints], context);
  return { newAssets, newFindings };
}

/** Adds to the counter of open jobs; the transaction that brings it to zero ends the scan by enqueuing its closing job. */
export async function countJobs(
  tx: TenantTransaction,
  scanId: string,
  delta: number,
  queue: JobQueue,
): Promise<void> {
  const { rows } = await sql<{ open_jobs: number }>`
    update scan set open_jobs = open_jobs + ${delta} where id = ${scanId} and state = 'running' returning open_jobs`.execute(
    tx.sql,
  );
  if (rows[0]?.open_jobs !== 0) return;
  await sql`update scan set state = 'closing' where id = ${scanId}`.execute(tx.sql);
  await tx.asPlatform(query =>
    queue.enqueue(query, CLOSING_QUEUE, [{ tenantId: tx.tenantId, subjectId: scanId }]),
  );
}

/** Tells the watchers of a scan that there is news, when the transaction commits. */
export function announceScan(tx: TenantTransaction, scanId: string): Promise<void> {
  return announce((text, values = []) => tx.asPlatform(query => query(text, values)), {
    tenantId: tx.tenantId,
    topic: 'scan',
    id: scanId,
  });
}

async function storeAssets(
  tx: TenantTransaction,
  batch: ObservationBatch,
  { scan }: IngestContext,
): Promise<Map<RefId, StoredAsset>> {
  if (batch.assets.size === 0) return new Map();
  const judge = createScopeJudge(scan.scope, batch);
  // Sorted, so that two scans that store the same assets lock the rows in the same order.
  const rows = [...batch.assets.values()]
    .sort((a, b) => (refId(a) < refId(b) ? -1 : 1))
    .map(asset => ({
      id: newId(),
      kind: asset.kind,
      key: asset.key,
      attributes: asset.attributes,
      in_scope: judge(asset),
    }));
  const { rows: stored } = await sql<{ id: string; kind: string; key: string; in_scope: boolean }>`
    insert into asset as a (id, kind, key, attributes, in_scope, first_scan_id, last_scan_id)
    select id, kind, key, attributes, in_scope, ${scan.id}, ${scan.id}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (id uuid, kind text, key text, attributes jsonb, in_scope boolean)
    on conflict (kind, key) do update set
      attributes = case when a.attributes @> excluded.attributes then a.attributes else a.attributes || excluded.attributes end,
      in_scope = a.in_scope or excluded.in_scope,
      last_seen = clock_timestamp(),
      last_scan_id = excluded.last_scan_id
    returning id, kind, key, in_scope`.execute(tx.sql);
  return new Map(stored.map(row => [`${row.kind}|${row.key}`, { id: row.id, inScope: row.in_scope }]));
}

/** Notes which assets this scan has met for the first time, with what led there. */
async function noteMet(
  tx: TenantTransaction,
  batch: ObservationBatch,
  stored: ReadonlyMap<RefId, StoredAsset>,
  context: IngestContext,
): Promise<RefId[]> {
  const first = new Map<string, { ref: RefId; from: string | null; reason: string }>();
  for (const link of batch.links) {
    const asset = stored.get(refId(link.asset));
    const from = stored.get(refId(link.from));
    if (!asset || !from || first.has(asset.id)) continue;
    first.set(asset.id, {
      ref: refId(link.asset),
      from: from.id === asset.id ? null : from.id,
      reason: cutText(link.reason, 500),
    });
  }
  if (first.size === 0) return [];
  const rows = [...first].map(([id, value]) => ({
    asset_id: id,
    from_asset_id: value.from,
    reason: value.reason,
  }));
  const { rows: inserted } = await sql<{ asset_id: string }>`
    insert into scan_asset (scan_id, asset_id, scanner, from_asset_id, reason)
    select ${context.scan.id}, asset_id, ${context.scanner}, from_asset_id, reason
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (asset_id uuid, from_asset_id uuid, reason text)
    on conflict do nothing returning asset_id`.execute(tx.sql);
  return inserted.flatMap(row => first.get(row.asset_id)?.ref ?? []);
}

async function storeEdges(
  tx: TenantTransaction,
  batch: ObservationBatch,
  stored: ReadonlyMap<RefId, StoredAsset>,
  context: IngestContext,
): Promise<void> {
  const rows = new Map<string, { from_id: string; relation: string; to_id: string }>();
  for (const link of batch.links) {
    const from = stored.get(refId(link.from));
    const to = stored.get(refId(link.asset));
    if (!link.relation || !from || !to || from.id === to.id) continue;
    rows.set(`${from.id} ${link.relation} ${to.id}`, {
      from_id: from.id,
      relation: link.relation,
      to_id: to.id,
    });
  }
  if (rows.size === 0) return;
  await sql`
    insert into edge (from_id, relation, to_id, scanner)
    select from_id, relation, to_id, ${context.scanner}
    from jsonb_to_recordset(${JSON.stringify([...rows.values()])}::jsonb) as r (from_id uuid, relation text, to_id uuid)
    order by 1, 2, 3
    on conflict (from_id, relation, to_id) do update set last_seen = clock_timestamp()`.execute(tx.sql);
}

/** Addresses whose host names or services this batch changed: new endpoints can only arise there. */
function touchedAddresses(
  batch: ObservationBatch,
  stored: ReadonlyMap<RefId, StoredAsset>,
): { addressIds: string[]; serviceIds: string[] } {
  const addresses = new Set<string>();
  const services = new Set<string>();
  for (const link of batch.links) {
    if (link.relation === 'resolves_to') addresses.add(stored.get(refId(link.asset))?.id ?? '');
    if (link.asset.kind === 'service') services.add(stored.get(refId(link.asset))?.id ?? '');
  }
  addresses.delete('');
  services.delete('');
  return { addressIds: [...addresses], serviceIds: [...services] };
}

const builtIn: Readonly<Partial<Record<AnyRuleId, Rule>>> = rules;

/** Keeps what the rules of templates say, as of the last time that they found something. */
async function storeRules(tx: TenantTransaction, batch: ObservationBatch): Promise<void> {
  const found = new Map<string, Rule>();
  for (const { ruleId, rule } of batch.findings) if (rule && !builtIn[ruleId]) found.set(ruleId, rule);
  if (found.size === 0) return;
  const rows = [...found]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([id, rule]) => ({ id, title: rule.title, body: rule }));
  await sql`
    insert into rule as r (id, title, body)
    select id, title, body from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (id text, title text, body jsonb)
    on conflict (id) do update set title = excluded.title, body = excluded.body where r.body <> excluded.body`.execute(
    tx.sql,
  );
}

async function storeFindings(
  tx: TenantTransaction,
  batch: ObservationBatch,
  stored: ReadonlyMap<RefId, StoredAsset>,
  context: IngestContext,
): Promise<number> {
  let count = 0;
  for (const finding of batch.findings) {
    const asset = stored.get(refId(finding.asset));
    if (!asset) continue;
    const parameter = finding.parameter ?? '';
    const identity = findingIdentity({ ruleId: finding.ruleId, asset: finding.asset, parameter });
    const severity =
      finding.severity ?? builtIn[finding.ruleId]?.severity ?? finding.rule?.severity ?? 'info';
    const evidence = encrypt(context.key, Buffer.from(JSON.stringify(finding.evidence)), [
      'tenant',
      tx.tenantId,
      'finding',
      'evidence',
      identity,
    ]);
    const { rows } = await sql<{ id: string }>`
      insert into finding as f (id, identity, rule_id, asset_id, parameter, severity, severity_rank, confidence, evidence, first_scan_id, last_scan_id)
      values (${newId()}, ${identity}, ${finding.ruleId}, ${asset.id}, ${parameter}, ${severity}, ${severities.indexOf(severity)},
        ${finding.confidence}, ${evidence}, ${context.scan.id}, ${context.scan.id})
      on conflict (identity) do update set last_seen = clock_timestamp(), last_scan_id = excluded.last_scan_id,
        severity = excluded.severity, severity_rank = excluded.severity_rank, confidence = excluded.confidence, evidence = excluded.evidence,
        state = case when f.state = 'fixed' then 'open' else f.state end
      returning id`.execute(tx.sql);
    const inserted =
      await sql`insert into scan_finding (scan_id, finding_id) values (${context.scan.id}, ${rows[0]?.id ?? ''})
      on conflict do nothing returning seq`.execute(tx.sql);
    count += inserted.rows.length;
  }
  return count;
}

async function storeCoverage(
  tx: TenantTransaction,
  batch: ObservationBatch,
  stored: ReadonlyMap<RefId, StoredAsset>,
  context: IngestContext,
): Promise<void> {
  const ruleSets = new Map<string, readonly string[]>();
  const rows = batch.coverage.flatMap(entry => {
    const asset = stored.get(refId(entry.asset));
    const looked = entry.rules && [...new Set<string>(entry.rules)].sort();
    const ruleSetId = looked ? sha256(JSON.stringify(looked)) : null;
    if (looked && ruleSetId) ruleSets.set(ruleSetId, looked);
    return asset
      ? [
          {
            asset_id: asset.id,
            rule_set_id: ruleSetId,
            outcome: entry.outcome,
            detail: entry.detail ? cutText(entry.detail, 500) : null,
          },
        ]
      : [];
  });
  if (rows.length === 0) return;
  if (ruleSets.size > 0) {
    const sets = [...ruleSets]
      .map(([id, ids]) => ({ id, rules: ids }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    await sql`insert into rule_set (id, rules) select id, rules
      from jsonb_to_recordset(${JSON.stringify(sets)}::jsonb) as r (id text, rules text[]) on conflict do nothing`.execute(
      tx.sql,
    );
  }
  const { rows: inserted } = await sql<{ outcome: string }>`
    insert into coverage (scan_id, scanner, asset_id, outcome, detail, rule_set_id)
    select ${context.scan.id}, ${context.scanner}, asset_id, outcome, detail, rule_set_id
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (asset_id uuid, outcome text, detail text, rule_set_id text)
    on conflict do nothing returning outcome`.execute(tx.sql);
  const count = (outcome: string): number => inserted.filter(row => row.outcome === outcome).length;
  await sql`update scan_progress set
      assets_looked = assets_looked + ${count('looked')}, assets_unreachable = assets_unreachable + ${count('unreachable')},
      assets_limited = assets_limited + ${count('limited')}, assets_skipped = assets_skipped + ${count('skipped')}
    where scan_id = ${context.scan.id} and scanner = ${context.scanner}`.execute(tx.sql);
}
