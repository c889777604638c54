import type { Role, SupportGrantView } from '@glacis/contract';
import { newId, UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import type { Person } from '../identity/caller.ts';
import { notFound } from '../http/caller.ts';
import type { Platform } from '../platform.ts';
import { isFeatureOn } from './features.ts';

interface GrantRow {
  id: string;
  role: Role;
  reason: string;
  granted_by: string | null;
  created_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  last_used_at: Date | null;
  last_used_by: string | null;
}

const LISTED = 50;
const grants = sql`select g.id, g.role, g.reason, coalesce(nullif(b.name, ''), b.email) as granted_by, g.created_at,
    g.expires_at, g.revoked_at, g.last_used_at, u.email as last_used_by
  from control.support_grant g
  left join control.user_account b on b.id = g.granted_by
  left join control.user_account u on u.id = g.last_used_by`;

function view(row: GrantRow): SupportGrantView {
  return {
    id: row.id,
    role: row.role,
    reason: row.reason,
    grantedBy: row.granted_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    lastUsedBy: row.last_used_by,
    isActive: row.revoked_at === null && row.expires_at.getTime() > Date.now(),
  };
}

/** Access that was given to the platform's administrators, newest first; the last 50. */
export async function listSupportGrants(database: Database, tenant: TenantId): Promise<SupportGrantView[]> {
  const { rows } = await sql<GrantRow>`${grants} where g.tenant_id = ${tenant}
    order by g.created_at desc limit ${LISTED}`.execute(database.control);
  return rows.map(view);
}

/** Lets the platform's administrators into a tenant with a role, for some hours. @throws UserError when it is switched off. */
export async function grantSupport(
  platform: Platform,
  of: { tenant: TenantId; role: Role; hours: number; reason: string; by: Person },
): Promise<SupportGrantView> {
  const { database } = platform;
  if (!(await isFeatureOn(database.query, platform, 'support-access', of.tenant))) {
    throw new UserError('request.conflict', 'Support access is switched off on this platform.');
  }
  const id = newId();
  await sql`insert into control.support_grant (id, tenant_id, role, reason, granted_by, expires_at)
    values (${id}, ${of.tenant}, ${of.role}, ${of.reason}, ${of.by.userId},
      now() + make_interval(hours => ${of.hours}::int))`.execute(database.control);
  const { rows } = await sql<GrantRow>`${grants} where g.id = ${id}`.execute(database.control);
  if (!rows[0]) throw notFound('support access');
  return view(rows[0]);
}

/** Ends support access at once. Ending it again is no error. @throws UserError when there is none. */
export async function revokeSupport(database: Database, of: { tenant: TenantId; id: string }): Promise<void> {
  const { rows } = await sql`update control.support_grant set revoked_at = coalesce(revoked_at, now())
    where id = ${of.id} and tenant_id = ${of.tenant} returning 1`.execute(database.control);
  if (rows.length === 0) throw notFound('support access');
}

/** Notes, at most once a minute, that an administrator of the platform used support access to a tenant. */
export async function noteSupportUse(database: Database, userId: string, tenant: TenantId): Promise<void> {
  await sql`update control.support_grant g set last_used_at = now(), last_used_by = ${userId}
    where tenant_id = ${tenant} and revoked_at is null and expires_at > now()
      and (last_used_at is null or last_used_at < now() - interval '1 minute' or last_used_by <> ${userId})
      and not exists (select 1 from control.membership m where m.tenant_id = ${tenant} and m.user_id = ${userId})`.execute(
    database.control,
  );
}
