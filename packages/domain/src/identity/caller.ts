import {
  permissionsOf,
  type AuthMethod,
  type Permission,
  type Role,
  type TokenScope,
} from '@glacis/contract';
import type { TenantId } from '@glacis/foundation';

/** By what somebody comes: a browser's session, a token of a person or of a tenant, or a short-lived access token. */
export type CredentialKind = 'session' | 'personal-token' | 'service-token' | 'access-token';

/** What a caller came with, and how far it reaches. */
export interface Credential {
  readonly kind: CredentialKind;
  /** Id of the session, token or grant; no secret. */
  readonly id: string;
  /** Name of a token. */
  readonly name: string;
  /** What it is limited to; undefined: all that its holder may. */
  readonly scopes: ReadonlySet<TokenScope> | undefined;
  /** The only tenant that it works in; undefined: all of its holder's. */
  readonly tenantId: TenantId | undefined;
  /** When and how the person has shown who they are; for sessions. */
  readonly authenticatedAt: Date | undefined;
  readonly methods: readonly AuthMethod[];
  readonly expiresAt: Date | undefined;
}

/** Who calls. `userId` is undefined for a token that belongs to a tenant and to no person. */
export interface Caller {
  readonly userId: string | undefined;
  readonly email: string;
  readonly isPlatformAdmin: boolean;
  readonly credential: Credential;
}

/** A caller who is a person. */
export type Person = Caller & { readonly userId: string };

/** Whether the caller is a person, by whatever credential. */
export function isPerson(caller: Caller): caller is Person {
  return caller.userId !== undefined;
}

/** The tenant of a request's path, with what the caller may do in it. */
export interface RouteTenant {
  readonly id: TenantId;
  readonly slug: string;
  readonly role: Role;
  /** The role's permissions that the credential's scopes leave. */
  readonly permissions: ReadonlySet<Permission>;
}

/** What is left of permissions under a credential's scopes. */
export function withinScopes(of: readonly Permission[], credential: Credential): ReadonlySet<Permission> {
  return new Set(of.filter(permission => credential.scopes?.has(permission) ?? true));
}

/** The tenant as the caller sees it in a role. */
export function tenantInRole(
  tenant: { readonly id: TenantId; readonly slug: string },
  role: Role,
  credential: Credential,
): RouteTenant {
  return {
    id: tenant.id,
    slug: tenant.slug,
    role,
    permissions: withinScopes(permissionsOf[role], credential),
  };
}

/**
 * The tenant as a service token sees it: it has the rights that its scopes name, of those that an administrator has. For
 * whatever asks for a role it counts as the weakest.
 */
export function tenantOfServiceToken(
  tenant: { readonly id: TenantId; readonly slug: string },
  credential: Credential,
): RouteTenant {
  return {
    id: tenant.id,
    slug: tenant.slug,
    role: 'observer',
    permissions: withinScopes(permissionsOf.admin, credential),
  };
}
