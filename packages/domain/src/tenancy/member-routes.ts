import {
  changeRoleRequest,
  invitationMade,
  inviteRequest,
  memberList,
  memberView,
  tenantPath,
  thingPath,
} from '@glacis/contract';
import { planOf } from '../billing/plans.ts';
import { callerOf, tenantOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { invite, renewInvitation, withdrawInvitation } from './invitations.ts';
import { changeRole, listInvitations, listMembers, removeMember } from './members.ts';

const url = '/api/tenants/:tenant';

/** Routes of the people in a tenant. */
export const memberRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: `${url}/members`,
    access: 'tenant.manage',
    summary: 'Lists the members and who was invited.',
    params: tenantPath,
    answer: memberList,
    handle: async input => {
      const { database, smtp } = input.platform;
      const tenant = tenantOf(input);
      return {
        items: await listMembers(database, tenant),
        invitations: await listInvitations(database, tenant),
        limit: (await planOf(database, tenant)).limits.users,
        hasMail: smtp !== undefined,
      };
    },
  }),
  route({
    method: 'PATCH',
    url: `${url}/members/:id`,
    access: 'tenant.manage',
    summary: 'Changes the role of a member. The last admin stays one.',
    params: thingPath,
    body: changeRoleRequest,
    answer: memberView,
    handle: input =>
      changeRole(input.platform.database, tenantOf(input), {
        userId: input.params.id,
        role: input.body.role,
      }),
  }),
  route({
    method: 'DELETE',
    url: `${url}/members/:id`,
    access: 'tenant.manage',
    summary: 'Takes a person out of the tenant at once.',
    params: thingPath,
    answer: 'none',
    handle: input => removeMember(input.platform.database, tenantOf(input), input.params.id),
  }),
  route({
    method: 'POST',
    url: `${url}/leave`,
    access: 'signed-in',
    summary: 'Leaves the tenant.',
    params: tenantPath,
    answer: 'none',
    handle: input => removeMember(input.platform.database, tenantOf(input), callerOf(input).userId),
  }),
  route({
    method: 'POST',
    url: `${url}/invitations`,
    access: 'tenant.manage',
    summary: 'Invites somebody by mail; without a mail server the link is in the answer.',
    params: tenantPath,
    body: inviteRequest,
    answer: invitationMade,
    status: 201,
    handle: input => invite(input.platform, { tenant: tenantOf(input), ...input.body, by: callerOf(input) }),
  }),
  route({
    method: 'POST',
    url: `${url}/invitations/:id/renew`,
    access: 'tenant.manage',
    summary: 'Sends an invitation again with a new link; the old one does nothing any more.',
    params: thingPath,
    answer: invitationMade,
    handle: input =>
      renewInvitation(input.platform, {
        tenant: tenantOf(input),
        id: input.params.id,
        by: callerOf(input),
      }),
  }),
  route({
    method: 'DELETE',
    url: `${url}/invitations/:id`,
    access: 'tenant.manage',
    summary: 'Withdraws an invitation.',
    params: thingPath,
    answer: 'none',
    handle: input => withdrawInvitation(input.platform, { tenant: tenantOf(input), id: input.params.id }),
  }),
];
