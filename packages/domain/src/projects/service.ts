import type { ProjectDetail, ProjectLevel, ProjectMember, ProjectView } from '@glacis/contract';
import { newId, tenantId, UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database, type TenantTransaction } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import { likePattern } from '../inventory/repository.ts';

interface ProjectRow {
  id: string;
  name: string;
  note: string;
  target_count: number;
  member_count: number;
  level: ProjectLevel | null;
  created_at: Date;
}

const columns = (userId: string | null) => sql`p.id, p.name, p.note, p.created_at,
  (select count(*)::int from project_target t where t.project_id = p.id) as target_count,
  (select count(*)::int from project_member m where m.project_id = p.id) as member_count,
  (select m.level from project_member m where m.project_id = p.id and m.user_id = ${userId}) as level`;

function view(row: ProjectRow): ProjectView {
  return {
    id: row.id,
    name: row.name,
    note: row.note,
    targetCount: row.target_count,
    memberCount: row.member_count,
    level: row.level,
    createdAt: row.created_at.toISOString(),
  };
}

/** A page of projects by name. */
export async function listProjects(
  tx: TenantTransaction,
  of: { page: number; pageSize: number; q?: string | undefined; userId: string | null },
): Promise<{ items: ProjectView[]; total: number }> {
  const filter = of.q ? sql`where p.name ilike ${likePattern(of.q)}` : sql``;
  const { rows } = await sql<ProjectRow>`select ${columns(of.userId)} from project p ${filter}
    order by lower(p.name) limit ${of.pageSize} offset ${(of.page - 1) * of.pageSize}`.execute(tx.sql);
  const { rows: counted } = await sql<{
    n: number;
  }>`select count(*)::int as n from project p ${filter}`.execute(tx.sql);
  return { items: rows.map(view), total: counted[0]?.n ?? 0 };
}

/** One project with its members. @throws UserError when it does not exist. */
export async function readProject(
  tx: TenantTransaction,
  id: string,
  userId: string | null,
): Promise<ProjectDetail> {
  const { rows } = await sql<ProjectRow>`select ${columns(userId)} from project p where p.id = ${id}`.execute(
    tx.sql,
  );
  if (!rows[0]) throw notFound('project');
  return { ...view(rows[0]), members: await readMembers(tx, id) };
}

async function readMembers(tx: TenantTransaction, id: string): Promise<ProjectMember[]> {
  const { rows } = await sql<{ user_id: string; level: ProjectLevel }>`
    select user_id, level from project_member where project_id = ${id}`.execute(tx.sql);
  const people = await tx.asPlatform(query =>
    query(
      `select u.id, u.name, u.email from control.user_account u
       join control.membership m on m.user_id = u.id and m.tenant_id = $1 where u.id = any($2::uuid[]) order by u.name, u.email`,
      [tx.tenantId, rows.map(row => row.user_id)],
    ),
  );
  const levels = new Map(rows.map(row => [row.user_id, row.level]));
  return people.rows.map(person => ({
    userId: String(person['id']),
    name: String(person['name']),
    email: String(person['email']),
    level: levels.get(String(person['id'])) ?? 'read',
  }));
}

/** Makes a project; who makes it leads it. @throws UserError when the name is taken. */
export async function createProject(
  tx: TenantTransaction,
  of: { name: string; note: string; userId: string | null },
): Promise<ProjectDetail> {
  const id = newId();
  const { rows } = await sql`insert into project (id, name, note, created_by)
    values (${id}, ${of.name}, ${of.note}, ${of.userId}) on conflict do nothing returning id`.execute(tx.sql);
  if (rows.length === 0) throw nameTaken(of.name);
  if (of.userId !== null)
    await sql`insert into project_member (project_id, user_id, level) values (${id}, ${of.userId}, 'lead')`.execute(
      tx.sql,
    );
  return readProject(tx, id, of.userId);
}

function nameTaken(name: string): UserError {
  return new UserError('request.conflict', `There is a project “${name}” already. Choose another name.`, {
    fields: { name: 'This name is taken.' },
  });
}

