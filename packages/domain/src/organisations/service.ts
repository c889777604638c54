import type { OrganisationView } from '@glacis/contract';
import { newId, UserError } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { notFound } from '../http/caller.ts';

/** Most organisations of a list, and most groups of each. */
const MAX_ORGANISATIONS = 2000;

/** The organisations by name, each with its groups. */
export async function listOrganisations(tx: TenantTransaction): Promise<OrganisationView[]> {
  const { rows } = await sql<OrganisationView>`select o.id, o.name, o.note,
      (select count(*)::int from target t where t.organisation_id = o.id) as "targetCount",
      coalesce((select jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name, 'targetCount',
          (select count(*) from target_in_group i where i.group_id = g.id)) order by lower(g.name))
        from target_group g where g.organisation_id = o.id), '[]') as groups
    from organisation o order by lower(o.name) limit ${MAX_ORGANISATIONS}`.execute(tx.sql);
  return rows;
}

async function readOrganisation(tx: TenantTransaction, id: string): Promise<OrganisationView> {
  const found = (await listOrganisations(tx)).find(organisation => organisation.id === id);
  if (!found) throw notFound('organisation');
  return found;
}

function nameTaken(name: string): UserError {
  return new UserError('request.conflict', `“${name}” is there already. Choose another name.`, {
    fields: { name: 'This name is taken.' },
  });
}

/** Adds an organisation. @throws UserError when the name is taken or there are too many. */
export async function createOrganisation(
  tx: TenantTransaction,
  of: { name: string; note: string },
): Promise<OrganisationView> {
  const id = newId();
  const { rows } = await sql`insert into organisation (id, name, note)
    select ${id}, ${of.name}, ${of.note} where (select count(*) from organisation) < ${MAX_ORGANISATIONS}
    on conflict do nothing returning id`.execute(tx.sql);
  if (rows.length > 0) return readOrganisation(tx, id);
  const { rows: taken } = await sql`select 1 from organisation where lower(name) = lower(${of.name})`.execute(
    tx.sql,
  );
  if (taken.length > 0) throw nameTaken(of.name);
  throw new UserError('request.conflict', `A tenant has at most ${MAX_ORGANISATIONS} organisations.`);
}

/** Changes an organisation. @throws UserError when the name is taken or there is no such organisation. */
export async function updateOrganisation(
  tx: TenantTransaction,
  of: { id: string; name: string; note: string },
): Promise<OrganisationView> {
  const { rows: taken } = await sql`select 1 from organisation
    where lower(name) = lower(${of.name}) and id <> ${of.id}`.execute(tx.sql);
  const { rows } =
    await sql`update organisation set name = ${taken.length > 0 ? sql`name` : of.name}, note = ${of.note}
    where id = ${of.id} returning id`.execute(tx.sql);
  if (rows.length === 0) throw notFound('organisation');
  if (taken.length > 0) throw nameTaken(of.name);
  return readOrganisation(tx, of.id);
}

/** Removes an organisation and its groups; its targets stay. @throws UserError when there is no such organisation. */
export async function deleteOrganisation(tx: TenantTransaction, id: string): Promise<void> {
  const { rows } = await sql`delete from organisation where id = ${id} returning id`.execute(tx.sql);
  if (rows.length === 0) throw notFound('organisation');
}

/** Adds a group to an organisation. @throws UserError when the name is taken there. */
export async function createGroup(
  tx: TenantTransaction,
  of: { organisationId: string; name: string },
): Promise<OrganisationView> {
  await readOrganisation(tx, of.organisationId);
  const { rows } = await sql`insert into target_group (id, organisation_id, name)
    values (${newId()}, ${of.organisationId}, ${of.name}) on conflict do nothing returning id`.execute(
    tx.sql,
  );
  if (rows.length === 0) throw nameTaken(of.name);
  return readOrganisation(tx, of.organisationId);
}

/** Removes a group; its targets stay. @throws UserError when there is no such group. */
export async function deleteGroup(tx: TenantTransaction, id: string): Promise<void> {
  const { rows } = await sql`delete from target_group where id = ${id} returning id`.execute(tx.sql);
  if (rows.length === 0) throw notFound('group');
}
