import { features, type Feature } from '@glacis/contract';
import type { TenantId } from '@glacis/foundation';
import { sql, type PlainQuery } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import type { Platform } from '../platform.ts';

/**
 * Whether something is switched on: the tenant's switch, or else the platform's, or else the default. What the platform
 * switched off stays off for every tenant.
 */
export async function isFeatureOn(
  query: PlainQuery,
  platform: Pick<Platform, 'stripe'>,
  feature: Feature,
  tenant?: TenantId,
): Promise<boolean> {
  const { rows } = await query(
    'select tenant_id, is_on from control.feature_switch where feature = $1 and (tenant_id is null or tenant_id = $2)',
    [feature, tenant ?? null],
  );
  const ofPlatform = rows.find(row => row['tenant_id'] === null)?.['is_on'] ?? defaultOf(platform, feature);
  const ofTenant = rows.find(row => row['tenant_id'] !== null)?.['is_on'] ?? true;
  return ofPlatform === true && ofTenant === true;
}

/** What holds when nobody has switched: an installation takes sign-ups when they can be paid. */
export function defaultOf(platform: Pick<Platform, 'stripe'>, feature: Feature): boolean {
  return feature === 'sign-up' ? platform.stripe !== undefined : true;
}

/** All switches with their present state: the platform's, or those that a tenant can have of its own. */
export async function listSwitches(
  platform: Pick<Platform, 'database' | 'stripe'>,
  tenant?: TenantId,
): Promise<{ feature: Feature; isOn: boolean; isSet: boolean }[]> {
  const { database } = platform;
  const { rows } = await sql<{ feature: string }>`select feature from control.feature_switch
    where tenant_id is not distinct from ${tenant ?? null}`.execute(database.control);
  const set = new Set(rows.map(row => row.feature));
  const listed = tenant === undefined ? features : features.filter(one => one !== 'sign-up');
  return Promise.all(
    listed.map(async name => ({
      feature: name,
      isOn: await isFeatureOn(database.query, platform, name, tenant),
      isSet: set.has(name),
    })),
  );
}

/** Sets a switch, or (null) takes it back to the default. @throws UserError for a switch that only the platform has. */
export async function setSwitch(
  { database }: Pick<Platform, 'database'>,
  of: { feature: Feature; tenant?: string; isOn: boolean | null },
): Promise<void> {
  if (of.tenant !== undefined && of.feature === 'sign-up') throw notFound('switch of a tenant');
  await database.control.transaction().execute(async trx => {
    const tenant = of.tenant ?? null;
    if (tenant !== null) {
      const { rows } = await sql`select 1 from control.tenant where id = ${tenant}`.execute(trx);
      if (rows.length === 0) throw notFound('tenant');
    }
    await sql`delete from control.feature_switch
      where feature = ${of.feature} and tenant_id is not distinct from ${tenant}`.execute(trx);
    if (of.isOn === null) return;
    await sql`insert into control.feature_switch (feature, tenant_id, is_on)
      values (${of.feature}, ${tenant}, ${of.isOn}) on conflict do nothing`.execute(trx);
  });
}
