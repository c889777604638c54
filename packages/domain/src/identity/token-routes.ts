import {
  accessTokenRequest,
  createdToken,
  createPersonalTokenRequest,
  createTokenRequest,
  ownThingPath,
  refreshRequest,
  tenantPath,
  thingPath,
  tokenPair,
  tokenView,
  type TokenScope,
} from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { z } from 'zod';
import { callerOf, notFound, requesterOf, tenantOf } from '../http/caller.ts';
import { route, type Route, type RouteInput } from '../http/route.ts';
import { membershipsOf } from '../tenancy/service.ts';
import { grantTokens, refreshTokens, revokeFamily } from './access-token.ts';
import { createToken, listTokens, revokeToken } from './token.ts';

const tokenList = z.object({ items: z.array(tokenView) });

/** A person's own tokens. */
const personalTokenRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/tokens',
    access: 'signed-in',
    summary: 'Lists one’s own tokens.',
    answer: tokenList,
    handle: async input => {
      const { userId } = callerOf(input);
      return { items: await listTokens(input.platform.database, { userId, tenant: undefined }) };
    },
  }),
  route({
    method: 'POST',
    url: '/api/tokens',
    access: 'signed-in',
    isDangerous: true,
    summary: 'Makes a token that acts for oneself within its scopes. Its secret is shown only now.',
    body: createPersonalTokenRequest,
    answer: createdToken,
    status: 201,
    handle: async input => {
      const { userId } = callerOf(input);
      const { tenant: slug, ...of } = input.body;
      const memberships = slug === undefined ? [] : await membershipsOf(input.platform.database, userId);
      const tenant = memberships.find(entry => entry.slug === slug)?.id;
      if (slug !== undefined && !tenant) throw notFound('tenant');
      input.note({ detail: { name: of.name, scopes: of.scopes.join(' ') } });
      return createToken(input.platform.database, { userId, tenant }, of, userId);
    },
  }),
  route({
    method: 'DELETE',
    url: '/api/tokens/:id',
    access: 'signed-in',
    summary: 'Revokes one of one’s own tokens.',
    params: ownThingPath,
    answer: 'none',
    handle: input =>
      revokeToken(
        input.platform.database,
        { userId: callerOf(input).userId, tenant: undefined },
        input.params.id,
      ),
  }),
];

/** Scopes that whoever makes a tenant's token may not hand out. */
function refuseMoreThanOwn(
  input: RouteInput<unknown, unknown, unknown>,
  scopes: readonly TokenScope[],
): void {
  const own = input.tenant?.permissions;
  const over = scopes.find(scope => scope !== 'dangerous' && own?.has(scope) !== true);
  if (over === undefined) return;
  const sentence = `You may not give away what you may not do yourself: ${over}.`;
  throw new UserError('auth.forbidden', sentence, { fields: { scopes: sentence } });
}

const url = '/api/tenants/:tenant/tokens';

/** A tenant's own tokens. */
const serviceTokenRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url,
    access: 'token.manage',
    summary: 'Lists the tokens of the tenant itself.',
    params: tenantPath,
    answer: tokenList,
    handle: async input => ({
      items: await listTokens(input.platform.database, { tenant: tenantOf(input) }),
    }),
  }),
  route({
    method: 'POST',
    url,
    access: 'token.manage',
    action: 'tokens.create-service',
    isDangerous: true,
    summary: 'Makes a token that belongs to the tenant and to no person. Its secret is shown only now.',
    params: tenantPath,
    body: createTokenRequest,
    answer: createdToken,
    status: 201,
    handle: async input => {
      refuseMoreThanOwn(input, input.body.scopes);
      input.note({ detail: { name: input.body.name, scopes: input.body.scopes.join(' ') } });
      return createToken(
        input.platform.database,
        { tenant: tenantOf(input) },
        input.body,
        requesterOf(input),
      );
    },
  }),
  route({
    method: 'DELETE',
    url: `${url}/:id`,
    access: 'token.manage',
    action: 'tokens.delete-service',
    summary: 'Revokes a token of the tenant.',
    params: thingPath,
    answer: 'none',
    handle: input => revokeToken(input.platform.database, { tenant: tenantOf(input) }, input.params.id),
  }),
];

/** Short-lived access tokens of API clients. */
const accessTokenRoutes: readonly Route[] = [
  route({
    method: 'POST',
    url: '/api/access-tokens',
    access: 'signed-in',
    allowsTokens: true,
    summary: 'Gives an access token (JWT, ten minutes) and a refresh token for a session or a token.',
    body: accessTokenRequest,
    answer: tokenPair,
    status: 201,
    handle: async input => {
      if (!input.caller) throw new UserError('auth.sign-in-required', 'Sign in first.');
      return grantTokens(input.platform, input.caller, input.body.scopes);
    },
  }),
  route({
    method: 'POST',
    url: '/api/access-tokens/refresh',
    access: 'public',
    action: 'access-tokens.refresh',
    summary:
      'Gives a new pair for a refresh token. Each works once; a second use revokes all that came from it.',
    body: refreshRequest,
    answer: tokenPair,
    handle: input => refreshTokens(input.platform, input.body.refreshToken, input.address),
  }),
  route({
    method: 'POST',
    url: '/api/access-tokens/revoke',
    access: 'public',
    action: 'access-tokens.revoke',
    summary: 'Revokes a refresh token and all that came from it.',
    body: refreshRequest,
    answer: 'none',
    handle: input => revokeFamily(input.platform.database, input.body.refreshToken),
  }),
];

/** Routes of all tokens. */
export const tokenRoutes: readonly Route[] = [
  ...personalTokenRoutes,
  ...serviceTokenRoutes,
  ...accessTokenRoutes,
];
