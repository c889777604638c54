import {
  emailChangeState,
  invitationMade,
  invitationOffer,
  joinedTenant,
  memberList,
  memberView,
  supportGrantView,
  type Role,
} from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { z } from 'zod';
import { command, request, tenantUrl } from './client.ts';

/** Members and open invitations of a tenant. */
export function membersQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'members'] as const,
    queryFn: ({ signal }) => request(memberList, tenantUrl(tenant, 'members'), { signal }),
  });
}

/** Invites an address. The answer has a link when no mail could be sent. @throws ApiError */
export function invite(tenant: string, body: { email: string; role: Role }) {
  return request(invitationMade, tenantUrl(tenant, 'invitations'), { method: 'POST', body });
}

/** Sends an invitation again with a new link. @throws ApiError */
export function renewInvitation(tenant: string, id: string) {
  return request(invitationMade, tenantUrl(tenant, 'invitations', id, 'renew'), { method: 'POST' });
}

/** Withdraws an invitation. @throws ApiError */
export function withdrawInvitation(tenant: string, id: string): Promise<void> {
  return command(tenantUrl(tenant, 'invitations', id), { method: 'DELETE' });
}

/** Changes the role of a member. @throws ApiError */
export function changeRole(tenant: string, id: string, role: Role) {
  return request(memberView, tenantUrl(tenant, 'members', id), { method: 'PATCH', body: { role } });
}

/** Says whether a member sees the whole tenant or only their projects. @throws ApiError */
export function setScope(tenant: string, id: string, scope: 'tenant' | 'projects'): Promise<void> {
  return command(tenantUrl(tenant, 'members', id, 'scope'), { method: 'PUT', body: { scope } });
}

/** Takes a person out of the tenant. @throws ApiError */
export function removeMember(tenant: string, id: string): Promise<void> {
  return command(tenantUrl(tenant, 'members', id), { method: 'DELETE' });
}

/** Leaves the tenant. @throws ApiError */
export function leaveTenant(tenant: string): Promise<void> {
  return command(tenantUrl(tenant, 'leave'), { method: 'POST' });
}

/** Access that was given to the platform's administrators. */
export function supportQuery(tenant: string) {
  return queryOptions({
    queryKey: ['tenant', tenant, 'support'] as const,
    queryFn: ({ signal }) =>
      request(z.object({ items: z.array(supportGrantView) }), tenantUrl(tenant, 'support'), { signal }),
  });
}

/** Lets the platform's administrators in. @throws ApiError */
export function grantSupport(tenant: string, body: { role: Role; hours: number; reason: string }) {
  return request(supportGrantView, tenantUrl(tenant, 'support'), { method: 'POST', body });
}

/** Ends support access. @throws ApiError */
export function revokeSupport(tenant: string, id: string): Promise<void> {
  return command(tenantUrl(tenant, 'support', id), { method: 'DELETE' });
}

/** What the link of an invitation invites to. @throws ApiError */
export function lookAtInvitation(token: string) {
  return request(invitationOffer, '/api/invitations/look', { method: 'POST', body: { token } });
}

/** Accepts an invitation; name and password make the account of an address that has none. @throws ApiError */
export function acceptInvitation(body: { token: string; name?: string; password?: string }) {
  return request(joinedTenant, '/api/invitations/accept', { method: 'POST', body });
}

/** Asks for a link that sets a new password. @throws ApiError */
export function askPasswordReset(email: string): Promise<void> {
  return command('/api/password-reset', { method: 'POST', body: { email } });
}

/** Sets a new password with the link from the mail. @throws ApiError */
export function completePasswordReset(body: { token: string; password: string }): Promise<void> {
  return command('/api/password-reset/complete', { method: 'POST', body });
}

/** Begins to change the address of the account. @throws ApiError */
export function askEmailChange(body: { email: string; password?: string }): Promise<void> {
  return command('/api/session/email', { method: 'POST', body });
}

/** Agrees to a change of address. @throws ApiError */
export function confirmEmail(token: string) {
  return request(emailChangeState, '/api/email-change/confirm', { method: 'POST', body: { token } });
}
