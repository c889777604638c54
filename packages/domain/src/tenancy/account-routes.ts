import {
  acceptInvitationRequest,
  askPasswordResetRequest,
  changeEmailRequest,
  completePasswordResetRequest,
  confirmEmailRequest,
  emailChangeState,
  invitationOffer,
  joinedTenant,
  lookAtInvitationRequest,
} from '@glacis/contract';
import { callerOf, signedInPerson } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { askEmailChange, confirmEmail } from './email-change.ts';
import { acceptInvitation, lookAtInvitation } from './invitations.ts';
import { askPasswordReset, completePasswordReset } from './password-reset.ts';

/** Routes that one-time links from mails lead to. The secret comes in the body, so that it stands in no log of addresses. */
export const accountRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/invitations/look',
    access: 'public',
    summary: 'Shows what the link of an invitation invites to.',
    body: lookAtInvitationRequest,
    answer: invitationOffer,
    handle: input => lookAtInvitation(input.platform, input.body.token),
  }),
  route({
    method: 'POST',
    url: '/api/invitations/accept',
    access: 'public',
    summary:
      'Accepts an invitation: as the account that is signed in, or with a new one, which is then signed in.',
    body: acceptInvitationRequest,
    answer: joinedTenant,
    handle: async input => {
      const accepted = await acceptInvitation(input.platform, input.body, signedInPerson(input), input);
      if (accepted.sessionSecret !== undefined) input.setSession(accepted.sessionSecret);
      return { slug: accepted.slug };
    },
  }),
  route({
    method: 'POST',
    url: '/api/password-reset',
    access: 'public',
    summary:
      'Sends a link that sets a new password, if the address has an account; the answer is the same if not.',
    body: askPasswordResetRequest,
    answer: 'none',
    handle: input => askPasswordReset(input.platform, { ...input.body, address: input.address }),
  }),
  route({
    method: 'POST',
    url: '/api/password-reset/complete',
    access: 'public',
    summary: 'Sets a new password with the link from the mail and ends all sessions of the account.',
    body: completePasswordResetRequest,
    answer: 'none',
    handle: input => completePasswordReset(input.platform, input.body),
  }),
  route({
    method: 'POST',
    url: '/api/session/email',
    access: 'signed-in',
    summary: 'Begins to change the address of the account: the old and the new one both get a link.',
    body: changeEmailRequest,
    answer: 'none',
    handle: input =>
      askEmailChange(input.platform, callerOf(input), { ...input.body, address: input.address }),
  }),
  route({
    method: 'POST',
    url: '/api/email-change/confirm',
    access: 'public',
    summary:
      'Agrees to a change of address with the link from the mail; it happens when both addresses have agreed.',
    body: confirmEmailRequest,
    answer: emailChangeState,
    handle: input => confirmEmail(input.platform, input.body.token),
  }),
];
