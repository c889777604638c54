import type { SsoConnectionRequest, SsoConnectionView } from '@glacis/contract';
import { role } from '@glacis/contract';
import { decrypt, encrypt, newId, tenantId, UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { z } from 'zod';
import { notFound } from '../../http/caller.ts';
import type { Platform } from '../../platform.ts';
import { checkProvider } from './provider.ts';

const MAX_CONNECTIONS = 20;

interface ConnectionRow {
  id: string;
  tenant_id: string;
  kind: 'oidc';
  name: string;
  is_enabled: boolean;
  domains: string[];
  default_role: string | null;
  groups_claim: string | null;
  group_roles: unknown;
  settings: unknown;
  sealed: Buffer | null;
  created_at: Date;
}

const settings = z.object({ issuer: z.string(), clientId: z.string() });
const groupRoles = z.array(z.object({ group: z.string(), role }));

/** A provider as signing in needs it. */
export interface Connection extends Omit<SsoConnectionView, 'redirectUri' | 'unprovenDomains' | 'createdAt'> {
  readonly tenant: TenantId;
  readonly tenantSlug: string;
  readonly clientSecret: string | undefined;
}

const contextOf = (id: string): readonly string[] => ['sso_connection', id, 'client_secret'];

/** The domains that a tenant has proven; addresses below them count as theirs too. */
export async function provenDomains(database: Database, tenant: TenantId): Promise<string[]> {
  const { rows } = await sql<{ domain: string }>`select domain from control.domain_claim
    where tenant_id = ${tenant} order by domain`.execute(database.control);
  return rows.map(row => row.domain);
}

/** Whether a domain is one of the proven ones, or below one. */
export function isProven(domain: string, proven: readonly string[]): boolean {
  return proven.some(own => domain === own || domain.endsWith(`.${own}`));
}

/** The identity providers of a tenant. */
export async function listConnections(
  platform: Platform,
  tenant: TenantId,
): Promise<{ items: SsoConnectionView[]; provenDomains: string[] }> {
  const proven = await provenDomains(platform.database, tenant);
  const { rows } = await sql<ConnectionRow>`select * from control.sso_connection
    where tenant_id = ${tenant} order by created_at, id`.execute(platform.database.control);
  return { items: rows.map(row => viewOf(platform, row, proven)), provenDomains: proven };
}

/** Adds a provider, or changes one, after it has answered. @throws UserError */
export async function saveConnection(
  platform: Platform,
  tenant: TenantId,
  of: { id?: string; request: SsoConnectionRequest },
): Promise<SsoConnectionView> {
  const { request } = of;
  const { control } = platform.database;
  if (of.id !== undefined) await ownConnection(platform.database, tenant, of.id);
  const proven = await provenDomains(platform.database, tenant);
  const unproven = request.domains.find(domain => !isProven(domain, proven));
  if (unproven !== undefined) {
    const sentence = `Prove first that ${unproven} is yours: add it as a target.`;
    throw new UserError('sso.domain-not-proven', sentence, { fields: { domains: sentence } });
  }
  await checkProvider(platform, request.issuer);
  const id = of.id ?? newId();
  const key = await platform.keyOf(tenant);
  const sealed =
    request.clientSecret === undefined
      ? null
      : encrypt(key, Buffer.from(request.clientSecret), contextOf(id));
  const { rows } = await sql<ConnectionRow>`insert into control.sso_connection as c
      (id, tenant_id, kind, name, is_enabled, domains, default_role, groups_claim, group_roles, settings, sealed)
    select ${id}, ${tenant}, 'oidc', ${request.name}, ${request.isEnabled}, ${request.domains}, ${request.defaultRole},
      ${request.groupsClaim}, ${JSON.stringify(request.groupRoles)}::jsonb,
      ${JSON.stringify({ issuer: request.issuer, clientId: request.clientId })}::jsonb, ${sealed}
    where (select count(*) from control.sso_connection where tenant_id = ${tenant} and id <> ${id}) < ${MAX_CONNECTIONS}
    on conflict (id) do update set name = excluded.name, is_enabled = excluded.is_enabled, domains = excluded.domains,
      default_role = excluded.default_role, groups_claim = excluded.groups_claim, group_roles = excluded.group_roles,
      settings = excluded.settings, updated_at = now(),
      -- A secret is never sent to another provider than the one it was given for.
      sealed = case when excluded.settings ->> 'issuer' = c.settings ->> 'issuer'
        then coalesce(excluded.sealed, c.sealed) else excluded.sealed end
    where c.tenant_id = ${tenant} returning *`.execute(control);
  if (!rows[0])
    throw new UserError('request.conflict', `A tenant has at most ${MAX_CONNECTIONS} identity providers.`);
  return viewOf(platform, rows[0], proven);
}

/** Removes a provider; sessions that it vouched for end. @throws UserError when there is none. */
export async function removeConnection(database: Database, tenant: TenantId, id: string): Promise<void> {
  await database.control.transaction().execute(async trx => {
    await sql`delete from control.session s using control.sso_identity i
      where i.connection_id = ${id} and s.user_id = i.user_id and s.tenant_id = ${tenant}`.execute(trx);
    const { rows } = await sql`delete from control.sso_connection
      where id = ${id} and tenant_id = ${tenant} returning 1`.execute(trx);
    if (rows.length === 0) throw notFound('identity provider');
  });
}

/** The providers that speak for an address: of active tenants that have its domain proven. */
export async function findConnections(
  database: Database,
  email: string,
): Promise<Pick<Connection, 'id' | 'name' | 'kind'>[]> {
  const domain = domainOf(email);
  const { rows } = await sql<Pick<ConnectionRow, 'id' | 'name' | 'kind'>>`select c.id, c.name, c.kind
    from control.sso_connection c join control.tenant t on t.id = c.tenant_id and t.state = 'active'
    where c.is_enabled and c.domains @> array[${domain}]::text[]
      and exists (select 1 from control.domain_claim d where d.tenant_id = c.tenant_id
        and (d.domain = ${domain} or right(${domain}, length(d.domain) + 1) = '.' || d.domain))
    order by c.name, c.id limit 20`.execute(database.control);
  return rows;
}

/** A provider that people may sign in by, with its secret. @throws UserError when there is none. */
export async function openConnection(platform: Platform, id: string): Promise<Connection> {
  const { rows } = await sql<
    ConnectionRow & { slug: string }
  >`select c.*, t.slug from control.sso_connection c
    join control.tenant t on t.id = c.tenant_id and t.state = 'active'
    where c.id = ${id} and c.is_enabled`.execute(platform.database.control);
  const [row] = rows;
  if (!row) throw notFound('identity provider');
  const tenant = tenantId(row.tenant_id);
  const key = await platform.keyOf(tenant);
  const secret = row.sealed && decrypt(key, row.sealed, contextOf(id)).toString('utf8');
  return { ...partsOf(row), tenant, tenantSlug: row.slug, clientSecret: secret ?? undefined };
}

/** The domain of an address, lower-case. */
export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1).toLowerCase();
}

/** Where a provider sends people back to: one address for each, so that answers of two cannot be mixed up. */
export function redirectUriOf(platform: Pick<Platform, 'publicUrl'>, id: string): string {
  return `${platform.publicUrl}/sign-in/oidc/${id}`;
}

async function ownConnection(database: Database, tenant: TenantId, id: string): Promise<void> {
  const { rows } = await sql`select 1 from control.sso_connection
    where id = ${id} and tenant_id = ${tenant}`.execute(database.control);
  if (rows.length === 0) throw notFound('identity provider');
}

function partsOf(row: ConnectionRow) {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    isEnabled: row.is_enabled,
    domains: row.domains,
    defaultRole: role.nullable().parse(row.default_role),
    groupsClaim: row.groups_claim,
    groupRoles: groupRoles.parse(row.group_roles),
    ...settings.parse(row.settings),
    hasSecret: row.sealed !== null,
  };
}

function viewOf(platform: Platform, row: ConnectionRow, proven: readonly string[]): SsoConnectionView {
  return {
    ...partsOf(row),
    createdAt: row.created_at.toISOString(),
    redirectUri: redirectUriOf(platform, row.id),
    unprovenDomains: row.domains.filter(domain => !isProven(domain, proven)),
  };
}
