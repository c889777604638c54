import { sessionView, signInAnswer, type SignInAnswer } from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { command, request } from './client.ts';

/** What a person signs in with: e-mail address and password, or the token of a one-time link. */
export type Credentials = { readonly email: string; readonly password: string } | { readonly link: string };

/** Who is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'] as const,
  queryFn: ({ signal }) => request(sessionView, '/api/session', { signal }),
  staleTime: 60_000,
  retry: false,
});

/** Starts a session, or says by what to go on. @throws ApiError */
export function signIn(credentials: Credentials): Promise<SignInAnswer> {
  return request(signInAnswer, '/api/session', { method: 'POST', body: credentials });
}

/** Ends the session. @throws ApiError */
export function signOut(): Promise<void> {
  return command('/api/session', { method: 'DELETE' });
}

/** Sets the password; `current` is needed once there is one. @throws ApiError */
export function setPassword(of: { password: string; current?: string }): Promise<void> {
  return command('/api/session/password', { method: 'PUT', body: of });
}
