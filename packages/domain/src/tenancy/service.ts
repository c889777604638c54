import type { Role } from '@glacis/contract';
import { newId, newSecretKey, tenantId, UserError, type SecretKey, type TenantId } from '@glacis/foundation';
import { createTenantSchema, sql, type Database } from '@glacis/db';
import { createTarget } from '../targets/service.ts';
import { wrapTenantKey } from './keys.ts';
import type { ControlTransaction } from './members.ts';

/** What a tenant begins with. `admin` names the first admin, whose account is made if the address has none. */
export interface NewTenant {
  readonly slug: string;
  readonly name: string;
  readonly planId?: string;
  /** First domain to watch. */
  readonly domain?: string;
  readonly admin?: {
    readonly email: string;
    readonly name: string;
    readonly passwordHash?: string;
    readonly isPlatformAdmin?: boolean;
  };
}

/** A tenant that was made. */
export interface CreatedTenant {
  readonly id: TenantId;
  readonly adminId: string | undefined;
  /** Whether the admin's account was made with it. */
  readonly isNewAdmin: boolean;
}

/**
 * Creates a tenant whole or not at all: its row, role, schema, tables, data key and, when named, its first admin and
 * domain. @throws UserError when the slug is taken or the domain cannot be owned.
 */
export async function createTenant(
  database: Database,
  masterKey: SecretKey,
  of: NewTenant,
): Promise<CreatedTenant> {
  return database.control.transaction().execute(trx => createTenantWithin(database, trx, masterKey, of));
}

/** The same within a transaction of the platform. */
export async function createTenantWithin(
  database: Database,
  trx: ControlTransaction,
  masterKey: SecretKey,
  of: NewTenant,
): Promise<CreatedTenant> {
  const id = tenantId(newId());
  const { rows } = await sql`insert into control.tenant (id, slug, name, plan_id)
    values (${id}, ${of.slug}, ${of.name}, ${of.planId ?? null}) on conflict (slug) do nothing returning id`.execute(
    trx,
  );
  if (rows.length === 0) throw slugTaken();
  await createTenantSchema(database.through(trx), id);
  const wrapped = wrapTenantKey(masterKey, id, newSecretKey());
  await trx.insertInto('control.tenant_key').values({ tenant_id: id, wrapped }).execute();
  const admin = of.admin ? await addFirstAdmin(trx, id, of.admin) : undefined;
  const { domain } = of;
  if (domain !== undefined) {
    await database.within(trx, id, tx => createTarget(tx, domain, admin?.id ?? null));
  }
  return { id, adminId: admin?.id, isNewAdmin: admin?.is_new ?? false };
}

/** The error for a short name that another tenant has. */
export function slugTaken(): UserError {
  return new UserError('tenant.slug-taken', 'This short name is taken. Choose another.', {
    fields: { slug: 'This short name is taken. Choose another.' },
  });
}

async function addFirstAdmin(
  trx: ControlTransaction,
  tenant: TenantId,
  of: NonNullable<NewTenant['admin']>,
): Promise<{ id: string; is_new: boolean } | undefined> {
  // A row that was inserted has no xmax; one that was there keeps its name and password.
  const { rows } = await sql<{ id: string; is_new: boolean }>`
    insert into control.user_account as u (id, email, name, password_hash, is_platform_admin)
    values (${newId()}, ${of.email.toLowerCase()}, ${of.name}, ${of.passwordHash ?? null}, ${of.isPlatformAdmin ?? false})
    on conflict (email) do update set email = u.email
    returning id, xmax = 0 as is_new`.execute(trx);
  await sql`insert into control.membership (user_id, tenant_id, role)
    values (${rows[0]?.id}, ${tenant}, 'admin')`.execute(trx);
  return rows[0];
}

/** A tenant that a person belongs to. */
export interface Membership {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: string;
  readonly role: Role;
}

/**
 * The active tenants of a person, by name. An administrator of the platform belongs, for as long as it lasts, also to those
 * that gave support access.
 */
export async function membershipsOf(database: Database, userId: string): Promise<readonly Membership[]> {
  const { rows } = await sql<Membership>`
    select t.id, t.slug, t.name, m.role from control.membership m join control.tenant t on t.id = m.tenant_id
    where m.user_id = ${userId} and t.state = 'active'
    union all
    select distinct on (t.id) t.id, t.slug, t.name, g.role
    from control.user_account u, control.support_grant g join control.tenant t on t.id = g.tenant_id
    where u.id = ${userId} and u.is_platform_admin and t.state = 'active'
      and g.revoked_at is null and g.expires_at > now()
      and not exists (select 1 from control.membership m where m.user_id = u.id and m.tenant_id = t.id)
      and not exists (select 1 from control.feature_switch f where f.feature = 'support-access' and not f.is_on
        and (f.tenant_id is null or f.tenant_id = t.id))
    order by name`.execute(database.control);
  return rows.map(row => ({ ...row, id: tenantId(row.id) }));
}
