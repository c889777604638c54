import type { TenantId } from '@glacis/foundation';
import { membershipsOf } from '../tenancy/service.ts';
import type { Platform } from '../platform.ts';
import { tenantInRole, type Caller, type RouteTenant } from './caller.ts';
import { findSession } from './session.ts';

/** What a request came with. Only one of them counts: a bearer token is never mixed with a cookie. */
export type GivenCredential = { readonly bearer: string } | { readonly session: string };

/** Who calls, and the tenant of the path when they belong to it. */
export interface Authenticated {
  readonly caller: Caller;
  readonly tenant: RouteTenant | undefined;
  /** The active tenant of the path, whether or not the caller belongs to it: for the record, not for the answer. */
  readonly namedTenantId: TenantId | undefined;
}

/** Finds out who calls and what they may do in the tenant of a slug; undefined when the credential is not valid. */
export async function authenticate(
  platform: Platform,
  given: GivenCredential,
  slug: string | undefined,
): Promise<Authenticated | undefined> {
  if ('bearer' in given) return undefined;
  const { database } = platform;
  const found = await findSession(database, given.session, slug);
  if (!found) return undefined;
  const { caller, tenant } = found;
  const result = { caller, namedTenantId: tenant?.id };
  if (!tenant) return { ...result, tenant: undefined };
  if (tenant.role) return { ...result, tenant: tenantInRole(tenant, tenant.role, caller.credential) };
  // No membership of their own: whatever else lets people in is known there.
  const other = (await membershipsOf(database, caller.userId)).find(entry => entry.id === tenant.id);
  return { ...result, tenant: other && tenantInRole(other, other.role, caller.credential) };
}
