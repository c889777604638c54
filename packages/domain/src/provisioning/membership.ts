import { projectLevels, roles, type ProjectLevel, type Role } from '@glacis/contract';
import { newId, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { assertUsersWithinPlan } from '../billing/limits.ts';
import { endMembership, keepAnAdmin, type ControlTransaction } from '../tenancy/members.ts';
import type { PersonRow } from './person.ts';

/** Where work on memberships happens: the tenant is locked before (`lockTenant`). */
export interface Within {
  readonly database: Database;
  readonly trx: ControlTransaction;
  readonly tenant: TenantId;
}

/** What the groups of a person give them. */
interface Given {
  readonly role: Role | undefined;
  readonly levels: ReadonlyMap<string, ProjectLevel>;
}

/**
 * Brings account and membership in line with an entry: who is active is a member, with what their groups give; who is not
 * is out at once. @throws UserError when the plan allows no more people, or the last admin would go
 */
export async function settle(within: Within, row: PersonRow): Promise<void> {
  const { trx } = within;
  if (!row.is_active) {
    if (row.user_id !== null) await leave(within, row);
    return;
  }
  const userId = row.user_id ?? (await accountFor(trx, row));
  if (row.user_id === null)
    await sql`update control.scim_user set user_id = ${userId} where id = ${row.id}`.execute(trx);
  await join(within, { ...row, user_id: userId });
}

/** Takes a person out of the tenant, with the grants that came from groups. @throws UserError for the last admin */
export async function leave({ database, trx, tenant }: Within, row: PersonRow): Promise<void> {
  if (row.user_id === null) return;
  await endMembership(database, trx, { tenant, userId: row.user_id });
  await sql`delete from control.scim_grant where scim_user_id = ${row.id}`.execute(trx);
}

/** The account of an address, made if it is not there; one that is there stays as it is. */
async function accountFor(trx: ControlTransaction, row: PersonRow): Promise<string> {
  const name = row.display_name || [row.given_name, row.family_name].filter(Boolean).join(' ');
  const { rows } = await sql<{ id: string }>`insert into control.user_account as u (id, email, name)
    values (${newId()}, ${row.email}, ${name.slice(0, 100)})
    on conflict (email) do update set email = u.email returning id`.execute(trx);
  return rows[0]?.id ?? '';
}

async function join(within: Within, row: PersonRow & { user_id: string }): Promise<void> {
  const { trx, tenant, database } = within;
  const given = await givenBy(trx, row.id);
  const { rows } = await sql<{ role: Role; scope: string }>`select role, scope from control.membership
    where tenant_id = ${tenant} and user_id = ${row.user_id}`.execute(trx);
  const [member] = rows;
  if (!member) {
    await assertUsersWithinPlan(database.through(trx), tenant, 'members');
    const { role, scope } = partOf(given);
    await sql`insert into control.membership (user_id, tenant_id, role, scope)
      values (${row.user_id}, ${tenant}, ${role}, ${scope})`.execute(trx);
    await sql`update control.scim_user set is_managed = true where id = ${row.id}`.execute(trx);
  } else if (row.is_managed || given.role !== undefined) {
    const { role, scope } = partOf(given);
    if (member.role === 'admin' && role !== 'admin') await keepAnAdmin(trx, tenant, row.user_id);
    await sql`update control.membership set role = ${role}, scope = ${scope}
      where tenant_id = ${tenant} and user_id = ${row.user_id}`.execute(trx);
    await sql`update control.scim_user set is_managed = true where id = ${row.id}`.execute(trx);
  }
  await grant(within, row, given.levels);
}

/** Who no group gives anything sees nothing until somebody lets them into a project. */
function partOf({ role, levels }: Given): { role: Role; scope: 'tenant' | 'projects' } {
  if (role !== undefined) return { role, scope: 'tenant' };
  const writes = [...levels.values()].some(level => level === 'write' || level === 'lead');
  return { role: writes ? 'operator' : 'observer', scope: 'projects' };
}

async function givenBy(trx: ControlTransaction, scimUserId: string): Promise<Given> {
  const { rows } = await sql<{ role: Role | null; project_id: string | null; level: ProjectLevel | null }>`
    select g.role, g.project_id, g.level from control.scim_group_member m
    join control.scim_group g on g.id = m.group_id where m.scim_user_id = ${scimUserId}`.execute(trx);
  const levels = new Map<string, ProjectLevel>();
  for (const { project_id: project, level } of rows) {
    if (project === null || level === null) continue;
    levels.set(project, stronger(levels.get(project), level));
  }
  return { role: roles.find(role => rows.some(row => row.role === role)), levels };
}

function stronger(one: ProjectLevel | undefined, other: ProjectLevel): ProjectLevel {
  return one !== undefined && projectLevels.indexOf(one) > projectLevels.indexOf(other) ? one : other;
}

/** Gives the levels of the groups and takes back those that groups gave before; grants by hand stay when they are higher. */
async function grant(
  { database, trx, tenant }: Within,
  row: PersonRow & { user_id: string },
  levels: ReadonlyMap<string, ProjectLevel>,
): Promise<void> {
  const { rows: before } = await sql<{
    project_id: string;
    level: ProjectLevel;
  }>`delete from control.scim_grant
    where scim_user_id = ${row.id} returning project_id, level`.execute(trx);
  if (before.length === 0 && levels.size === 0) return;
  const made = await database.within(trx, tenant, async tx => {
    for (const { project_id: project, level } of before) {
      await sql`delete from project_member
        where project_id = ${project} and user_id = ${row.user_id} and level = ${level}`.execute(tx.sql);
    }
    const given: { project: string; level: ProjectLevel }[] = [];
    for (const [project, level] of levels) {
      const { rows } = await sql<{
        level: ProjectLevel;
      }>`insert into project_member as m (project_id, user_id, level)
        select id, ${row.user_id}, ${level} from project where id = ${project}
        on conflict (project_id, user_id) do update set level = case
          when array_position(${[...projectLevels]}::text[], m.level) < array_position(${[...projectLevels]}::text[], excluded.level)
          then excluded.level else m.level end
        returning level`.execute(tx.sql);
      if (rows[0]?.level === level) given.push({ project, level });
    }
    return given;
  });
  for (const { project, level } of made) {
    await sql`insert into control.scim_grant (scim_user_id, project_id, level)
      values (${row.id}, ${project}, ${level})`.execute(trx);
  }
}
