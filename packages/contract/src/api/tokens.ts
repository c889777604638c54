import { z } from 'zod';
import { tokenScope } from '../permission.ts';
import { id, instant } from './primitives.ts';

/** Longest life of a token, days. */
export const MAX_TOKEN_DAYS = 366;

/** A token as it is listed: all but its secret, of which the last characters are shown. */
export const tokenView = z.object({
  id,
  kind: z.enum(['personal', 'service']),
  name: z.string(),
  hint: z.string(),
  scopes: z.array(tokenScope),
  /** The only tenant that it works in, by its short name. */
  tenant: z.string().nullable(),
  /** Networks that it is accepted from (CIDR); none: from anywhere. */
  addresses: z.array(z.string()),
  createdAt: instant,
  expiresAt: instant.nullable(),
  lastUsedAt: instant.nullable(),
  lastUsedAddress: z.string().nullable(),
});
export type TokenView = z.infer<typeof tokenView>;

/** A token that was made just now, with its secret, which is never shown again. */
export const createdToken = z.object({ id, secret: z.string(), token: tokenView });
export type CreatedToken = z.infer<typeof createdToken>;

/** POST …/tokens. */
export const createTokenRequest = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(tokenScope).min(1).max(100),
  /** Networks (CIDR) or addresses that it is accepted from; left out: from anywhere. */
  addresses: z.array(z.string().min(2).max(50)).max(50).default([]),
  expiresInDays: z.number().int().min(1).max(MAX_TOKEN_DAYS).default(90),
});
export type CreateTokenRequest = z.infer<typeof createTokenRequest>;

/** POST /api/tokens: `tenant` is the short name of the only tenant that it is to work in. */
export const createPersonalTokenRequest = createTokenRequest.extend({
  tenant: z.string().min(2).max(63).optional(),
});

/** POST /api/access-tokens: scopes narrower than what it is made from; left out: the same. */
export const accessTokenRequest = z.strictObject({
  scopes: z.array(tokenScope).min(1).max(100).optional(),
});

/** An access token (JWT) for the Authorization header and a refresh token that works once. */
export const tokenPair = z.object({
  accessToken: z.string(),
  tokenType: z.literal('Bearer'),
  /** Seconds for which the access token is accepted. */
  expiresIn: z.number().int(),
  refreshToken: z.string(),
  refreshExpiresAt: instant,
});
export type TokenPair = z.infer<typeof tokenPair>;

/** POST /api/access-tokens/refresh and /revoke. */
export const refreshRequest = z.strictObject({ refreshToken: z.string().min(20).max(200) });
