import { findingDetail, findingView, pageOf, type FindingState, type FindingView } from '@glacis/contract';
import { keepPreviousData, queryOptions } from '@tanstack/vue-query';
import { request, tenantUrl, type QueryValues } from './client.ts';

const findingPage = pageOf(findingView);

/** A state that a person may give a finding; `fixed` is for scans alone to say. */
export type TriageState = Exclude<FindingState, 'fixed'>;

/** A page of findings. */
export function findingsQuery(tenant: string, query: QueryValues) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'findings', 'list', query] as const,
    queryFn: ({ signal }) => request(findingPage, tenantUrl(tenant, 'findings'), { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** One finding with its texts and evidence. */
export function findingQueryOf(tenant: string, id: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'findings', 'one', id] as const,
    queryFn: ({ signal }) => request(findingDetail, tenantUrl(tenant, 'findings', id), { signal }),
  });
}

/** Gives a finding another state. @throws ApiError */
export function triageFinding(tenant: string, id: string, state: TriageState): Promise<FindingView> {
  return request(findingView, tenantUrl(tenant, 'findings', id), { method: 'PATCH', body: { state } });
}
