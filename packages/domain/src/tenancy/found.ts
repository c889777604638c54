import { sql } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import type { Person } from '../identity/caller.ts';
import type { Platform } from '../platform.ts';
import { inviteWithin } from './invitations.ts';
import { createTenantWithin } from './service.ts';

/**
 * Makes a tenant on behalf of the platform, and invites its first admin in the same transaction. `link` is there when the
 * invitation could not be mailed. @throws UserError when the short name is taken.
 */
export async function foundTenant(
  platform: Platform,
  of: {
    slug: string;
    name: string;
    adminEmail: string;
    planId?: string | undefined;
    domain?: string | undefined;
  },
  by: Pick<Person, 'userId'>,
): Promise<{ id: string; slug: string; link: string | null }> {
  const { database, masterKey } = platform;
  return database.control.transaction().execute(async trx => {
    if (of.planId !== undefined) {
      const { rows } = await sql`select 1 from control.plan where id = ${of.planId} for share`.execute(trx);
      if (rows.length === 0) throw notFound('plan');
    }
    const { id } = await createTenantWithin(database, trx, masterKey, {
      slug: of.slug,
      name: of.name,
      ...(of.planId ? { planId: of.planId } : {}),
      ...(of.domain ? { domain: of.domain } : {}),
    });
    const { link } = await inviteWithin(platform, trx, {
      tenant: id,
      email: of.adminEmail.toLowerCase(),
      role: 'admin',
      by,
    });
    return { id, slug: of.slug, link };
  });
}
