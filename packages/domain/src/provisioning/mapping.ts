import type {
  MapGroupRequest,
  ProjectLevel,
  ProvisionedGroup,
  ProvisioningView,
  Role,
} from '@glacis/contract';
import type { TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import { provenDomains } from '../identity/sso/domains.ts';
import { lockTenant } from '../tenancy/members.ts';
import { settleAll } from './groups.ts';

interface GroupRow {
  id: string;
  name: string;
  role: Role | null;
  project_id: string | null;
  level: ProjectLevel | null;
  members: number;
}

/** What the provider of a tenant has sent, and what its groups give. */
export async function readProvisioning(
  database: Database,
  tenant: TenantId,
  baseUrl: string,
): Promise<ProvisioningView> {
  const { rows } = await sql<{ active: number; inactive: number; changed_at: Date | null }>`
    select count(*) filter (where is_active)::int as active, count(*) filter (where not is_active)::int as inactive,
      max(updated_at) as changed_at from control.scim_user where tenant_id = ${tenant}`.execute(
    database.control,
  );
  return {
    baseUrl,
    domains: await provenDomains(database, tenant),
    people: {
      active: rows[0]?.active ?? 0,
      inactive: rows[0]?.inactive ?? 0,
      changedAt: rows[0]?.changed_at?.toISOString() ?? null,
    },
    groups: await groupsOf(database, tenant),
  };
}

async function groupsOf(database: Database, tenant: TenantId): Promise<ProvisionedGroup[]> {
  const { rows } = await sql<GroupRow>`select g.id, g.display_name as name, g.role, g.project_id, g.level,
      (select count(*)::int from control.scim_group_member m where m.group_id = g.id) as members
    from control.scim_group g where g.tenant_id = ${tenant} order by lower(g.display_name) limit 2000`.execute(
    database.control,
  );
  const ids = rows.flatMap(row => row.project_id ?? []);
  const names = new Map(
    ids.length === 0
      ? []
      : await database.inTenant(tenant, async tx => {
          const projects = await tx.sql
            .selectFrom('project')
            .select(['id', 'name'])
            .where('id', 'in', ids)
            .execute();
          return projects.map(project => [project.id, project.name] as const);
        }),
  );
  return rows.map(row => {
    const name = row.project_id === null ? undefined : names.get(row.project_id);
    // A project that was removed meanwhile gives nothing.
    const project = row.project_id === null || name === undefined ? null : { id: row.project_id, name };
    return {
      id: row.id,
      name: row.name,
      memberCount: row.members,
      role: row.role,
      project,
      level: project === null ? null : row.level,
    };
  });
}

/** Says what a group gives its people, from now on. @throws UserError */
export async function mapGroup(
  database: Database,
  tenant: TenantId,
  of: { id: string; request: MapGroupRequest },
): Promise<void> {
  const { role, project } = of.request;
  if (project !== null) {
    const found = await database.inTenant(tenant, tx =>
      tx.sql.selectFrom('project').select('id').where('id', '=', project.id).executeTakeFirst(),
    );
    if (!found) throw notFound('project');
  }
  await database.control.transaction().execute(async trx => {
    await lockTenant(trx, tenant);
    const { rows } =
      await sql`update control.scim_group set role = ${role}, project_id = ${project?.id ?? null},
        level = ${project?.level ?? null} where id = ${of.id} and tenant_id = ${tenant} returning 1`.execute(
        trx,
      );
    if (rows.length === 0) throw notFound('group');
    const { rows: people } = await sql<{
      id: string;
    }>`select scim_user_id as id from control.scim_group_member
      where group_id = ${of.id}`.execute(trx);
    await settleAll(
      database,
      trx,
      tenant,
      people.map(person => person.id),
    );
  });
}
