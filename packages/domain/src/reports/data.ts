import type { AssetAttributes, AssetKind, Severity } from '@glacis/contract';
import type { Registry } from '@glacis/engine';
import type { SecretKey } from '@glacis/foundation';
import type { AttackSurfaceInput } from '@glacis/report-kit';
import { sql, type TenantTransaction } from '@glacis/db';
import { openEvidence } from '../findings/repository.ts';
import { ruleOf } from '../findings/rule-text.ts';
import { readScannerProgress, readScanView } from '../scans/repository.ts';

/**
 * Rows of each inventory table, and places of each finding, that a report lists: nobody reads the other thousands on paper.
 * Their number is said where they are missing, and where they are.
 */
const MAX_ROWS = 500;
const MAX_PLACES = 200;
/** Most findings of a report, a bound that only thousands of different rules can reach. */
const MAX_FINDINGS = 20_000;
const REST_NOTE =
  'All of them are in the web app under Assets and Findings, and in assets.jsonl and findings.jsonl of a scan from the command line.';
const MAX_SCREENSHOTS = 40;

/** Data of the attack-surface report, and the screenshots to fetch: report asset name → storage key. */
export interface ReportData {
  readonly data: AttackSurfaceInput;
  readonly screenshots: ReadonlyMap<string, string>;
}

/** Collects what the report of a scan says. */
export async function collectReportData(
  tx: TenantTransaction,
  scanId: string,
  of: { organisation: string; key: SecretKey; registry: Registry },
): Promise<ReportData> {
  const scan = await readScanView(tx, scanId);
  const progress = await readScannerProgress(tx, scanId, of.registry);
  const screenshots = await readScreenshots(tx, scanId);
  const findings = await readFindings(tx, scanId, of.key);
  const notes: string[] = [];
  if (!scan.isActive)
    notes.push(
      'Ownership of the domain was not proven when the scan started, so only passive sources were asked.',
    );
  if (scan.state !== 'completed')
    notes.push(`The scan did not complete (it was ${scan.state}); what it had found until then is reported.`);
  const { inventory, rowTotals } = await readInventory(tx, scanId, screenshots);
  if (findings.length === MAX_FINDINGS)
    notes.push(`The report is made of the ${MAX_FINDINGS} worst findings. ${REST_NOTE}`);
  const failed = progress.filter(entry => entry.jobs.failed > 0);
  for (const entry of failed)
    notes.push(`${entry.title}: ${entry.jobs.failed} of ${entry.jobs.queued} jobs failed and were given up.`);
  return {
    screenshots: new Map([...screenshots.values()].map(shot => [shot.name, shot.storageKey])),
    data: {
      organisation: of.organisation,
      scope: await readSeeds(tx, scanId),
      startedAt: scan.startedAt,
      endedAt: scan.finishedAt ?? new Date().toISOString(),
      totals: {
        assets: (scan.summary?.assets ?? {}) as Record<string, number>,
        severities: scan.summary?.findings ?? scan.findings,
      },
      riskScore: scan.summary?.risk.score ?? 0,
      author: '',
      classification: 'Confidential',
      summary: '',
      findings,
      inventory,
      rowTotals,
      restNote: REST_NOTE,
      serviceCounts: await readServiceCounts(tx, scanId),
      coverage: progress.map(entry => ({
        scanner: entry.scanner,
        title: entry.title,
        looked: entry.assets.looked,
        failed: entry.assets.unreachable,
        limited: entry.assets.limited,
      })),
      notes,
    },
  };
}

async function readSeeds(tx: TenantTransaction, scanId: string): Promise<string[]> {
  const { rows } = await sql<{
    key: string;
  }>`select a.key from scan_asset sa join asset a on a.id = sa.asset_id
    where sa.scan_id = ${scanId} and sa.scanner = 'seed' order by a.key`.execute(tx.sql);
  return rows.map(row => row.key);
}

async function readFindings(
  tx: TenantTransaction,
  scanId: string,
  key: SecretKey,
): Promise<AttackSurfaceInput['findings']> {
  const { rows } = await sql<{
    id: string;
    identity: string;
    rule_id: string;
    rule: unknown;
    severity: Severity;
    parameter: string;
    asset_key: string;
    evidence: Buffer;
    first_seen: Date;
    total: string;
  }>`
    with ranked as (
      select f.id, a.key as asset_key, count(*) over (partition by f.rule_id, f.severity) as total,
        row_number() over (partition by f.rule_id, f.severity order by a.key, f.parameter) as place
      from scan_finding sf join finding f on f.id = sf.finding_id join asset a on a.id = f.asset_id
      where sf.scan_id = ${scanId} and f.state in ('open', 'confirmed'))
    select f.id, f.identity, f.rule_id, t.body as rule, f.severity, f.parameter, r.asset_key, f.evidence, f.first_seen, r.total
    from ranked r join finding f on f.id = r.id left join rule t on t.id = f.rule_id
    where r.place <= ${MAX_PLACES}
    order by f.severity_rank, f.rule_id, r.asset_key, f.parameter limit ${MAX_FINDINGS}`.execute(tx.sql);
  return rows.map(row => {
    const rule = ruleOf(row.rule_id, row.rule);
    return {
      id: row.id,
      title: rule.title,
      severity: row.severity,
      ruleId: row.rule_id,
      asset: row.asset_key,
      location: row.parameter,
      description: rule.description,
      impact: rule.impact,
      advice: rule.advice,
      evidence: openEvidence(tx, row, key),
      references: [
        ...(rule.references ?? []),
        ...(rule.cves ?? []).map(cve => `https://www.cve.org/CVERecord?id=${cve}`),
        ...(rule.cwe ? [`https://cwe.mitre.org/data/definitions/${rule.cwe}.html`] : []),
      ],
      firstSeen: row.first_seen.toISOString(),
      total: Number(row.total),
    };
  });
}

