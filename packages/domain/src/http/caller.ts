import { UserError, UnexpectedError, type TenantId } from '@glacis/foundation';
import type { TenantTransaction } from '@glacis/db';
import type { Caller, RouteInput } from './route.ts';

/** The tenant of a route whose path names one. @throws UnexpectedError when the route was declared without. */
export function tenantOf(input: RouteInput<unknown, unknown, unknown>): TenantId {
  if (!input.tenant) throw new UnexpectedError('A route of a tenant was called without one.');
  return input.tenant.id;
}

/** The caller of a route that needs one. @throws UserError when nobody is signed in. */
export function callerOf(input: RouteInput<unknown, unknown, unknown>): Caller {
  if (!input.caller) throw new UserError('auth.sign-in-required', 'Sign in first.');
  return input.caller;
}

/** Runs work in the tenant of the route. */
export function inRouteTenant<T>(
  input: RouteInput<unknown, unknown, unknown>,
  work: (tx: TenantTransaction) => Promise<T>,
): Promise<T> {
  return input.platform.database.inTenant(tenantOf(input), work);
}

/** The error for what does not exist here, or belongs to another tenant: both look alike. */
export function notFound(what: string): UserError {
  return new UserError('request.not-found', `There is no such ${what}.`);
}
