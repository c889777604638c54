import type { Feature } from '@glacis/contract';
import type { TenantId } from '@glacis/foundation';
import type { PlainQuery } from '@glacis/db';
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
