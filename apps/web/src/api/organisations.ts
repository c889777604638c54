import { organisationView, type OrganisationView } from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { z } from 'zod';
import { command, request, tenantUrl } from './client.ts';

const list = z.object({ items: z.array(organisationView) });

/** All organisations with their groups. */
export function organisationsQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'organisations'] as const,
    queryFn: ({ signal }) => request(list, tenantUrl(tenant, 'organisations'), { signal }),
  });
}

/** Adds an organisation. @throws ApiError */
export function addOrganisation(tenant: string, name: string): Promise<OrganisationView> {
  return request(organisationView, tenantUrl(tenant, 'organisations'), { method: 'POST', body: { name } });
}

/** Adds a group. @throws ApiError */
export function addGroup(tenant: string, organisation: string, name: string): Promise<OrganisationView> {
  return request(organisationView, tenantUrl(tenant, 'organisations', organisation, 'groups'), {
    method: 'POST',
    body: { name },
  });
}

/** Removes an organisation with its groups, or one group; targets stay. @throws ApiError */
export function removeSorting(tenant: string, kind: 'organisations' | 'groups', id: string): Promise<void> {
  return command(tenantUrl(tenant, kind, id), { method: 'DELETE' });
}
