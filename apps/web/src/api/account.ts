import { createdToken, sessionEntry, tokenView, type CreatedToken, type TokenScope } from '@glacis/contract';
import { queryOptions } from '@tanstack/vue-query';
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import { command, request, tenantUrl } from './client.ts';

const sessionList = z.object({ items: z.array(sessionEntry) });
const tokenList = z.object({ items: z.array(tokenView) });

/** Where the person is signed in. */
export const sessionsQuery = queryOptions({
  queryKey: ['account', 'sessions'] as const,
  queryFn: ({ signal }) => request(sessionList, '/api/sessions', { signal }),
});

/** Ends one of the person's sessions. @throws ApiError */
export function endSession(id: string): Promise<void> {
  return command(`/api/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

/** Ends all of the person's sessions but this one. @throws ApiError */
export function endOtherSessions(): Promise<void> {
  return command('/api/sessions', { method: 'DELETE' });
}

/** Whether an act was refused because the sign-in is not fresh. */
export function needsConfirmation(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'auth.reauthentication-required';
}

/** The person's own tokens, or with a tenant that tenant's. */
export function tokensQuery(tenant?: string) {
  return queryOptions({
    queryKey: tenant === undefined ? ['account', 'tokens'] : ['tenant', tenant, 'tokens'],
    queryFn: ({ signal }) => request(tokenList, tokensUrl(tenant), { signal }),
  });
}

/** What a new token is to be. */
export interface NewToken {
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly addresses: readonly string[];
  readonly expiresInDays: number;
}

/** Makes a token; its secret is in the answer only. @throws ApiError */
export function createToken(of: NewToken, tenant?: string): Promise<CreatedToken> {
  return request(createdToken, tokensUrl(tenant), { method: 'POST', body: of });
}

/** Revokes a token. @throws ApiError */
export function revokeToken(id: string, tenant?: string): Promise<void> {
  return command(`${tokensUrl(tenant)}/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

function tokensUrl(tenant: string | undefined): string {
  return tenant === undefined ? '/api/tokens' : tenantUrl(tenant, 'tokens');
}
