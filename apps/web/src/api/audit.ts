import { auditRecordView, auditVerification, pageOf } from '@glacis/contract';
import { keepPreviousData, queryOptions } from '@tanstack/vue-query';
import { queryString, request, tenantUrl, type QueryValues } from './client.ts';

const auditPage = pageOf(auditRecordView);

/** A page of the audit log, newest first. */
export function auditQueryOptions(tenant: string, query: QueryValues) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'audit', query] as const,
    queryFn: ({ signal }) => request(auditPage, tenantUrl(tenant, 'audit'), { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** Whether the chain of the audit log is whole; reckoned when it is asked for. */
export function auditVerificationQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'audit-verification'] as const,
    queryFn: ({ signal }) =>
      request(auditVerification, tenantUrl(tenant, 'audit', 'verification'), { signal }),
  });
}

/** Address of an export with the filters of the list. */
export function auditExportUrl(tenant: string, query: QueryValues, format: 'jsonl' | 'csv'): string {
  const { page: _, pageSize: __, ...filter } = query;
  return tenantUrl(tenant, 'audit', 'export') + queryString({ ...filter, format });
}
