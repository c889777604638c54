import type { SsoConnectionView } from '@glacis/contract';
import { decrypt, tenantId, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { notFound } from '../../http/caller.ts';
import type { Platform } from '../../platform.ts';
import {
  basePartsOf,
  kindPartsOf,
  secretContext,
  viewOf,
  type Connection,
  type ConnectionRow,
} from './connection.ts';
import { domainOf, provenDomains } from './domains.ts';

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
  const base = { ...basePartsOf(row), tenant, tenantSlug: row.slug };
  const parts = kindPartsOf(row);
  if (parts.kind === 'saml') {
    const { provider } = parts;
    if (!provider) throw notFound('identity provider');
    return { ...base, ...parts, provider };
  }
  const key = await platform.keyOf(tenant);
  const secret = row.sealed && decrypt(key, row.sealed, secretContext(id)).toString('utf8');
  return { ...base, ...parts, clientSecret: secret ?? undefined };
}

/** Whether there is a SAML connection, on or off: its provider has to be set up before it is switched on. */
export async function hasSamlConnection(database: Database, id: string): Promise<boolean> {
  const { rows } = await sql`select 1 from control.sso_connection c
    join control.tenant t on t.id = c.tenant_id and t.state = 'active'
    where c.id = ${id} and c.kind = 'saml'`.execute(database.control);
  return rows.length > 0;
}
