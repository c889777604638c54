import {
  authenticate,
  isFresh,
  policyError,
  sessionRequired,
  type Authenticated,
  type Platform,
  type Route,
  type RouteInput,
} from '@glacis/domain';
import { UserError } from '@glacis/foundation';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { flowCookies, sessionCookie } from './cookie.ts';
import { readCredential } from './credential.ts';
import { limitAddress, limitCaller } from './limit.ts';
import { recordRefusal } from './refusal.ts';
import { uploadOf } from './upload.ts';
import { findUnstorable } from './unstorable.ts';

/** What of a route decides who may call it with what. */
export type Guarded = Pick<
  Route,
  | 'access'
  | 'allowsTokens'
  | 'allowsProviders'
  | 'isDangerous'
  | 'isForService'
  | 'action'
  | 'params'
  | 'query'
  | 'body'
  | 'upload'
>;

/**
 * Finds out who calls, whether they may, and parses what they sent; records a refusal. Without a reply the request is not
 * counted: it is one that was let in before and is looked at again. @throws UserError
 */
export async function authorise(
  request: FastifyRequest,
  reply: FastifyReply | undefined,
  platform: Platform,
  route: Guarded,
): Promise<RouteInput<unknown, unknown, unknown>> {
  const given = readCredential(request);
  const slug = slugOf(request);
  let found: Authenticated | undefined;
  try {
    const states = reply ? await limitAddress(platform, request, reply) : [];
    found = given && (await authenticate(platform, given, { slug, address: request.ip }));
    if (found && reply) await limitCaller(platform, reply, found, states);
    if (given && 'bearer' in given && !found) {
      throw new UserError(
        'auth.token-invalid',
        'The token is unknown, expired, revoked or not valid from this address.',
      );
    }
    if (found) refuseUnlessAllowed(route, found, slug);
    else if (route.access !== 'public') throw new UserError('auth.sign-in-required', 'Sign in first.');
  } catch (error) {
    // A browser that was never signed in is no refusal worth keeping.
    const isSignIn = error instanceof UserError && error.code === 'auth.sign-in-required';
    if (given || !isSignIn) recordRefusal(platform, request, route, error, found);
    throw error;
  }
  return {
    platform,
    params: parse(route.params, request.params, 'path'),
    query: parse(route.query, request.query, 'query'),
    body: parse(route.body, request.body, 'body'),
    upload: uploadOf(request.body, route.upload?.maxBytes ?? 0),
    caller: found?.caller,
    tenant: found?.tenant,
    address: request.ip,
    requestId: request.id,
    userAgent: request.headers['user-agent'] ?? '',
    sessionSecret: given && 'session' in given ? given.session : undefined,
    ifMatch: request.headers['if-match'],
    flow: flowCookies(request, reply),
    note: () => {},
    setSession: secret => {
      void reply?.header('set-cookie', sessionCookie(secret, request.protocol === 'https'));
    },
  };
}

/** The short name of the tenant in the path; what cannot be one names none. Undefined for paths outside tenants. */
function slugOf(request: FastifyRequest): string | undefined {
  const { tenant } = z.object({ tenant: z.string() }).safeParse(request.params).data ?? {};
  return tenant === undefined || /^[a-z0-9-]{2,63}$/.test(tenant) ? tenant : '';
}

/** Refuses a known caller who may not call the route. @throws UserError */
function refuseUnlessAllowed(route: Guarded, found: Authenticated, slug: string | undefined): void {
  const { caller, tenant } = found;
  const { kind, scopes } = caller.credential;
  // A tenant one does not belong to looks like one that does not exist.
  if (slug !== undefined && !tenant) throw new UserError('request.not-found', 'There is no such tenant.');
  if (found.breach) throw policyError(found.breach);
  if (route.access === 'public') return;
  if (route.access === 'signed-in') {
    if (kind !== 'session' && route.allowsTokens !== true) throw sessionRequired();
    if (slug === undefined && isOfProvider(found) && !(route.allowsTokens ?? route.allowsProviders)) {
      throw new UserError(
        'auth.own-sign-in-required',
        'Your organisation’s sign-in reaches its tenant alone. Sign in with your own password or passkey to change your account.',
      );
    }
  } else if (!isPermitted(route.access, found, slug)) {
    throw new UserError(
      'auth.forbidden',
      kind === 'session'
        ? 'Your role does not allow this. Ask an administrator of the tenant.'
        : `The token may not do this: it needs the scope ${route.access}, and its holder the permission.`,
    );
  }
  if (route.isForService === true && !isForNothingElse(found, route.access)) {
    throw new UserError(
      'auth.forbidden',
      `Only a service token of the tenant may do this, and only one whose single scope is ${route.access}.`,
    );
  }
  if (route.isDangerous !== true) return;
  if (kind !== 'session') {
    if (scopes?.has('dangerous') !== true) {
      throw new UserError('auth.forbidden', 'The token may not do this: it needs the scope dangerous.');
    }
  } else if (!isFresh(caller)) {
    throw new UserError(
      'auth.reauthentication-required',
      'Confirm with your password first, or sign in again: your sign-in is more than ten minutes old.',
    );
  }
}

/** Whether the caller is a tenant's own token that can do nothing but what a route is for. */
function isForNothingElse({ caller: { credential } }: Authenticated, access: Route['access']): boolean {
  const { kind, scopes } = credential;
  return kind === 'service-token' && scopes?.size === 1 && [...scopes][0] === access;
}

/** Whether the session stands on the word of a tenant's identity provider: it says nothing about the account beyond that tenant. */
function isOfProvider({ caller: { credential } }: Authenticated): boolean {
  return credential.kind === 'session' && credential.tenantId !== undefined;
}

function isPermitted(
  access: Exclude<Route['access'], 'public' | 'signed-in'>,
  { caller, tenant }: Authenticated,
  slug: string | undefined,
): boolean {
  if (slug !== undefined) return tenant?.permissions.has(access) ?? false;
  return caller.isPlatformAdmin && (caller.credential.scopes?.has(access) ?? true);
}

function parse(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!schema) return undefined;
  const unstorable = findUnstorable(value);
  if (unstorable && where !== 'path') {
    const path = unstorable.path || where;
    throw new UserError('request.invalid', `The ${where} is not valid: ${path}: ${unstorable.reason}`, {
      fields: { [path]: unstorable.reason },
    });
  }
  const parsed = unstorable ? undefined : schema.safeParse(value === undefined ? {} : value);
  if (parsed?.success) return parsed.data;
  // An id that is no UUID names nothing.
  if (where === 'path' || !parsed)
    throw new UserError('request.not-found', 'There is nothing at this address.');
  const fields = Object.fromEntries(
    parsed.error.issues.map(issue => [issue.path.join('.') || where, issue.message]),
  );
  const first = Object.entries(fields)[0];
  throw new UserError(
    'request.invalid',
    `The ${where} is not valid: ${first?.[0] ?? ''}: ${first?.[1] ?? ''}`,
    { fields },
  );
}
