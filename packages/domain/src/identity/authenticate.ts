import type { PolicyBreach } from '@glacis/contract';
import type { TenantId } from '@glacis/foundation';
import { membershipsOf } from '../tenancy/service.ts';
import { noteSupportUse } from '../tenancy/support.ts';
import type { Platform } from '../platform.ts';
import { findAccessToken } from './access-token.ts';
import { tenantInRole, tenantOfServiceToken, type Caller, type RouteTenant } from './caller.ts';
import { recordEntry } from './entry.ts';
import { breachesOf } from './policy/service.ts';
import { findSession } from './session.ts';
import { findToken, type FoundCaller } from './token.ts';

/** What a request came with. Only one of them counts: a bearer token is never mixed with a cookie. */
export type GivenCredential = { readonly bearer: string } | { readonly session: string };

/** Who calls, and the tenant of the path when they belong to it. */
export interface Authenticated {
  readonly caller: Caller;
  readonly tenant: RouteTenant | undefined;
  /** The active tenant of the path, whether or not the caller belongs to it: for the record, not for the answer. */
  readonly namedTenantId: TenantId | undefined;
  /** What the caller lacks for entering the tenant of the path, by its policy. */
  readonly breach: PolicyBreach | undefined;
}

/**
 * Finds out who calls and what they may do in the tenant of a slug; undefined when the credential is not valid. One round
 * trip and one for the tenant's policy, and others for members by other means than a membership, once a minute to note the
 * use, and when a session enters a tenant for the first time to record it there.
 */
export async function authenticate(
  platform: Platform,
  given: GivenCredential,
  of: { readonly slug: string | undefined; readonly address: string },
): Promise<Authenticated | undefined> {
  const found = await find(platform, given, of);
  if (!found) return undefined;
  const { caller } = found;
  const tenant = await tenantFor(platform, found);
  const breach = tenant && (await breachesOf(platform.database, caller, [tenant.id])).get(tenant.id);
  if (tenant && !breach && found.hasEntered === false)
    await recordEntry(platform, { caller, tenant: tenant.id, address: of.address });
  return { caller, tenant, namedTenantId: found.tenant?.id, breach };
}

function find(
  platform: Platform,
  given: GivenCredential,
  of: { readonly slug: string | undefined; readonly address: string },
): Promise<FoundCaller | undefined> {
  if ('session' in given) return findSession(platform.database, given.session, of.slug);
  return given.bearer.startsWith('glc_')
    ? findToken(platform.database, given.bearer, of)
    : findAccessToken(platform, given.bearer, of);
}

/** The tenant of the path, as far as the caller's membership and credential reach. */
async function tenantFor(
  platform: Platform,
  { caller, tenant }: FoundCaller,
): Promise<RouteTenant | undefined> {
  const { credential, userId } = caller;
  if (!tenant || (credential.tenantId !== undefined && credential.tenantId !== tenant.id)) return undefined;
  if (userId === undefined)
    return credential.tenantId === undefined ? undefined : tenantOfServiceToken(tenant, credential);
  if (tenant.role) return tenantInRole(tenant, tenant.role, credential);
  // No membership of their own: whatever else lets people in is known there.
  const other = (await membershipsOf(platform.database, userId)).find(entry => entry.id === tenant.id);
  if (!other) return undefined;
  await noteSupportUse(platform.database, userId, other.id);
  return tenantInRole(other, other.role, credential);
}
