import { userInfo } from 'node:os';
import { systemOrigin, type AuditOrigin, type Platform } from '@glacis/domain';
import { tenantId, UserError, type TenantId } from '@glacis/foundation';

/** Who acts on the command line, for the audit log: the user of the machine. */
export function commandLineOrigin(): AuditOrigin {
  return systemOrigin('command-line', userName());
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // The user has no entry in the system's list, as in some containers.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** The tenant of a slug. @throws UserError when there is none. */
export async function tenantOfSlug(platform: Platform, slug: string): Promise<TenantId> {
  const row = await platform.database.control
    .selectFrom('control.tenant')
    .select('id')
    .where('slug', '=', slug)
    .executeTakeFirst();
  if (!row)
    throw new UserError(
      'request.not-found',
      `There is no tenant “${slug}”. See them with: glacis tenant list`,
    );
  return tenantId(row.id);
}

/** The person of an e-mail address. @throws UserError when there is none. */
export async function personOfEmail(
  platform: Platform,
  email: string,
): Promise<{ id: string; email: string }> {
  const row = await platform.database.control
    .selectFrom('control.user_account')
    .select(['id', 'email'])
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst();
  if (!row)
    throw new UserError(
      'request.not-found',
      `Nobody has the address “${email}”. See all with: glacis user list`,
    );
  return row;
}
