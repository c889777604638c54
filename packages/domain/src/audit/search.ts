import { auditBody, type AuditExportQuery, type AuditQuery, type AuditRecordView } from '@glacis/contract';
import { UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { onChain, storedRecord, type RecordRow, type Sql, type StoredRecord } from './chain.ts';
import { csvRow } from './csv.ts';

/** Most records of one export by the API; the command line has no such limit. */
const MAX_EXPORTED = 100_000;
const BATCH = 2000;

type Filter = Omit<AuditExportQuery, 'format'>;

/** The condition of a filter. */
function condition(filter: Filter): Sql {
  const { actor, action, outcome, from, to, q } = filter;
  const parts: Sql[] = [sql`true`];
  if (actor !== undefined) parts.push(sql`strpos(lower(actor), lower(${actor}::text)) > 0`);
  if (action !== undefined) parts.push(sql`starts_with(action, ${action}::text)`);
  if (outcome !== undefined) parts.push(sql`outcome = any(${outcome}::text[])`);
  if (from !== undefined) parts.push(sql`at >= ${from}::timestamptz`);
  if (to !== undefined) parts.push(sql`at < ${to}::timestamptz`);
  if (q !== undefined) parts.push(sql`strpos(lower(body), lower(${q}::text)) > 0`);
  return sql.join(parts, sql` and `);
}

/** A page of a chain's records, newest first. */
export async function searchAudit(
  database: Database,
  tenant: TenantId | undefined,
  query: AuditQuery,
): Promise<{ items: AuditRecordView[]; total: number }> {
  const where = condition(query);
  return onChain(database, tenant, async (run, table) => {
    const [counted] = await run(
      sql<{ total: string }>`select count(*) as total from ${table} where ${where}`,
    );
    const rows =
      await run(sql<RecordRow>`select seq, at, previous_hash, hash, body from ${table} where ${where}
      order by seq desc limit ${query.pageSize} offset ${(query.page - 1) * query.pageSize}`);
    return { items: rows.map(row => view(storedRecord(row))), total: Number(counted?.total ?? 0) };
  });
}

function view(record: StoredRecord): AuditRecordView {
  return {
    ...auditBody.parse(JSON.parse(record.body)),
    seq: record.seq,
    hash: record.hash.toString('hex'),
  };
}

/** The records of a chain in the order of their numbers, in batches; what a filter leaves. */
export async function* readAudit(
  database: Database,
  tenant: TenantId | undefined,
  filter: Filter,
): AsyncGenerator<StoredRecord[]> {
  const where = condition(filter);
  for (let after = 0; ;) {
    const records = await onChain(database, tenant, async (run, table) => {
      const rows = await run(sql<RecordRow>`select seq, at, previous_hash, hash, body from ${table}
        where seq > ${after} and ${where} order by seq limit ${BATCH}`);
      return rows.map(storedRecord);
    });
    if (records.length > 0) yield records;
    if (records.length < BATCH) return;
    after = records.at(-1)?.seq ?? after;
  }
}

const COLUMNS = [
  'seq',
  'at',
  'actorKind',
  'actorId',
  'actorName',
  'via',
  'credentialId',
  'address',
  'action',
  'subjectKind',
  'subjectId',
  'outcome',
  'code',
  'count',
  'requestId',
  'detail',
  'previousHash',
  'hash',
] as const;

/** First line of an export, if its form has one. */
export function exportHeader(format: AuditExportQuery['format']): string {
  return format === 'csv' ? csvRow(COLUMNS) : '';
}

/** A record as a line of an export. */
export function exportLine(record: StoredRecord, format: AuditExportQuery['format']): string {
  const hash = record.hash.toString('hex');
  const previousHash = record.previousHash.toString('hex');
  if (format === 'jsonl')
    // The body goes in as it was hashed.
    return `{"seq":${record.seq},"previousHash":"${previousHash}","hash":"${hash}","record":${record.body}}\n`;
  const body = auditBody.parse(JSON.parse(record.body));
  return csvRow([
    record.seq,
    body.at,
    body.actor.kind,
    body.actor.id,
    body.actor.name,
    body.via,
    body.credentialId,
    body.address,
    body.action,
    body.subject?.kind,
    body.subject?.id,
    body.outcome,
    body.code,
    body.count,
    body.requestId,
    JSON.stringify(body.detail),
    previousHash,
    hash,
  ]);
}

/** A whole export. @throws UserError when it would have too many records. */
export async function exportAudit(
  database: Database,
  tenant: TenantId | undefined,
  { format, ...filter }: AuditExportQuery,
): Promise<Buffer> {
  const parts = [Buffer.from(exportHeader(format))];
  let count = 0;
  for await (const records of readAudit(database, tenant, filter)) {
    count += records.length;
    if (count > MAX_EXPORTED) {
      throw new UserError(
        'audit.too-many-records',
        `These are more than ${MAX_EXPORTED} records. Choose a shorter time, or use: glacis audit export.`,
      );
    }
    parts.push(Buffer.from(records.map(record => exportLine(record, format)).join('')));
  }
  return Buffer.concat(parts);
}
