import { mapGroupRequest, provisioningView, tenantPath, thingPath } from '@glacis/contract';
import { tenantOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { mapGroup, readProvisioning } from './mapping.ts';
import { scimBaseUrl, scimRoutes } from './scim-routes.ts';

const url = '/api/tenants/:tenant/provisioning';

/** Routes by which an admin looks after provisioning, and those of SCIM itself. */
export const provisioningRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'tenant.manage',
    summary: 'Shows where an identity provider sends people and groups, and what came.',
    params: tenantPath,
    answer: provisioningView,
    handle: async input => {
      const { database, publicUrl } = input.platform;
      return readProvisioning(database, tenantOf(input), scimBaseUrl(publicUrl, input.tenant?.slug ?? ''));
    },
  }),
  route({
    method: 'PUT',
    url: `${url}/groups/:id`,
    access: 'tenant.manage',
    summary: 'Says which role, or which level in a project, the people of a group get.',
    params: thingPath,
    body: mapGroupRequest,
    answer: 'none',
    handle: input => {
      const { role, project } = input.body;
      input.note({ detail: { role: role ?? '', project: project?.id ?? '', level: project?.level ?? '' } });
      return mapGroup(input.platform.database, tenantOf(input), { id: input.params.id, request: input.body });
    },
  }),
  ...scimRoutes,
];
