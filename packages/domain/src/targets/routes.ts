import { createTargetRequest, targetView, tenantPath, thingPath } from '@glacis/contract';
import { z } from 'zod';
import { callerOf, inRouteTenant } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { createTarget, deleteTarget, listTargets, readTarget, verifyTarget } from './service.ts';

const url = '/api/tenants/:tenant/targets';

/** Routes of the domains a tenant watches. */
export const targetRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'target.read',
    summary: 'Lists the targets.',
    params: tenantPath,
    answer: z.object({ items: z.array(targetView) }),
    handle: async input => ({ items: await inRouteTenant(input, listTargets) }),
  }),
  route({
    method: 'POST',
    url,
    access: 'target.write',
    summary: 'Adds a domain and makes the challenge that proves it.',
    params: tenantPath,
    body: createTargetRequest,
    answer: targetView,
    status: 201,
    handle: input => inRouteTenant(input, tx => createTarget(tx, input.body.domain, callerOf(input).userId)),
  }),
  route({
    method: 'GET',
    url: `${url}/:id`,
    access: 'target.read',
    summary: 'Shows a target.',
    params: thingPath,
    answer: targetView,
    handle: input => inRouteTenant(input, tx => readTarget(tx, input.params.id)),
  }),
  route({
    method: 'POST',
    url: `${url}/:id/verify`,
    access: 'target.write',
    summary: 'Looks for the proof of ownership in DNS.',
    params: thingPath,
    answer: targetView,
    handle: input => verifyTarget(input.platform, work => inRouteTenant(input, work), input.params.id),
  }),
  route({
    method: 'DELETE',
    url: `${url}/:id`,
    access: 'target.write',
    summary: 'Removes a target with its scans.',
    params: thingPath,
    answer: 'none',
    handle: input => inRouteTenant(input, tx => deleteTarget(tx, input.params.id)),
  }),
];
