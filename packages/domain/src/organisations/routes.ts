import { groupRequest, organisationRequest, organisationView, tenantPath, thingPath } from '@glacis/contract';
import type { TenantTransaction } from '@glacis/db';
import { z } from 'zod';
import { inRouteTenant } from '../http/caller.ts';
import { route, type Route, type RouteInput } from '../http/route.ts';
import { demandWhole } from '../projects/grants.ts';
import {
  createGroup,
  createOrganisation,
  deleteGroup,
  deleteOrganisation,
  listOrganisations,
  updateOrganisation,
} from './service.ts';

const url = '/api/tenants/:tenant/organisations';
const groups = '/api/tenants/:tenant/groups';

/** Organisations sort the whole tenant: who sees only projects does not change them. */
function inWhole<T>(
  input: RouteInput<unknown, unknown, unknown>,
  work: (tx: TenantTransaction) => Promise<T>,
): Promise<T> {
  return inRouteTenant(input, tx => {
    demandWhole(tx);
    return work(tx);
  });
}

/** Routes of organisations and their groups. */
export const organisationRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'target.read',
    summary: 'Lists the organisations with their groups.',
    params: tenantPath,
    answer: z.object({ items: z.array(organisationView) }),
    handle: async input => ({ items: await inRouteTenant(input, listOrganisations) }),
  }),
  route({
    method: 'POST',
    url,
    access: 'target.write',
    summary: 'Adds an organisation.',
    params: tenantPath,
    body: organisationRequest,
    answer: organisationView,
    status: 201,
    handle: input => inWhole(input, tx => createOrganisation(tx, input.body)),
  }),
  route({
    method: 'PATCH',
    url: `${url}/:id`,
    access: 'target.write',
    summary: 'Changes an organisation.',
    params: thingPath,
    body: organisationRequest,
    answer: organisationView,
    handle: input => inWhole(input, tx => updateOrganisation(tx, { ...input.body, id: input.params.id })),
  }),
  route({
    method: 'DELETE',
    url: `${url}/:id`,
    access: 'target.write',
    summary: 'Removes an organisation and its groups; its targets stay.',
    params: thingPath,
    answer: 'none',
    handle: input => inWhole(input, tx => deleteOrganisation(tx, input.params.id)),
  }),
  route({
    method: 'POST',
    url: `${url}/:id/groups`,
    access: 'target.write',
    summary: 'Adds a group to an organisation.',
    params: thingPath,
    body: groupRequest,
    answer: organisationView,
    status: 201,
    handle: input =>
      inWhole(input, tx => createGroup(tx, { organisationId: input.params.id, name: input.body.name })),
  }),
  route({
    method: 'DELETE',
    url: `${groups}/:id`,
    access: 'target.write',
    summary: 'Removes a group; its targets stay.',
    params: thingPath,
    answer: 'none',
    handle: input => inWhole(input, tx => deleteGroup(tx, input.params.id)),
  }),
];
