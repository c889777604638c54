import { targetView, type TargetView } from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { z } from 'zod';
import { command, request, tenantUrl } from './client.ts';

const targetList = z.object({ items: z.array(targetView) });

/** All targets of a tenant. */
export function targetsQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'targets'] as const,
    queryFn: ({ signal }) => request(targetList, tenantUrl(tenant, 'targets'), { signal }),
  });
}

/** Adds a domain. @throws ApiError */
export function addTarget(tenant: string, domain: string): Promise<TargetView> {
  return request(targetView, tenantUrl(tenant, 'targets'), { method: 'POST', body: { domain } });
}

/** Looks for the proof of ownership now. @throws ApiError */
export function verifyTarget(tenant: string, id: string): Promise<TargetView> {
  return request(targetView, tenantUrl(tenant, 'targets', id, 'verify'), { method: 'POST' });
}

/** Removes a target with its scans. @throws ApiError */
export function removeTarget(tenant: string, id: string): Promise<void> {
  return command(tenantUrl(tenant, 'targets', id), { method: 'DELETE' });
}
