import { sessionView, setPasswordRequest, signInRequest } from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { callerOf } from '../http/caller.ts';
import { route, type Route } from '../http/route.ts';
import {
  callerOfSession,
  endSession,
  setPassword,
  signInWithLink,
  signInWithPassword,
  viewSession,
} from './service.ts';

/** Routes of signing in and out. */
export const identityRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/session',
    access: 'public',
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
      return viewSession(database, caller);
    },
  }),
  route({
    method: 'GET',
    url: '/api/session',
    access: 'signed-in',
    summary: 'Who is signed in, and to which tenants they belong.',
    answer: sessionView,
    handle: input => viewSession(input.platform.database, callerOf(input)),
  }),
  route({
    method: 'DELETE',
    url: '/api/session',
    access: 'signed-in',
    summary: 'Signs out.',
    answer: 'none',
    handle: async input => {
      if (input.sessionSecret) await endSession(input.platform.database, input.sessionSecret);
      input.setSession(undefined);
    },
  }),
  route({
    method: 'PUT',
    url: '/api/session/password',
    access: 'signed-in',
    summary: 'Sets the password and ends all other sessions.',
    body: setPasswordRequest,
    answer: 'none',
    handle: input =>
      setPassword(input.platform.database, callerOf(input), {
        ...input.body,
        sessionSecret: input.sessionSecret ?? '',
        address: input.address,
      }),
  }),
];
