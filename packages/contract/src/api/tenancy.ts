import { z } from 'zod';
import { role } from '../permission.ts';
import { emailAddress, id, instant } from './primitives.ts';
import { setPasswordRequest } from './session.ts';

/** The secret of a one-time link. */
export const linkToken = z.string().min(20).max(200);
const email = emailAddress;
const password = setPasswordRequest.shape.password;
const personName = z.string().trim().min(1, 'Write your name.').max(100);

/** A person in a tenant; `id` is the account's. */
export const memberView = z.object({
  id,
  email: z.string(),
  name: z.string(),
  role,
  /** Whether they see the whole tenant or only their projects. */
  scope: z.enum(['tenant', 'projects']),
  joinedAt: instant,
});
export type MemberView = z.infer<typeof memberView>;

/** Somebody who was invited and has not accepted. */
export const invitationView = z.object({
  id,
  email: z.string(),
  role,
  createdAt: instant,
  expiresAt: instant,
  isExpired: z.boolean(),
  invitedBy: z.string().nullable(),
});
export type InvitationView = z.infer<typeof invitationView>;

/** GET members: who belongs here, who was invited, how many may (null: any number), and whether mails can be sent. */
export const memberList = z.object({
  items: z.array(memberView),
  invitations: z.array(invitationView),
  limit: z.number().int().nullable(),
  hasMail: z.boolean(),
});

/** POST invitations. */
export const inviteRequest = z.strictObject({ email, role });
/** An invitation was made: `link` is there when no mail could be sent, to be handed over by other means. */
export const invitationMade = z.object({ invitation: invitationView, link: z.string().nullable() });
/** PATCH members/:id. */
export const changeRoleRequest = z.strictObject({ role });

/** POST /api/invitations/look: what a link invites to. */
export const lookAtInvitationRequest = z.strictObject({ token: linkToken });
/** What a link invites to, and whether its address has an account already. */
export const invitationOffer = z.object({
  tenant: z.string(),
  email: z.string(),
  role,
  hasAccount: z.boolean(),
});
/** POST /api/invitations/accept: `name` and `password` make the account of an address that has none. */
export const acceptInvitationRequest = z.strictObject({
  token: linkToken,
  name: personName.optional(),
  password: password.optional(),
});
/** The tenant that was joined. */
export const joinedTenant = z.object({ slug: z.string() });

/** POST /api/password-reset. */
export const askPasswordResetRequest = z.strictObject({ email });
/** POST /api/password-reset/complete. */
export const completePasswordResetRequest = z.strictObject({ token: linkToken, password });

/** POST /api/session/email: `password` is needed when the account has one. */
export const changeEmailRequest = z.strictObject({ email, password: z.string().max(1000).optional() });
/** POST /api/email-change/confirm. */
export const confirmEmailRequest = z.strictObject({ token: linkToken });
/** Whether the other address still has to say yes. */
export const emailChangeState = z.object({ state: z.enum(['waiting', 'done']) });

/** POST support: lets the platform's administrators in for some hours. */
export const grantSupportRequest = z.strictObject({
  role,
  hours: z.number().int().min(1).max(168),
  reason: z.string().trim().max(500).default(''),
});
/** Access that was given to the platform's administrators. */
export const supportGrantView = z.object({
  id,
  role,
  reason: z.string(),
  grantedBy: z.string().nullable(),
  createdAt: instant,
  expiresAt: instant,
  revokedAt: instant.nullable(),
  lastUsedAt: instant.nullable(),
  lastUsedBy: z.string().nullable(),
  isActive: z.boolean(),
});
export type SupportGrantView = z.infer<typeof supportGrantView>;
