import {
  scimSchemas,
  type ScimGroup,
  type ScimGroupRequest,
  type ScimListQuery,
  type ScimPatchOperation,
} from '@glacis/contract';
import { newId, UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import { lockTenant, type ControlTransaction } from '../tenancy/members.ts';
import { filterSql, type FilterColumn } from './filter-sql.ts';
import { parseFilter } from './filter.ts';
import { patchGroup, type GroupChange } from './group-patch.ts';
import { settle } from './membership.ts';
import { pageOfQuery, refuseStale, type ScimPlace } from './people.ts';
import { versionOf, type PersonRow } from './person.ts';

const MAX_GROUPS = 2000;
const MAX_MEMBERS = 20_000;

interface GroupRow {
  id: string;
  display_name: string;
  external_id: string | null;
  role: string | null;
  project_id: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

const hasMember = (value: string) => sql<boolean>`exists (select 1 from control.scim_group_member m
  where m.group_id = r.id and m.scim_user_id::text = ${value.toLowerCase()})`;

const COLUMNS: ReadonlyMap<string, FilterColumn> = new Map<string, FilterColumn>([
  ['id', { type: 'fold', of: sql`r.id::text` }],
  ['externalid', { type: 'exact', of: sql`r.external_id` }],
  ['displayname', { type: 'fold', of: sql`r.display_name` }],
  ['members', { type: 'exact', of: sql`''`, among: hasMember }],
  ['members.value', { type: 'exact', of: sql`''`, among: hasMember }],
  ['meta.created', { type: 'time', of: sql`r.created_at` }],
  ['meta.lastmodified', { type: 'time', of: sql`r.updated_at` }],
]);

/** The groups that a provider has sent, as far as they match. `withMembers` false leaves out who is in them. */
export async function listGroups(
  place: ScimPlace,
  query: ScimListQuery,
  withMembers: boolean,
): Promise<{ total: number; items: ScimGroup[] }> {
  const { database, tenant } = place;
  const { start, size } = pageOfQuery(query);
  const condition = query.filter === undefined ? sql`true` : filterSql(parseFilter(query.filter), COLUMNS);
  const { rows: counted } = await sql<{ n: number }>`select count(*)::int as n from control.scim_group r
    where r.tenant_id = ${tenant} and ${condition}`.execute(database.control);
  const { rows } = await sql<GroupRow>`select r.* from control.scim_group r
    where r.tenant_id = ${tenant} and ${condition}
    order by r.created_at, r.id limit ${size} offset ${start - 1}`.execute(database.control);
  const items: ScimGroup[] = [];
  for (const row of rows) items.push(await resource(place, row, withMembers));
  return { total: counted[0]?.n ?? 0, items };
}

/** One group. @throws UserError when this tenant has none with the id */
export async function readGroup(place: ScimPlace, id: string, withMembers = true): Promise<ScimGroup> {
  const { rows } = await sql<GroupRow>`select * from control.scim_group
    where id = ${id} and tenant_id = ${place.tenant}`.execute(place.database.control);
  if (!rows[0]) throw notFound('group');
  return resource(place, rows[0], withMembers);
}

async function resource(place: ScimPlace, row: GroupRow, withMembers: boolean): Promise<ScimGroup> {
  return {
    schemas: [scimSchemas.group],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    displayName: row.display_name,
    ...(withMembers ? { members: await membersOf(place, row.id) } : {}),
    meta: {
      resourceType: 'Group',
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${place.baseUrl}/Groups/${row.id}`,
      version: versionOf(row.version),
    },
  };
}

async function membersOf({ database }: ScimPlace, id: string) {
  const { rows } = await sql<{ id: string; user_name: string }>`select u.id, u.user_name
    from control.scim_group_member m join control.scim_user u on u.id = m.scim_user_id
    where m.group_id = ${id} order by lower(u.user_name) limit ${MAX_MEMBERS}`.execute(database.control);
  return rows.map(row => ({ value: row.id, display: row.user_name }));
}

/** Takes a group in. It gives nothing until an admin of the tenant maps it. @throws UserError */
export async function createGroup(place: ScimPlace, request: ScimGroupRequest): Promise<ScimGroup> {
  const { database, tenant } = place;
  const id = newId();
  await database.control.transaction().execute(async trx => {
    await lockTenant(trx, tenant);
    const { rows } = await sql`insert into control.scim_group (id, tenant_id, display_name, external_id)
      select ${id}, ${tenant}, ${request.displayName}, ${request.externalId ?? null}
      where (select count(*) from control.scim_group where tenant_id = ${tenant}) < ${MAX_GROUPS}
      on conflict do nothing returning 1`.execute(trx);
    if (rows.length === 0) throw taken();
    await addMembers(trx, tenant, { id, members: (request.members ?? []).map(member => member.value) });
  });
  return readGroup(place, id);
}

/** Puts another name and other members in the place of those of a group. @throws UserError */
export function replaceGroup(
  place: ScimPlace,
  of: { id: string; request: ScimGroupRequest; ifMatch: string | undefined },
): Promise<ScimGroup> {
  const { displayName, externalId, members } = of.request;
  return update(place, of, [
    { displayName, externalId: externalId ?? null },
    { members: 'replace', ids: (members ?? []).map(member => member.value) },
  ]);
}

/** Changes a group. @throws UserError */
export function changeGroup(
  place: ScimPlace,
  of: { id: string; operations: readonly ScimPatchOperation[]; ifMatch: string | undefined },
): Promise<ScimGroup> {
  return update(place, of, patchGroup(of.operations));
}

/** Removes a group, with what it gave to its people. @throws UserError when the last admin would be none any more */
export async function removeGroup(
  place: ScimPlace,
  of: { id: string; ifMatch: string | undefined },
): Promise<void> {
  const { database, tenant } = place;
  await database.control.transaction().execute(async trx => {
    await lockTenant(trx, tenant);
    const row = await lockGroup(trx, tenant, of);
    const people = isMapped(row) ? await peopleOf(trx, of.id) : [];
    await sql`delete from control.scim_group where id = ${of.id}`.execute(trx);
    await settleAll(database, trx, tenant, people);
  });
}

async function update(
  place: ScimPlace,
  of: { id: string; ifMatch: string | undefined },
  changes: readonly GroupChange[],
): Promise<ScimGroup> {
  const { database, tenant } = place;
  await database.control.transaction().execute(async trx => {
    await lockTenant(trx, tenant);
    const row = await lockGroup(trx, tenant, of);
    const before = isMapped(row) ? await peopleOf(trx, of.id) : [];
    for (const change of changes) await apply(trx, tenant, { id: of.id, change });
    await sql`update control.scim_group set version = version + 1, updated_at = now() where id = ${of.id}`.execute(
      trx,
    );
    if (!isMapped(row)) return;
    const after = await peopleOf(trx, of.id);
    const changed = new Set(before).symmetricDifference(new Set(after));
    await settleAll(database, trx, tenant, [...changed]);
  });
  return readGroup(place, of.id);
}

async function apply(
  trx: ControlTransaction,
  tenant: TenantId,
  { id, change }: { id: string; change: GroupChange },
): Promise<void> {
  if (!('members' in change)) {
    const { displayName, externalId } = change;
    if (displayName !== undefined) {
      const { rows } = await sql`select 1 from control.scim_group
        where tenant_id = ${tenant} and id <> ${id} and lower(display_name) = lower(${displayName})`.execute(
        trx,
      );
      if (rows.length > 0) throw taken();
      await sql`update control.scim_group set display_name = ${displayName} where id = ${id}`.execute(trx);
    }
    if (externalId !== undefined)
      await sql`update control.scim_group set external_id = ${externalId} where id = ${id}`.execute(trx);
    return;
  }
  if (change.members === 'remove') {
    await sql`delete from control.scim_group_member where group_id = ${id}
      and scim_user_id::text = any(${lowered(change.ids)}::text[])`.execute(trx);
    return;
  }
  if (change.members === 'replace') {
    await sql`delete from control.scim_group_member where group_id = ${id}
      and scim_user_id::text <> all(${lowered(change.ids)}::text[])`.execute(trx);
  }
  await addMembers(trx, tenant, { id, members: change.ids });
}

/** @throws UserError when one of them is nobody whom this tenant's provider sent */
async function addMembers(
  trx: ControlTransaction,
  tenant: TenantId,
  { id, members }: { id: string; members: readonly string[] },
): Promise<void> {
  const ids = lowered(members);
  if (ids.length === 0) return;
  const { rows } = await sql<{ id: string }>`select id from control.scim_user
    where tenant_id = ${tenant} and id::text = any(${ids}::text[])`.execute(trx);
  if (rows.length !== ids.length) throw notFound('person');
  const { rows: counted } = await sql<{
    n: number;
  }>`with added as (insert into control.scim_group_member (group_id, scim_user_id)
      select ${id}, unnest(${ids}::uuid[]) on conflict do nothing returning 1)
    select (select count(*) from added)::int + count(*)::int as n from control.scim_group_member where group_id = ${id}`.execute(
    trx,
  );
  if ((counted[0]?.n ?? 0) > MAX_MEMBERS)
    throw new UserError('scim.invalid-value', `A group has at most ${MAX_MEMBERS} members.`);
}

function lowered(ids: readonly string[]): string[] {
  return [...new Set(ids.map(id => id.toLowerCase()))];
}

async function peopleOf(trx: ControlTransaction, id: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select scim_user_id as id from control.scim_group_member
    where group_id = ${id} order by scim_user_id`.execute(trx);
  return rows.map(row => row.id);
}

/** Brings the memberships of people in line after what a group gives them has changed. @throws UserError */
export async function settleAll(
  database: Database,
  trx: ControlTransaction,
  tenant: TenantId,
  ids: readonly string[],
): Promise<void> {
  const { rows } = await sql<PersonRow>`select * from control.scim_user
    where id = any(${[...ids]}::uuid[]) and is_active order by id`.execute(trx);
  for (const row of rows) await settle({ database, trx, tenant }, row);
}

async function lockGroup(
  trx: ControlTransaction,
  tenant: TenantId,
  of: { id: string; ifMatch: string | undefined },
): Promise<GroupRow> {
  const { rows } = await sql<GroupRow>`select * from control.scim_group
    where id = ${of.id} and tenant_id = ${tenant} for update`.execute(trx);
  const [row] = rows;
  if (!row) throw notFound('group');
  refuseStale(row.version, of.ifMatch);
  return row;
}

function isMapped(row: GroupRow): boolean {
  return row.role !== null || row.project_id !== null;
}

function taken(): UserError {
  return new UserError(
    'scim.uniqueness',
    'Another group of this tenant has the name, or the tenant has as many groups as it may have.',
  );
}