/** Changes name or note. @throws UserError when the name is taken or the project does not exist. */
export async function updateProject(
  tx: TenantTransaction,
  of: { id: string; name?: string | undefined; note?: string | undefined; userId: string | null },
): Promise<ProjectDetail> {
  const { name } = of;
  if (name !== undefined) {
    const { rows: taken } =
      await sql`select 1 from project where lower(name) = lower(${name}) and id <> ${of.id}`.execute(tx.sql);
    if (taken.length > 0) throw nameTaken(name);
  }
  const { rows } = await sql`update project set name = coalesce(${name ?? null}, name),
    note = coalesce(${of.note ?? null}, note) where id = ${of.id} returning id`.execute(tx.sql);
  if (rows.length === 0) throw notFound('project');
  return readProject(tx, of.id, of.userId);
}

/** Removes a project; its targets and what they brought stay in the tenant. @throws UserError when it does not exist. */
export async function deleteProject(tx: TenantTransaction, id: string): Promise<void> {
  const { rows } = await sql`delete from project where id = ${id} returning id`.execute(tx.sql);
  if (rows.length === 0) throw notFound('project');
}

/** Sets who is in a project with what level. @throws UserError for somebody who is no member of the tenant. */
export async function setProjectMembers(
  tx: TenantTransaction,
  of: { id: string; members: readonly { userId: string; level: ProjectLevel }[]; userId: string | null },
): Promise<ProjectDetail> {
  await readProject(tx, of.id, of.userId);
  const levels = new Map(of.members.map(member => [member.userId, member.level]));
  const ids = [...levels.keys()];
  const known = await tx.asPlatform(query =>
    query('select user_id from control.membership where tenant_id = $1 and user_id = any($2::uuid[])', [
      tx.tenantId,
      ids,
    ]),
  );
  if (known.rows.length !== ids.length)
    throw new UserError('request.not-found', 'One of the people is no member of this tenant.');
  await sql`delete from project_member where project_id = ${of.id} and user_id <> all(${ids}::uuid[])`.execute(
    tx.sql,
  );
  await sql`insert into project_member (project_id, user_id, level)
    select ${of.id}, * from unnest(${ids}::uuid[], ${[...levels.values()]}::text[])
    on conflict (project_id, user_id) do update set level = excluded.level`.execute(tx.sql);
  return readProject(tx, of.id, of.userId);
}

/** Puts targets into a project and takes others out. @throws UserError when a target does not exist. */
export async function changeProjectTargets(
  tx: TenantTransaction,
  of: { id: string; add: readonly string[]; remove: readonly string[]; userId: string | null },
): Promise<ProjectDetail> {
  await readProject(tx, of.id, of.userId);
  const { rows } = await sql`select 1 from target where id = any(${of.add}::uuid[])`.execute(tx.sql);
  if (rows.length !== new Set(of.add).size) throw notFound('target');
  await sql`delete from project_target where project_id = ${of.id} and target_id = any(${of.remove}::uuid[])`.execute(
    tx.sql,
  );
  await sql`insert into project_target (project_id, target_id)
    select ${of.id}, unnest(${of.add}::uuid[]) on conflict do nothing`.execute(tx.sql);
  return readProject(tx, of.id, of.userId);
}

/** Whether somebody leads a project. */
export async function isLead(tx: TenantTransaction, id: string, userId: string | null): Promise<boolean> {
  const { rows } = await sql`select 1 from project_member
    where project_id = ${id} and user_id = ${userId} and level = 'lead'`.execute(tx.sql);
  return rows.length > 0;
}

/** Sets whether a member sees the whole tenant or only their projects. @throws UserError when there is no such member. */
export async function setMemberScope(
  database: Database,
  tenant: TenantId,
  of: { userId: string; scope: 'tenant' | 'projects' },
): Promise<void> {
  const row = await database.control
    .selectFrom('control.membership')
    .select('role')
    .where('tenant_id', '=', tenantId(tenant))
    .where('user_id', '=', of.userId)
    .executeTakeFirst();
  if (!row) throw notFound('member');
  if (row.role === 'admin' && of.scope === 'projects')
    throw new UserError('request.conflict', 'An admin sees the whole tenant. Give another role first.');
  await database.control
    .updateTable('control.membership')
    .set({ scope: of.scope })
    .where('tenant_id', '=', tenant)
    .where('user_id', '=', of.userId)
    .execute();
}
