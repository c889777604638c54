import {
  confirmTotpRequest,
  factorsView,
  recoveryCodes,
  secondFactorRequest,
  signInAnswer,
  totpEnrolment,
} from '@glacis/contract';
import { callerOf, sessionSecretOf } from '../../http/caller.ts';
import { route, type Route } from '../../http/route.ts';
import { listFactors } from '../factors.ts';
import { enterWithSecondFactor } from '../second-factor.ts';
import { rotateSession } from '../session.ts';
import { beginTotp, confirmTotp, removeTotp, renewCodes } from './service.ts';

/** Routes of second factors that are codes. */
export const totpRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/session/second-factor',
    access: 'public',
    action: 'session.start-second-step',
    summary: 'Ends a sign-in in two steps with a one-time code, a recovery code or a passkey.',
    body: secondFactorRequest,
    answer: signInAnswer,
    handle: input => enterWithSecondFactor(input, input.body),
  }),
  route({
    method: 'GET',
    url: '/api/session/factors',
    access: 'signed-in',
    summary: 'By what the caller can show who they are, beside the password.',
    answer: factorsView,
    handle: input => listFactors(input.platform.database, callerOf(input).userId),
  }),
  route({
    method: 'POST',
    url: '/api/session/totp',
    access: 'signed-in',
    isDangerous: true,
    summary: 'Begins to set up an authenticator app: shows its secret. It counts once a code confirms it.',
    answer: totpEnrolment,
    status: 201,
    handle: input => beginTotp(input.platform, callerOf(input)),
  }),
  route({
    method: 'POST',
    url: '/api/session/totp/confirm',
    access: 'signed-in',
    isDangerous: true,
    action: 'session.totp.confirm',
    summary: 'Confirms an authenticator app with a code; the first second factor brings recovery codes.',
    body: confirmTotpRequest,
    answer: recoveryCodes,
    handle: async input => {
      const codes = await confirmTotp(input.platform, callerOf(input), input.body.code);
      input.setSession(await rotateSession(input.platform.database, sessionSecretOf(input), ['totp']));
      return { recoveryCodes: codes };
    },
  }),
  route({
    method: 'DELETE',
    url: '/api/session/totp',
    access: 'signed-in',
    isDangerous: true,
    summary: 'Removes the authenticator app.',
    answer: 'none',
    handle: input => removeTotp(input.platform, callerOf(input)),
  }),
  route({
    method: 'POST',
    url: '/api/session/recovery-codes',
    access: 'signed-in',
    isDangerous: true,
    summary: 'Replaces the recovery codes; the old ones do nothing any more.',
    answer: recoveryCodes,
    handle: async input => ({ recoveryCodes: await renewCodes(input.platform, callerOf(input)) }),
  }),
];
