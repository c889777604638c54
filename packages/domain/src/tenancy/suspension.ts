import type { TenantId } from '@glacis/foundation';
import { cancelScan } from '@glacis/engine';
import { sql, type TenantTransaction } from '@glacis/db';
import { announce } from '@glacis/realtime';
import { notFound } from '../http/caller.ts';
import type { Platform } from '../platform.ts';
import type { ControlTransaction } from './members.ts';
import { namedTenant } from './named-tenant.ts';

/**
 * Shuts a tenant: from this commit on its members are refused, no scan starts and running ones are cancelled. Its data
 * stays. One that is shut already keeps its reason.
 */
export async function suspendWithin(
  { database }: Pick<Platform, 'database'>,
  trx: ControlTransaction,
  tenant: TenantId,
  reason: string,
): Promise<void> {
  // Waits for scans that are being started, which hold a share of this row.
  const { rows } = await sql`update control.tenant set state = 'suspended', suspended_reason = ${reason}
    where id = ${tenant} and state = 'active' returning id`.execute(trx);
  if (rows.length > 0) await database.within(trx, tenant, cancelAllScans);
}

/** Cancels every scan that runs, and tells the workers. */
export async function cancelAllScans(tx: TenantTransaction): Promise<void> {
  const { rows } = await sql<{ id: string }>`select id from scan
    where state in ('running', 'closing') for update`.execute(tx.sql);
  for (const { id } of rows) {
    if (!(await cancelScan(tx, id))) continue;
    await tx.asPlatform(query => announce(query, { tenantId: tx.tenantId, topic: 'cancel', id }));
  }
}

/** Suspends a tenant. @throws UserError when there is none, or it is being deleted. */
export async function suspendTenant(platform: Platform, id: string, reason: string): Promise<void> {
  const tenant = namedTenant(id);
  await platform.database.control.transaction().execute(async trx => {
    await assertState(trx, tenant, ['active', 'suspended']);
    await suspendWithin(platform, trx, tenant, reason);
  });
}

/** Opens a suspended tenant again. @throws UserError when there is none, or it is being deleted. */
export async function resumeTenant(platform: Platform, id: string): Promise<void> {
  const tenant = namedTenant(id);
  await platform.database.control.transaction().execute(async trx => {
    await assertState(trx, tenant, ['active', 'suspended']);
    await sql`update control.tenant set state = 'active', suspended_reason = null where id = ${tenant}`.execute(
      trx,
    );
  });
}

async function assertState(
  trx: ControlTransaction,
  tenant: TenantId,
  allowed: readonly string[],
): Promise<void> {
  const { rows } = await sql<{
    state: string;
  }>`select state from control.tenant where id = ${tenant} for no key update`.execute(trx);
  if (!rows[0] || !allowed.includes(rows[0].state)) throw notFound('tenant that can be changed');
}
