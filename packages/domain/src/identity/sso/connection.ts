import {
  role,
  samlProvider,
  type SamlProvider,
  type SsoConnectionView,
  type SsoKind,
} from '@glacis/contract';
import { type TenantId } from '@glacis/foundation';
import { z } from 'zod';
import type { Platform } from '../../platform.ts';
import { certificatesUntil } from '../saml/certificate.ts';
import { isProven } from './domains.ts';

/** A row of `control.sso_connection`. */
export interface ConnectionRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly kind: SsoKind;
  readonly name: string;
  readonly is_enabled: boolean;
  readonly domains: string[];
  readonly default_role: string | null;
  readonly groups_claim: string | null;
  readonly group_roles: unknown;
  readonly settings: unknown;
  readonly sealed: Buffer | null;
  readonly created_at: Date;
}

const oidcSettings = z.object({ issuer: z.string(), clientId: z.string() });
const samlSettings = z.object({ provider: samlProvider.nullable(), emailAttribute: z.string().nullable() });
const groupRoles = z.array(z.object({ group: z.string(), role }));

/** What providers of all kinds have in common, as signing in needs it. */
export interface BaseConnection extends Pick<
  SsoConnectionView,
  'id' | 'name' | 'domains' | 'defaultRole' | 'groupsClaim' | 'groupRoles'
> {
  readonly tenant: TenantId;
  readonly tenantSlug: string;
}

/** A provider by OpenID Connect, with its secret. */
export interface OidcConnection extends BaseConnection, z.output<typeof oidcSettings> {
  readonly kind: 'oidc';
  readonly clientSecret: string | undefined;
}

/** A provider by SAML 2.0. */
export interface SamlConnection extends BaseConnection {
  readonly kind: 'saml';
  readonly provider: SamlProvider;
  readonly emailAttribute: string | null;
}

/** A provider as signing in needs it. */
export type Connection = OidcConnection | SamlConnection;

/** Where a client secret belongs, for sealing it. */
export const secretContext = (id: string): readonly string[] => ['sso_connection', id, 'client_secret'];

/** What a row says whatever its kind. */
export function basePartsOf(row: ConnectionRow) {
  return {
    id: row.id,
    name: row.name,
    isEnabled: row.is_enabled,
    domains: row.domains,
    defaultRole: role.nullable().parse(row.default_role),
    groupsClaim: row.groups_claim,
    groupRoles: groupRoles.parse(row.group_roles),
  };
}

/** What a row says of its provider. */
export function kindPartsOf(row: ConnectionRow) {
  return row.kind === 'oidc'
    ? { kind: row.kind, ...oidcSettings.parse(row.settings) }
    : { kind: row.kind, ...samlSettings.parse(row.settings) };
}

/** A connection as the admins of its tenant see it. */
export function viewOf(
  platform: Pick<Platform, 'publicUrl'>,
  row: ConnectionRow,
  proven: readonly string[],
): SsoConnectionView {
  const parts = kindPartsOf(row);
  const view = {
    ...basePartsOf(row),
    createdAt: row.created_at.toISOString(),
    redirectUri: redirectUriOf(platform, row),
    unprovenDomains: row.domains.filter(domain => !isProven(domain, proven)),
  };
  return parts.kind === 'oidc'
    ? { ...view, ...parts, hasSecret: row.sealed !== null }
    : {
        ...view,
        ...parts,
        entityId: entityIdOf(platform, row.id),
        certificatesUntil: certificatesUntil(parts.provider?.certificates ?? []),
      };
}

/** Where a provider sends people back to: one address for each, so that answers of two cannot be mixed up. */
export function redirectUriOf(
  platform: Pick<Platform, 'publicUrl'>,
  of: { readonly kind: SsoKind; readonly id: string },
): string {
  return `${platform.publicUrl}/sign-in/${of.kind}/${of.id}`;
}

/** The name of the platform for a SAML provider; its description is found there. */
export function entityIdOf(platform: Pick<Platform, 'publicUrl'>, id: string): string {
  return `${platform.publicUrl}/api/sso/saml/${id}/metadata`;
}
