import type { InvitationView, MemberView, Role } from '@glacis/contract';
import { UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { notFound } from '../http/caller.ts';

/** A transaction over the platform's tables. */
export type ControlTransaction = Parameters<Database['through']>[0];

interface MemberRow {
  id: string;
  email: string;
  name: string;
  role: Role;
  scope: 'tenant' | 'projects';
  created_at: Date;
}

/** The members of a tenant, by name and address. */
export async function listMembers(database: Database, tenant: TenantId): Promise<MemberView[]> {
  const { rows } = await sql<MemberRow>`select u.id, u.email, u.name, m.role, m.scope, m.created_at
    from control.membership m join control.user_account u on u.id = m.user_id
    where m.tenant_id = ${tenant} order by lower(u.name), u.email`.execute(database.control);
  return rows.map(viewMember);
}

function viewMember(row: MemberRow): MemberView {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    role: row.role,
    scope: row.scope,
    joinedAt: row.created_at.toISOString(),
  };
}

/** A row of control.invitation with the name of who invited. */
export interface InvitationRow {
  id: string;
  email: string;
  role: Role;
  created_at: Date;
  expires_at: Date;
  invited_by: string | null;
}

/** An invitation as its tenant sees it. */
export function viewInvitation(row: InvitationRow): InvitationView {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    isExpired: row.expires_at.getTime() <= Date.now(),
    invitedBy: row.invited_by,
  };
}

/** Open invitations of a tenant, newest first; expired ones stay in the list until they are removed. */
export async function listInvitations(database: Database, tenant: TenantId): Promise<InvitationView[]> {
  const { rows } = await sql<InvitationRow>`select i.id, i.email, i.role, i.created_at, i.expires_at,
      coalesce(nullif(u.name, ''), u.email) as invited_by
    from control.invitation i left join control.user_account u on u.id = i.invited_by
    where i.tenant_id = ${tenant} order by i.created_at desc, i.id`.execute(database.control);
  return rows.map(viewInvitation);
}

/** Changes the role of a member. @throws UserError when there is no such member, or it is the last admin. */
export async function changeRole(
  database: Database,
  tenant: TenantId,
  of: { userId: string; role: Role },
): Promise<MemberView> {
  return database.control.transaction().execute(async trx => {
    await lockTenant(trx, tenant);
    if (of.role !== 'admin') await keepAnAdmin(trx, tenant, of.userId);
    const { rows } = await sql<MemberRow>`update control.membership m set role = ${of.role}
      from control.user_account u
      where u.id = m.user_id and m.tenant_id = ${tenant} and m.user_id = ${of.userId}
      returning u.id, u.email, u.name, m.role, m.scope, m.created_at`.execute(trx);
    if (!rows[0]) throw notFound('member');
    return viewMember(rows[0]);
  });
}

/** Takes a person out of a tenant; from the next request on they are out. @throws UserError when it is the last admin. */
export async function removeMember(database: Database, tenant: TenantId, userId: string): Promise<void> {
  await database.control.transaction().execute(async trx => {
    await lockTenant(trx, tenant);
    if (!(await endMembership(database, trx, { tenant, userId }))) throw notFound('member');
  });
}

/**
 * Ends a membership with everything that hangs on it: grants in projects, sessions that the tenant's identity provider vouched
 * for, tokens for this tenant alone. What the person has elsewhere stays. Says whether there was one; lock the tenant before.
 * @throws UserError when it is the last admin
 */
export async function endMembership(
  database: Database,
  trx: ControlTransaction,
  { tenant, userId }: { readonly tenant: TenantId; readonly userId: string },
): Promise<boolean> {
  await keepAnAdmin(trx, tenant, userId);
  const { rows } = await sql`delete from control.membership
    where tenant_id = ${tenant} and user_id = ${userId} returning 1`.execute(trx);
  if (rows.length === 0) return false;
  await sql`delete from control.session where tenant_id = ${tenant} and user_id = ${userId}`.execute(trx);
  await sql`update control.api_token set revoked_at = now()
    where tenant_id = ${tenant} and user_id = ${userId} and revoked_at is null`.execute(trx);
  await database.within(trx, tenant, tx =>
    sql`delete from project_member where user_id = ${userId}`.execute(tx.sql),
  );
  return true;
}

/** Of two changes to the members of a tenant at once, the second sees the first. */
export async function lockTenant(trx: ControlTransaction, tenant: TenantId): Promise<void> {
  await sql`select 1 from control.tenant where id = ${tenant} for no key update`.execute(trx);
}

/** Refuses that the only admin goes. @throws UserError when `leaving` is it. */
export async function keepAnAdmin(trx: ControlTransaction, tenant: TenantId, leaving: string): Promise<void> {
  const { rows } = await sql<{ user_id: string }>`select user_id from control.membership
    where tenant_id = ${tenant} and role = 'admin' limit 2`.execute(trx);
  if (rows.length === 1 && rows[0]?.user_id === leaving) {
    throw new UserError(
      'member.last-admin',
      'This is the only admin of the tenant. Make somebody else an admin first.',
    );
  }
}
