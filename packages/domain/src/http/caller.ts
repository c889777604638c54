import { UserError, UnexpectedError, type TenantId } from '@glacis/foundation';
import type { TenantTransaction } from '@glacis/db';
import { isPerson, type Person } from '../identity/caller.ts';
import type { RouteInput } from './route.ts';

/** The tenant of a route whose path names one. @throws UnexpectedError when the route was declared without. */
export function tenantOf(input: RouteInput<unknown, unknown, unknown>): TenantId {
  if (!input.tenant) throw new UnexpectedError('A route of a tenant was called without one.');
  return input.tenant.id;
}

/**
 * The person who calls a route that needs one. @throws UserError when nobody is signed in, or a token calls that belongs
 * to a tenant and no person.
 */
export function callerOf(input: RouteInput<unknown, unknown, unknown>): Person {
  if (!input.caller) throw new UserError('auth.sign-in-required', 'Sign in first.');
  if (!isPerson(input.caller)) throw sessionRequired();
  return input.caller;
}

/** The person whose session a public route is called with; undefined for strangers and tokens. */
export function signedInPerson(input: RouteInput<unknown, unknown, unknown>): Person | undefined {
  const { caller } = input;
  return caller &&
    isPerson(caller) &&
    caller.credential.kind === 'session' &&
    caller.credential.tenantId === undefined
    ? caller
    : undefined;
}

/** Id of the person on whose behalf something is done; null when a tenant's own token does it. */
export function requesterOf(input: RouteInput<unknown, unknown, unknown>): string | null {
  return input.caller?.userId ?? null;
}

/** The session secret of a route that only sessions may call. @throws UserError when there is none. */
export function sessionSecretOf(input: RouteInput<unknown, unknown, unknown>): string {
  if (input.sessionSecret === undefined) throw sessionRequired();
  return input.sessionSecret;
}

/** The error for a token where a person has to be. */
export function sessionRequired(): UserError {
  return new UserError('auth.session-required', 'Only a person who is signed in may do this, not a token.');
}

/** Runs work in the tenant of the route; a member who sees only projects can only read there, and only of those. */
export function inRouteTenant<T>(
  input: RouteInput<unknown, unknown, unknown>,
  work: (tx: TenantTransaction) => Promise<T>,
): Promise<T> {
  const { userId } = input.caller ?? {};
  return input.platform.database.inTenant(tenantOf(input), work, userId ? { viewer: userId } : {});
}

/** The error for what does not exist here, or belongs to another tenant: both look alike. */
export function notFound(what: string): UserError {
  return new UserError('request.not-found', `There is no such ${what}.`);
}
