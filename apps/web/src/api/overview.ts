import { overviewView } from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { request, tenantUrl } from './client.ts';

/** What the dashboard shows. */
export function overviewQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'overview'] as const,
    queryFn: ({ signal }) => request(overviewView, tenantUrl(tenant, 'overview'), { signal }),
  });
}
