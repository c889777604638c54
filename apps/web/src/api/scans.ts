import { pageOf, scanProgress, scanView, type ScanView } from '@glacis/contract';
import { keepPreviousData, queryOptions } from '@tanstack/vue-query';
import { request, tenantUrl, type QueryValues } from './client.ts';

const scanPage = pageOf(scanView);

/** A page of scans, newest first. */
export function scansQuery(tenant: string, query: QueryValues) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'scans', 'list', query] as const,
    queryFn: ({ signal }) => request(scanPage, tenantUrl(tenant, 'scans'), { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** One scan with what each scanner has done and the last 50 news. */
export function scanQuery(tenant: string, id: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'scans', 'one', id] as const,
    queryFn: ({ signal }) => request(scanProgress, tenantUrl(tenant, 'scans', id), { signal }),
  });
}

/** Starts a scan of a target, with others together if they are given, with the default engine. @throws ApiError */
export function startScan(
  tenant: string,
  targetId: string,
  alsoTargetIds: readonly string[] = [],
): Promise<ScanView> {
  const body = { targetId, ...(alsoTargetIds.length > 0 ? { alsoTargetIds } : {}) };
  return request(scanView, tenantUrl(tenant, 'scans'), { method: 'POST', body });
}

/** Cancels a running scan. @throws ApiError */
export function cancelScan(tenant: string, id: string): Promise<ScanView> {
  return request(scanView, tenantUrl(tenant, 'scans', id, 'cancel'), { method: 'POST' });
}
