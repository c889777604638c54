import { grantSupportRequest, supportGrantView, tenantPath, thingPath } from '@glacis/contract';
import { z } from 'zod';
import { callerOf, tenantOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { exportTenant } from './export.ts';
import { exportFile } from './platform-routes.ts';
import { grantSupport, listSupportGrants, revokeSupport } from './support.ts';

const url = '/api/tenants/:tenant/support';

/** Routes by which a tenant lets the platform's administrators in, and takes its data away. */
export const supportRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'tenant.manage',
    summary: 'Lists the access that was given to the platform’s administrators, and its use.',
    params: tenantPath,
    answer: z.object({ items: z.array(supportGrantView) }),
    handle: async input => ({
      items: await listSupportGrants(input.platform.database, tenantOf(input)),
    }),
  }),
  route({
    method: 'POST',
    url,
    access: 'tenant.manage',
    summary: 'Lets the platform’s administrators in for some hours; it ends by itself.',
    params: tenantPath,
    body: grantSupportRequest,
    answer: supportGrantView,
    status: 201,
    handle: input =>
      grantSupport(input.platform, { tenant: tenantOf(input), ...input.body, by: callerOf(input) }),
  }),
  route({
    method: 'DELETE',
    url: `${url}/:id`,
    access: 'tenant.manage',
    summary: 'Ends support access at once.',
    params: thingPath,
    answer: 'none',
    handle: input => revokeSupport(input.platform.database, { tenant: tenantOf(input), id: input.params.id }),
  }),
  route({
    method: 'GET',
    url: '/api/tenants/:tenant/export',
    access: 'tenant.manage',
    action: 'tenant.export',
    summary:
      'Everything of the tenant as one archive: JSON lines by table, stored files, a manifest with hashes.',
    params: tenantPath,
    answer: 'file',
    fileTypes: ['application/gzip'],
    handle: input =>
      Promise.resolve(exportFile(input.params.tenant, exportTenant(input.platform, tenantOf(input)))),
  }),
];
