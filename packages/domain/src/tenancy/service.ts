import type { Role } from '@glacis/contract';
import { newId, newSecretKey, tenantId, type SecretKey, type TenantId } from '@glacis/foundation';
import { createTenantSchema, type Database } from '@glacis/db';
import { wrapTenantKey } from './keys.ts';

/**
 * Creates a tenant whole or not at all: its row, role, schema, tables, data key and, when named, its first admin (the
 * account is made if the address has none).
 */
export async function createTenant(
  database: Database,
  masterKey: SecretKey,
  of: { slug: string; name: string; admin?: { email: string; name: string; isPlatformAdmin?: boolean } },
): Promise<{ id: TenantId; adminId: string | undefined }> {
  const id = tenantId(newId());
  return database.control.transaction().execute(async trx => {
    await trx.insertInto('control.tenant').values({ id, slug: of.slug, name: of.name }).execute();
    await createTenantSchema(database.through(trx), id);
    const wrapped = wrapTenantKey(masterKey, id, newSecretKey());
    await trx.insertInto('control.tenant_key').values({ tenant_id: id, wrapped }).execute();
    if (!of.admin) return { id, adminId: undefined };
    const { admin } = of;
    const account = await trx
      .insertInto('control.user_account')
      .values({
        id: newId(),
        email: admin.email.toLowerCase(),
        name: admin.name,
        password_hash: null,
        is_platform_admin: admin.isPlatformAdmin ?? false,
      })
      .onConflict(conflict =>
        conflict.column('email').doUpdateSet(eb => ({ email: eb.ref('excluded.email') })),
      )
      .returning('id')
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('control.membership')
      .values({ user_id: account.id, tenant_id: id, role: 'admin' })
      .execute();
    return { id, adminId: account.id };
  });
}

/** A tenant that a person belongs to. */
export interface Membership {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: string;
  readonly role: Role;
}

/** The active tenants of a person, by name. */
export async function membershipsOf(database: Database, userId: string): Promise<readonly Membership[]> {
  const rows = await database.control
    .selectFrom('control.membership as m')
    .innerJoin('control.tenant as t', 't.id', 'm.tenant_id')
    .select(['t.id', 't.slug', 't.name', 'm.role'])
    .where('m.user_id', '=', userId)
    .where('t.state', '=', 'active')
    .orderBy('t.name')
    .execute();
  return rows.map(row => ({ ...row, id: tenantId(row.id) }));
}
