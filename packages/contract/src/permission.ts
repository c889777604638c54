import { z } from 'zod';

/** Everything that can be allowed or not, by name. `platform.*` is above tenants; the rest is within one. */
export const permissions = [
  'target.read',
  'target.write',
  'scan.read',
  'scan.run',
  'asset.read',
  'finding.read',
  'finding.triage',
  'report.read',
  'report.create',
  'project.read',
  'project.manage',
  'tenant.manage',
  'token.manage',
  'audit.read',
  'scim',
  'platform.manage',
] as const;
/** One of {@link permissions}. */
export const permission = z.enum(permissions);
export type Permission = z.infer<typeof permission>;

/** Roles within a tenant. */
export const roles = ['admin', 'operator', 'observer'] as const;
/** One of {@link roles}. */
export const role = z.enum(roles);
export type Role = z.infer<typeof role>;

const observer = [
  'target.read',
  'scan.read',
  'asset.read',
  'finding.read',
  'report.read',
  'project.read',
] as const;
const operator = [
  ...observer,
  'target.write',
  'scan.run',
  'finding.triage',
  'report.create',
  'project.manage',
] as const;

/** The one table of who may do what within a tenant. */
export const permissionsOf: Readonly<Record<Role, readonly Permission[]>> = {
  observer,
  operator,
  // An admin may give a token the scope `scim`; the routes of SCIM take nothing but such tokens.
  admin: [...operator, 'tenant.manage', 'token.manage', 'audit.read', 'scim'],
};

/**
 * What a token may be scoped for: permissions, and `dangerous` for acts that a person has to confirm with who they are.
 * A scope never gives more than its holder may.
 */
export const tokenScopes = [...permissions, 'dangerous'] as const;
/** One of {@link tokenScopes}. */
export const tokenScope = z.enum(tokenScopes);
export type TokenScope = z.infer<typeof tokenScope>;