async function readScreenshots(
  tx: TenantTransaction,
  scanId: string,
): Promise<Map<string, { name: string; storageKey: string }>> {
  const { rows } = await sql<{ asset_id: string; storage_key: string }>`
    select b.asset_id, b.storage_key from blob b join scan_asset sa on sa.asset_id = b.asset_id and sa.scan_id = ${scanId}
    join asset a on a.id = b.asset_id where b.name = 'screenshot' order by a.key limit ${MAX_SCREENSHOTS}`.execute(
    tx.sql,
  );
  return new Map(
    rows.map((row, index) => [
      row.asset_id,
      { name: `screenshot-${index + 1}.png`, storageKey: row.storage_key },
    ]),
  );
}

interface InventoryRow {
  id: string;
  key: string;
  attributes: AssetAttributes;
  scanner: string;
}

async function readInventory(
  tx: TenantTransaction,
  scanId: string,
  screenshots: ReadonlyMap<string, { name: string }>,
): Promise<{
  inventory: Required<NonNullable<AttackSurfaceInput['inventory']>>;
  rowTotals: NonNullable<AttackSurfaceInput['rowTotals']>;
}> {
  const ofKind = async (kind: AssetKind): Promise<InventoryRow[]> => {
    const { rows } = await sql<InventoryRow>`
      select a.id, a.key, a.attributes, sa.scanner from scan_asset sa join asset a on a.id = sa.asset_id
      where sa.scan_id = ${scanId} and a.kind = ${kind} and a.in_scope order by a.key limit ${MAX_ROWS}`.execute(
      tx.sql,
    );
    return rows;
  };
  const [hostnames, services, websites, certificates] = [
    await ofKind('hostname'),
    await ofKind('service'),
    await ofKind('website'),
    await ofKind('certificate'),
  ];
  const totalOf = async (kind: AssetKind): Promise<number> => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from scan_asset sa join asset a on a.id = sa.asset_id
      where sa.scan_id = ${scanId} and a.kind = ${kind} and a.in_scope`.execute(tx.sql);
    return rows[0]?.n ?? 0;
  };
  const rowTotals = {
    hostnames: await totalOf('hostname'),
    services: await totalOf('service'),
    websites: await totalOf('website'),
    certificates: await totalOf('certificate'),
  };
  const inventory = {
    hostnames: hostnames.map(row => ({
      name: row.key,
      addresses: texts(row.attributes['addresses']),
      source: row.scanner,
    })),
    services: services.map(row => {
      const match = /^(.*):(\d+)\/(\w+)$/.exec(row.key);
      return {
        address: match?.[1] ?? row.key,
        port: Number(match?.[2] ?? 0),
        protocol: match?.[3] ?? 'tcp',
        name: text(row.attributes['protocol']),
        product: [text(row.attributes['product']), text(row.attributes['version'])].filter(Boolean).join(' '),
      };
    }),
    websites: websites.map(row => ({
      url: row.key,
      title: text(row.attributes['title']),
      status: typeof row.attributes['status'] === 'number' ? row.attributes['status'] : null,
      technologies: texts(row.attributes['technologies']),
      screenshot: screenshots.get(row.id)?.name ?? null,
    })),
    certificates: certificates.map(row => ({
      subject: text(row.attributes['subject']) || row.key,
      issuer: text(row.attributes['issuer']),
      names: texts(row.attributes['names']),
      expiresAt: text(row.attributes['notAfter']) || null,
    })),
  };
  return { inventory, rowTotals };
}

/** The most frequent services of a scan by protocol and port. */
async function readServiceCounts(
  tx: TenantTransaction,
  scanId: string,
): Promise<NonNullable<AttackSurfaceInput['serviceCounts']>> {
  const { rows } = await sql<{ name: string | null; port: string; value: number }>`
    select a.attributes->>'protocol' as name, substring(a.key from ':(\\d+)/') as port, count(*)::int as value
    from scan_asset sa join asset a on a.id = sa.asset_id
    where sa.scan_id = ${scanId} and a.kind = 'service' and a.in_scope
    group by 1, 2 order by 3 desc, 1, 2 limit 10`.execute(tx.sql);
  return rows.map(({ name, port, value }) => ({ label: `${name ?? 'tcp'} · ${port}`, value }));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(entry => typeof entry === 'string') : [];
}
