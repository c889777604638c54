import {
  ownThingPath,
  reauthenticationRequest,
  sessionEntry,
  sessionView,
  setPasswordRequest,
  signInRequest,
} from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { z } from 'zod';
import { callerOf, sessionSecretOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import { reauthenticate, setPassword, signInWithLink, signInWithPassword, viewSession } from './service.ts';
import { callerOfSession, endOwnSession, endSession, endSessionsOf, listSessions } from './session.ts';

/** Routes of signing in and out, and of one's own sessions. */
export const identityRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/session',
    access: 'public',
    action: 'session.start',
    summary: 'Signs in with a password or a one-time link.',
    body: signInRequest,
    answer: sessionView,
    handle: async input => {
      const { database } = input.platform;
      const secret =
        'link' in input.body
          ? await signInWithLink(database, input.body.link, input)
          : await signInWithPassword(database, input.body.email, input.body.password, input);
      // A session from before is ended, so that nobody can plant one.
      if (input.sessionSecret) await endSession(database, input.sessionSecret);
      const caller = await callerOfSession(database, secret);
      if (!caller) throw new UserError('auth.sign-in-required', 'Sign in first.');
      input.setSession(secret);
      input.note({ actor: { kind: 'person', id: caller.userId, name: caller.email } });
      return viewSession(database, caller);
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
      'Confirms with the password who is behind the session; dangerous acts are open for ten minutes then.',
    body: reauthenticationRequest,
    answer: 'none',
    handle: async input => {
      const secret = await reauthenticate(input.platform.database, callerOf(input), {
        ...input.body,
        sessionSecret: sessionSecretOf(input),
        address: input.address,
      });
      input.setSession(secret);
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
