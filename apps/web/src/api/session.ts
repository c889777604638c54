import { sessionView } from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { command, request } from './client.ts';

/** Who is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'] as const,
  queryFn: ({ signal }) => request(sessionView, '/api/session', { signal }),
  staleTime: 60_000,
  retry: false,
});

/** Ends the session. @throws ApiError */
export function signOut(): Promise<void> {
  return command('/api/session', { method: 'DELETE' });
}

/** Sets the password; `current` is needed once there is one. @throws ApiError */
export function setPassword(of: { password: string; current?: string }): Promise<void> {
  return command('/api/session/password', { method: 'PUT', body: of });
}
