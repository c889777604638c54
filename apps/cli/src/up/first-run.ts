import { createSignInLink, createTarget, createTenant, findTarget, type Platform } from '@glacis/domain';
import type { TargetView } from '@glacis/contract';
import { tenantId, type TenantId } from '@glacis/foundation';

/** The tenant that this installation starts with, and its owner. */
export interface Home {
  readonly tenant: TenantId;
  readonly slug: string;
  readonly isNew: boolean;
  /** Token of a one-time sign-in link; none once the owner has a password. */
  readonly link: string | undefined;
}

const OWNER_EMAIL = 'owner@glacis.example';

/** Finds the first tenant, or makes it with its owner. The owner signs in by a one-time link until there is a password. */
export async function prepareHome(platform: Platform, of: { isPractice: boolean }): Promise<Home> {
  const { control } = platform.database;
  const first = await control
    .selectFrom('control.tenant')
    .select(['id', 'slug'])
    .orderBy('created_at')
    .executeTakeFirst();
  const slug = first?.slug ?? (of.isPractice ? 'practice' : 'home');
  const tenant = first
    ? tenantId(first.id)
    : (
        await createTenant(platform.database, platform.masterKey, {
          slug,
          name: of.isPractice ? 'Larkspur Practice' : 'My organisation',
          admin: { email: OWNER_EMAIL, name: 'Owner', isPlatformAdmin: true },
        })
      ).id;
  const owner = await control
    .selectFrom('control.user_account')
    .select(['id', 'password_hash'])
    .where('is_platform_admin', '=', true)
    .orderBy('created_at')
    .executeTakeFirst();
  const link =
    owner && owner.password_hash === null ? await createSignInLink(platform.database, owner.id) : undefined;
  return { tenant, slug, isNew: first === undefined, link };
}

/** The targets of the given domains, made when they are missing, in the order given. */
export async function ensureTargets(
  platform: Platform,
  tenant: TenantId,
  domains: readonly string[],
): Promise<readonly TargetView[]> {
  return platform.database.inTenant(tenant, async tx => {
    const targets: TargetView[] = [];
    for (const domain of domains) {
      targets.push((await findTarget(tx, domain)) ?? (await createTarget(tx, domain, null)));
    }
    return targets;
  });
}
