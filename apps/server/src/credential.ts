import type { GivenCredential } from '@glacis/domain';
import type { FastifyRequest } from 'fastify';
import { readCookie } from './cookie.ts';

/** Longest bearer token that is looked at; access tokens are the longest ones, at under 2,000 characters. */
const MAX_BEARER_LENGTH = 4096;

/**
 * What a request comes with: the bearer token of its Authorization header, or else the session of its cookie. With a bearer
 * token the cookie counts for nothing. Other schemes belong to whatever stands before the server and are passed over.
 */
export function readCredential(request: Pick<FastifyRequest, 'headers'>): GivenCredential | undefined {
  const { authorization, cookie } = request.headers;
  const bearer = /^bearer(?: +(.*))?$/is.exec(authorization ?? '');
  if (bearer) {
    const token = (bearer[1] ?? '').trim();
    return { bearer: token.length <= MAX_BEARER_LENGTH ? token : '' };
  }
  const session = readCookie(cookie);
  return session === undefined ? undefined : { session };
}
