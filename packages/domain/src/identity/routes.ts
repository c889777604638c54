import {
  ownThingPath,
  reauthenticationRequest,
  sessionEntry,
  sessionView,
  setPasswordRequest,
  signInAnswer,
  signInRequest,
} from '@glacis/contract';
import { z } from 'zod';
import { callerOf, sessionSecretOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { checkAssertion } from './passkeys/assertion.ts';
import { reauthenticate } from './reauthenticate.ts';
import { enter, enterOrAsk } from './second-factor.ts';
import { proveByLink, proveByPassword, setPassword, viewSession } from './service.ts';
import { endOwnSession, endSession, endSessionsOf, listSessions } from './session.ts';

/** Routes of signing in and out, and of one's own sessions. */
export const identityRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/session',
    access: 'public',
    action: 'session.start',
    summary:
      'Signs in with a password, a passkey or a one-time link. Who has a second factor is asked for it after password and link.',
    body: signInRequest,
    answer: signInAnswer,
    handle: async input => {
      const { body, platform } = input;
      if ('passkey' in body) {
        const { userId } = await checkAssertion(input, body.passkey);
        return enter(input, { userId, methods: ['passkey'] });
      }
      return enterOrAsk(
        input,
        'link' in body
          ? await proveByLink(platform.database, body.link)
          : await proveByPassword(platform.database, body.email, body.password, input.address),
      );
    },
  }),
  route({
    method: 'GET',
    url: '/api/session',
    access: 'signed-in',
    allowsTokens: true,
    summary: 'Who is signed in, and to which tenants they belong.',
    answer: sessionView,
    handle: input => viewSession(input.platform.database, callerOf(input)),
  }),
  route({
    method: 'DELETE',
    url: '/api/session',
    access: 'signed-in',
    allowsProviders: true,
    action: 'session.end',
    summary: 'Signs out.',
    answer: 'none',
    handle: async input => {
      await endSession(input.platform.database, sessionSecretOf(input));
      input.setSession(undefined);
    },
  }),
  route({
    method: 'PUT',
    url: '/api/session/password',
    access: 'signed-in',
    summary: 'Sets the password and ends all other sessions; this one goes on under a new secret.',
    body: setPasswordRequest,
    answer: 'none',
    handle: async input => {
      const secret = await setPassword(input.platform.database, callerOf(input), {
        ...input.body,
        sessionSecret: sessionSecretOf(input),
        address: input.address,
        breachedPasswords: input.platform.breachedPasswords,
      });
      input.setSession(secret);
    },
  }),
  route({
    method: 'POST',
    url: '/api/session/reauthentication',
    access: 'signed-in',
    summary:
      'Confirms who is behind the session, with a passkey, or the password and the second factor if there is one; dangerous acts are open for ten minutes then.',
    body: reauthenticationRequest,
    answer: 'none',
    handle: async input => {
      input.setSession(await reauthenticate(input, callerOf(input), input.body));
    },
  }),
  route({
    method: 'GET',
    url: '/api/sessions',
    access: 'signed-in',
    summary: 'Lists one’s own sessions, last used first.',
    answer: z.object({ items: z.array(sessionEntry) }),
    handle: async input => {
      const caller = callerOf(input);
      return { items: await listSessions(input.platform.database, caller.userId, caller.credential.id) };
    },
  }),
  route({
    method: 'DELETE',
    url: '/api/sessions',
    access: 'signed-in',
    action: 'sessions.delete-others',
    summary: 'Ends all of one’s own sessions but this one.',
    answer: 'none',
    handle: async input => {
      const caller = callerOf(input);
      await endSessionsOf(input.platform.database, caller.userId, caller.credential.id);
    },
  }),
  route({
    method: 'DELETE',
    url: '/api/sessions/:id',
    access: 'signed-in',
    summary: 'Ends one of one’s own sessions.',
    params: ownThingPath,
    answer: 'none',
    handle: async input => {
      const caller = callerOf(input);
      await endOwnSession(input.platform.database, caller.userId, input.params.id);
      if (input.params.id === caller.credential.id) input.setSession(undefined);
    },
  }),
];
