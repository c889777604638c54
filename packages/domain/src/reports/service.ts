import type { ReportView } from '@glacis/contract';
import { newId, UserError } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import type { JobQueue } from '@glacis/queue';
import { notFound } from '../http/caller.ts';
import { readScanView } from '../scans/repository.ts';

/** Queue of the reports that wait to be rendered. */
export const REPORT_QUEUE = 'report';

interface ReportRow {
  id: string;
  scan_id: string;
  domain: string;
  design: string;
  state: ReportView['state'];
  page_count: number | null;
  size_bytes: string | null;
  error: string | null;
  created_at: Date;
  finished_at: Date | null;
}

const columns = sql`r.id, r.scan_id, t.domain, r.design, r.state, r.page_count, b.size_bytes, r.error, r.created_at, r.finished_at`;
const tables = sql`report r join scan s on s.id = r.scan_id join target t on t.id = s.target_id left join blob b on b.id = r.blob_id`;

function view(row: ReportRow): ReportView {
  return {
    id: row.id,
    scanId: row.scan_id,
    domain: row.domain,
    design: row.design,
    state: row.state,
    pageCount: row.page_count,
    sizeBytes: row.size_bytes === null ? null : Number(row.size_bytes),
    error: row.error,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

/** A page of reports, newest first. */
export async function listReports(
  tx: TenantTransaction,
  of: { page: number; pageSize: number },
): Promise<{ items: ReportView[]; total: number }> {
  const { rows } = await sql<ReportRow>`select ${columns} from ${tables} order by r.created_at desc
    limit ${of.pageSize} offset ${(of.page - 1) * of.pageSize}`.execute(tx.sql);
  const { rows: counted } = await sql<{ n: number }>`select count(*)::int as n from report`.execute(tx.sql);
  return { items: rows.map(view), total: counted[0]?.n ?? 0 };
}

/** One report. @throws UserError when it does not exist. */
export async function readReport(tx: TenantTransaction, id: string): Promise<ReportView> {
  const { rows } = await sql<ReportRow>`select ${columns} from ${tables} where r.id = ${id}`.execute(tx.sql);
  if (!rows[0]) throw notFound('report');
  return view(rows[0]);
}

/** Asks for a report of a scan that has ended. @throws UserError when it still runs. */
export async function requestReport(
  tx: TenantTransaction,
  queue: JobQueue,
  of: { scanId: string; design: string; userId: string | null },
): Promise<ReportView> {
  const scan = await readScanView(tx, of.scanId);
  if (scan.state === 'running' || scan.state === 'closing') {
    throw new UserError(
      'request.conflict',
      'The scan is still running. A report can be made once it has ended.',
    );
  }
  const id = newId();
  await tx.sql
    .insertInto('report')
    .values({
      id,
      scan_id: of.scanId,
      design: of.design,
      messages: '[]',
      blob_id: null,
      page_count: null,
      error: null,
      requested_by: of.userId,
      finished_at: null,
    })
    .execute();
  await tx.asPlatform(query =>
    queue.enqueue(query, REPORT_QUEUE, [{ tenantId: tx.tenantId, subjectId: id }]),
  );
  return readReport(tx, id);
}

/** Where a finished report lies. @throws UserError when it is not ready. */
export async function readReportFile(
  tx: TenantTransaction,
  id: string,
): Promise<{ report: ReportView; storageKey: string }> {
  const report = await readReport(tx, id);
  const { rows } = await sql<{
    storage_key: string;
  }>`select b.storage_key from report r join blob b on b.id = r.blob_id where r.id = ${id}`.execute(tx.sql);
  if (!rows[0]) {
    const message =
      report.state === 'failed'
        ? `The report failed: ${report.error ?? 'no reason is known'}`
        : 'The report is still being rendered.';
    throw new UserError('report.not-ready', message);
  }
  return { report, storageKey: rows[0].storage_key };
}
