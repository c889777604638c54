import { UserError, tenantId, type TenantId } from '@glacis/foundation';
import { systemOrigin } from '../audit/record.ts';
import { dropTenantSchema, sql } from '@glacis/db';
import { announce } from '@glacis/realtime';
import { paymentsOf } from '../billing/payment.ts';
import { notFound } from '../http/caller.ts';
import type { Platform } from '../platform.ts';
import { namedTenant } from './named-tenant.ts';
import { cancelAllScans } from './suspension.ts';

/**
 * Begins the end of a tenant: it is shut now, and its data goes after the grace period. Until then it can be kept.
 * @throws UserError when the short name that was typed is not its own.
 */
export async function scheduleDeletion(
  { database }: Platform,
  of: { id: string; slug: string; graceDays: number },
): Promise<{ deleteAfter: string }> {
  const tenant = namedTenant(of.id);
  return database.control.transaction().execute(async trx => {
    const { rows } = await sql<{ slug: string; state: string }>`select slug, state from control.tenant
      where id = ${tenant} for no key update`.execute(trx);
    if (!rows[0] || rows[0].state === 'shredding') throw notFound('tenant');
    if (rows[0].slug !== of.slug) {
      const sentence = `Type the short name of the tenant, ${rows[0].slug}, to delete it.`;
      throw new UserError('request.invalid', sentence, { fields: { slug: sentence } });
    }
    const { rows: changed } = await sql<{ delete_after: Date }>`update control.tenant set state = 'deleting',
        delete_after = now() + make_interval(days => ${of.graceDays}::int)
      where id = ${tenant} returning delete_after`.execute(trx);
    await database.within(trx, tenant, cancelAllScans);
    return { deleteAfter: (changed[0]?.delete_after ?? new Date()).toISOString() };
  });
}

/** Keeps a tenant that was to be deleted; it is active again. @throws UserError when it is too late or was never to be. */
export async function cancelDeletion({ database }: Platform, id: string): Promise<void> {
  const { rows } = await sql`update control.tenant set state = 'active', delete_after = null
    where id = ${id} and state = 'deleting' returning 1`.execute(database.control);
  if (rows.length === 0) throw notFound('tenant that is to be deleted');
}

/** Shreds the tenants whose grace period is over, and goes on with those that a process died at. Returns how many ended. */
export async function shredDueTenants(platform: Platform): Promise<number> {
  const { rows } = await sql<{ id: string }>`select id from control.tenant
    where state = 'shredding' or (state = 'deleting' and delete_after <= now()) order by delete_after`.execute(
    platform.database.control,
  );
  let ended = 0;
  for (const row of rows) {
    try {
      await shredTenant(platform, tenantId(row.id));
      ended += 1;
    } catch (error) {
      // One that cannot end yet, such as while the payment provider is away, does not keep the others.
      platform.log.error({ err: error, tenant: row.id }, 'a tenant could not be deleted; it is tried again');
    }
  }
  return ended;
}

/**
 * Destroys a tenant that is to be deleted. Its key goes first and in a transaction of its own: from then on everything sealed,
 * also in backups of files, is noise. Each later step can be repeated, so a process that dies leaves nothing half.
 */
async function shredTenant(platform: Platform, tenant: TenantId): Promise<void> {
  const { database, queue, blobs } = platform;
  const isOurs = await database.control.transaction().execute(async trx => {
    const { rows } = await sql`update control.tenant set state = 'shredding'
      where id = ${tenant} and (state = 'shredding' or (state = 'deleting' and delete_after <= now()))
      returning 1`.execute(trx);
    if (rows.length === 0) return false;
    await sql`delete from control.tenant_key where tenant_id = ${tenant}`.execute(trx);
    await announce(database.through(trx), { tenantId: tenant, topic: 'tenant', id: tenant });
    return true;
  });
  if (!isOurs) return;
  const { rows: subscribed } = await sql<{
    subscription_id: string;
  }>`select subscription_id from control.subscription where tenant_id = ${tenant}`.execute(database.control);
  if (subscribed[0]) await paymentsOf(platform).end(subscribed[0].subscription_id);
  await blobs.deleteAll(tenant);
  await database.control.transaction().execute(async trx => {
    const query = database.through(trx);
    await queue.removeOf(query, tenant);
    await dropTenantSchema(query, tenant);
    await sql`delete from control.mail where recipient in (
      select u.email from control.membership m join control.user_account u on u.id = m.user_id
        where m.tenant_id = ${tenant} and not u.is_platform_admin
      union select email from control.invitation where tenant_id = ${tenant}
      union select email from control.sign_up where tenant_id = ${tenant})`.execute(trx);
    const { rows: members } = await sql<{
      user_id: string;
    }>`delete from control.membership where tenant_id = ${tenant} returning user_id`.execute(trx);
    const ids = members.map(row => row.user_id);
    // People who belonged here alone are not kept either.
    await sql`delete from control.user_account u where id = any(${ids}::uuid[]) and not is_platform_admin
      and not exists (select 1 from control.membership m where m.user_id = u.id)`.execute(trx);
    // Its own audit log went with its schema; the platform's, which others rely on, keeps what was done to it.
    await sql`delete from control.audit_intent where tenant_id = ${tenant}`.execute(trx);
    await sql`delete from control.rate_window where subject = ${`tenant:${tenant}`}`.execute(trx);
    await sql`delete from control.audit_head where chain = ${tenant}`.execute(trx);
    await sql`delete from control.rate_window
      where subject = any(${[`tenant:${tenant}`, ...ids.map(id => `user:${id}`)]})`.execute(trx);
    await sql`delete from control.tenant where id = ${tenant}`.execute(trx);
  });
  // A job that was running when the first sweep came may have written one more file.
  await blobs.deleteAll(tenant);
  await platform.audit.append(
    {
      tenantId: undefined,
      origin: systemOrigin('job', 'deletion of tenants'),
      action: 'tenants.shredded',
      subject: { kind: 'tenants', id: tenant },
    },
    { outcome: 'succeeded' },
  );
  platform.log.info({ tenant }, 'a tenant was deleted');
}
