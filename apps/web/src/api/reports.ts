import { pageOf, reportView, type ReportView } from '@glacis/contract';
import { keepPreviousData, queryOptions } from '@tanstack/vue-query';
import { request, tenantUrl, type QueryValues } from './client.ts';

const reportPage = pageOf(reportView);
/** How often the list is read again while a report is being rendered, milliseconds. */
const RENDERING_POLL_MS = 1500;

/** A page of reports, newest first; read again by itself while one of them is not finished. */
export function reportsQuery(tenant: string, query: QueryValues) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'reports', query] as const,
    queryFn: ({ signal }) => request(reportPage, tenantUrl(tenant, 'reports'), { query, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: query =>
      query.state.data?.items.some(report => report.state === 'queued' || report.state === 'rendering')
        ? RENDERING_POLL_MS
        : false,
  });
}

/** Orders a report of a completed scan. @throws ApiError */
export function createReport(tenant: string, scanId: string): Promise<ReportView> {
  return request(reportView, tenantUrl(tenant, 'reports'), { method: 'POST', body: { scanId } });
}

/** Address of a report's PDF. */
export function reportFileUrl(tenant: string, id: string): string {
  return tenantUrl(tenant, 'reports', id, 'file');
}
