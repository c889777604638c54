import {
  MAX_SCIM_COUNT,
  type ScimListQuery,
  type ScimPatchOperation,
  type ScimUser,
  type ScimUserRequest,
} from '@glacis/contract';
import { newId, UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import { provenDomains } from '../identity/sso/domains.ts';
import { lockTenant, type ControlTransaction } from '../tenancy/members.ts';
import { filterSql, type FilterColumn } from './filter-sql.ts';
import { parseFilter } from './filter.ts';
import { leave, settle } from './membership.ts';
import { patchPerson } from './patch.ts';
import {
  attributesOfRequest,
  attributesOfRow,
  personResource,
  refuseForeign,
  versionOf,
  type GroupOfPerson,
  type PersonAttributes,
  type PersonRow,
} from './person.ts';

/** Most people of one tenant, active or not. */
const MAX_PEOPLE = 100_000;

/** Where the provider of a tenant works. */
export interface ScimPlace {
  readonly database: Database;
  readonly tenant: TenantId;
  /** Address of the tenant's SCIM, without a slash at the end. */
  readonly baseUrl: string;
}

const memberOf = (value: string) => sql<boolean>`exists (select 1 from control.scim_group_member m
  where m.scim_user_id = r.id and m.group_id::text = ${value.toLowerCase()})`;

const COLUMNS: ReadonlyMap<string, FilterColumn> = new Map<string, FilterColumn>([
  ['id', { type: 'fold', of: sql`r.id::text` }],
  ['externalid', { type: 'exact', of: sql`r.external_id` }],
  ['username', { type: 'fold', of: sql`r.user_name` }],
  ['displayname', { type: 'fold', of: sql`r.display_name` }],
  ['name.givenname', { type: 'fold', of: sql`r.given_name` }],
  ['name.familyname', { type: 'fold', of: sql`r.family_name` }],
  ['active', { type: 'flag', of: sql`r.is_active` }],
  ['emails', { type: 'fold', of: sql`r.email` }],
  ['emails.value', { type: 'fold', of: sql`r.email` }],
  ['emails.type', { type: 'fold', of: sql`'work'::text` }],
  ['emails.primary', { type: 'flag', of: sql`true` }],
  ['groups', { type: 'exact', of: sql`''`, among: memberOf }],
  ['groups.value', { type: 'exact', of: sql`''`, among: memberOf }],
  ['meta.created', { type: 'time', of: sql`r.created_at` }],
  ['meta.lastmodified', { type: 'time', of: sql`r.updated_at` }],
]);

/** A page of a list; counts below the least count as the least (RFC 7644, 3.4.2.4). */
export function pageOfQuery({ startIndex = 1, count = 100 }: ScimListQuery): { start: number; size: number } {
  return { start: Math.max(1, startIndex), size: Math.min(MAX_SCIM_COUNT, Math.max(0, count)) };
}

/** The people that a provider has sent, as far as they match. @throws UserError for a filter that cannot be used */
export async function listPeople(
  place: ScimPlace,
  query: ScimListQuery,
): Promise<{ total: number; items: ScimUser[] }> {
  const { database, tenant } = place;
  const { start, size } = pageOfQuery(query);
  const condition = query.filter === undefined ? sql`true` : filterSql(parseFilter(query.filter), COLUMNS);
  const { rows: counted } = await sql<{ n: number }>`select count(*)::int as n from control.scim_user r
    where r.tenant_id = ${tenant} and ${condition}`.execute(database.control);
  const { rows } = await sql<PersonRow>`select r.* from control.scim_user r
    where r.tenant_id = ${tenant} and ${condition}
    order by r.created_at, r.id limit ${size} offset ${start - 1}`.execute(database.control);
  const groups = await groupsOf(
    database,
    rows.map(row => row.id),
  );
  return {
    total: counted[0]?.n ?? 0,
    items: rows.map(row => personResource(row, { baseUrl: place.baseUrl, groups: groups.get(row.id) ?? [] })),
  };
}

async function groupsOf(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly GroupOfPerson[]>> {
  const { rows } = await sql<
    GroupOfPerson & { person: string }
  >`select m.scim_user_id as person, g.id, g.display_name as name
    from control.scim_group_member m join control.scim_group g on g.id = m.group_id
    where m.scim_user_id = any(${[...ids]}::uuid[]) order by lower(g.display_name) limit 20000`.execute(
    database.control,
  );
  return Map.groupBy(rows, row => row.person);
}

/** One person. @throws UserError when this tenant has none with the id */
export async function readPerson(place: ScimPlace, id: string): Promise<ScimUser> {
  const { database, tenant, baseUrl } = place;
  const { rows } = await sql<PersonRow>`select * from control.scim_user
    where id = ${id} and tenant_id = ${tenant}`.execute(database.control);
  if (!rows[0]) throw notFound('person');
  const groups = await groupsOf(database, [id]);
  return personResource(rows[0], { baseUrl, groups: groups.get(id) ?? [] });
}

/** Takes a person in. @throws UserError */
export async function createPerson(place: ScimPlace, request: ScimUserRequest): Promise<ScimUser> {
  const person = attributesOfRequest(request);
  const id = newId();
  await change(place, async (trx, proven) => {
    refuseForeign(person, proven);
    const { rows } = await sql<PersonRow>`insert into control.scim_user
        (id, tenant_id, user_id, user_name, email, external_id, display_name, given_name, family_name, is_active)
      select ${id}, ${place.tenant},
        (select u.id from control.user_account u join control.membership m on m.user_id = u.id and m.tenant_id = ${place.tenant}
          where u.email = ${person.email}),
        ${person.userName}, ${person.email}, ${person.externalId}, ${person.displayName}, ${person.givenName},
        ${person.familyName}, ${person.isActive}
      where (select count(*) from control.scim_user where tenant_id = ${place.tenant}) < ${MAX_PEOPLE}
      on conflict do nothing returning *`.execute(trx);
    if (!rows[0]) throw taken();
    return rows[0];
  });
  return readPerson(place, id);
}

/** Puts other attributes in the place of all that a person has. @throws UserError */
export function replacePerson(
  place: ScimPlace,
  of: { id: string; request: ScimUserRequest; ifMatch: string | undefined },
): Promise<ScimUser> {
  return update(place, of, () => attributesOfRequest(of.request));
}

/** Changes attributes of a person. @throws UserError */
export function changePerson(
  place: ScimPlace,
  of: { id: string; operations: readonly ScimPatchOperation[]; ifMatch: string | undefined },
): Promise<ScimUser> {
  return update(place, of, row => patchPerson(attributesOfRow(row), of.operations));
}

/** Removes a person: they are out, and the entry is gone. @throws UserError for the last admin */
export async function removePerson(
  { database, tenant }: ScimPlace,
  of: { id: string; ifMatch: string | undefined },
): Promise<void> {
  await database.control.transaction().execute(async trx => {
    await lockTenant(trx, tenant);
    const row = await lockPerson(trx, tenant, of);
    await leave({ database, trx, tenant }, row);
    await sql`delete from control.scim_user where id = ${of.id}`.execute(trx);
  });
}

async function update(
  place: ScimPlace,
  of: { id: string; ifMatch: string | undefined },
  next: (row: PersonRow) => PersonAttributes,
): Promise<ScimUser> {
  await change(place, async (trx, proven) => {
    const row = await lockPerson(trx, place.tenant, of);
    const person = next(row);
    // An address that was taken in before stays, even when the domain is no longer proven: it must be possible to let go.
    if (person.email !== row.email || (person.isActive && !row.is_active) || person.userName === '')
      refuseForeign(person, proven);
    const { rows: others } =
      await sql`select 1 from control.scim_user where tenant_id = ${place.tenant} and id <> ${of.id}
      and (lower(user_name) = lower(${person.userName}) or email = ${person.email})`.execute(trx);
    if (others.length > 0) throw taken();
    const { rows } = await sql<PersonRow>`update control.scim_user set user_name = ${person.userName},
        email = ${person.email}, external_id = ${person.externalId}, display_name = ${person.displayName},
        given_name = ${person.givenName}, family_name = ${person.familyName}, is_active = ${person.isActive},
        version = version + 1, updated_at = now()
      where id = ${of.id} returning *`.execute(trx);
    if (!rows[0]) throw notFound('person');
    return rows[0];
  });
  return readPerson(place, of.id);
}

/** Runs a change of a person and brings their membership in line, all or nothing. */
async function change(
  { database, tenant }: ScimPlace,
  work: (trx: ControlTransaction, proven: readonly string[]) => Promise<PersonRow>,
): Promise<void> {
  const proven = await provenDomains(database, tenant);
  await database.control.transaction().execute(async trx => {
    await lockTenant(trx, tenant);
    await settle({ database, trx, tenant }, await work(trx, proven));
  });
}

async function lockPerson(
  trx: ControlTransaction,
  tenant: TenantId,
  of: { id: string; ifMatch: string | undefined },
): Promise<PersonRow> {
  const { rows } = await sql<PersonRow>`select * from control.scim_user
    where id = ${of.id} and tenant_id = ${tenant} for update`.execute(trx);
  const [row] = rows;
  if (!row) throw notFound('person');
  refuseStale(row.version, of.ifMatch);
  return row;
}

/** Refuses a change of what has changed since it was read. @throws UserError */
export function refuseStale(version: number, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === '*') return;
  const isPresent = ifMatch
    .split(',')
    .some(tag => tag.trim() === versionOf(version) || tag.trim() === `"${version}"`);
  if (isPresent) return;
  throw new UserError('scim.version-mismatch', 'It has changed since it was read: read it again.');
}

function taken(): UserError {
  return new UserError(
    'scim.uniqueness',
    'Another person of this tenant has the userName or address, or the tenant has as many people as it may have.',
  );
}
