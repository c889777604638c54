import { provisioningView, type MapGroupRequest } from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { command, request, tenantUrl } from './client.ts';

/** Where an identity provider sends people and groups, and what came. */
export function provisioningQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'provisioning'] as const,
    queryFn: ({ signal }) => request(provisioningView, tenantUrl(tenant, 'provisioning'), { signal }),
  });
}

/** Says what the people of a group get. @throws ApiError */
export function mapGroup(tenant: string, id: string, body: MapGroupRequest): Promise<void> {
  return command(tenantUrl(tenant, 'provisioning', 'groups', id), { method: 'PUT', body });
}
