import type { TargetView } from '@glacis/contract';
import { newId, newSecret, UserError } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { assertWithinPlan } from '../billing/limits.ts';
import { notFound } from '../http/caller.ts';
import { ownableDomain } from './names.ts';
import { inheritProofs, revokeProof } from './proof-state.ts';
import { readTarget } from './view.ts';

/**
 * Adds a domain with a fresh challenge. Below a proven domain it is proven by that at once. @throws UserError when it is no
 * domain that somebody can own.
 */
export async function createTarget(
  tx: TenantTransaction,
  text: string,
  userId: string | null,
  projectId?: string,
): Promise<TargetView> {
  const domain = ownableDomain(text);
  if (projectId !== undefined) await demandProject(tx, projectId);
  await assertWithinPlan(tx, 'domains');
  const { rows } = await sql<{ id: string }>`insert into target (id, domain, challenge, created_by)
    values (${newId()}, ${domain}, ${newSecret()}, ${userId}) on conflict (domain) do nothing returning id`.execute(
    tx.sql,
  );
  if (!rows[0]) throw new UserError('target.exists', `${domain} is a target already.`);
  if (projectId !== undefined)
    await sql`insert into project_target (project_id, target_id) values (${projectId}, ${rows[0].id})`.execute(
      tx.sql,
    );
  await inheritProofs(tx, [rows[0].id]);
  return readTarget(tx, rows[0].id);
}

async function demandProject(tx: TenantTransaction, id: string): Promise<void> {
  const { rows } = await sql`select 1 from project where id = ${id}`.execute(tx.sql);
  if (rows.length === 0) throw notFound('project');
}

/** Changes note, organisation and groups of a target. @throws UserError when a group is of another organisation. */
export async function updateTarget(
  tx: TenantTransaction,
  of: {
    id: string;
    note?: string | undefined;
    organisationId?: string | null | undefined;
    groupIds?: readonly string[] | undefined;
  },
): Promise<TargetView> {
  const { id, organisationId, groupIds } = of;
  await readTarget(tx, id);
  if (organisationId) await demandOrganisation(tx, organisationId);
  await sql`update target set note = coalesce(${of.note ?? null}, note),
    organisation_id = ${organisationId === undefined ? sql`organisation_id` : sql`${organisationId}::uuid`} where id = ${id}`.execute(
    tx.sql,
  );
  if (groupIds !== undefined) await setGroups(tx, id, groupIds);
  else if (organisationId !== undefined) {
    await sql`delete from target_in_group i using target_group g where g.id = i.group_id and i.target_id = ${id}
      and g.organisation_id is distinct from ${organisationId}::uuid`.execute(tx.sql);
  }
  return readTarget(tx, id);
}

async function demandOrganisation(tx: TenantTransaction, id: string): Promise<void> {
  const { rows } = await sql`select 1 from organisation where id = ${id}`.execute(tx.sql);
  if (rows.length === 0) throw notFound('organisation');
}

async function setGroups(tx: TenantTransaction, id: string, groupIds: readonly string[]): Promise<void> {
  const { rows } = await sql<{ fits: boolean }>`select g.organisation_id = t.organisation_id as fits
    from target_group g, target t where t.id = ${id} and g.id = any(${groupIds}::uuid[])`.execute(tx.sql);
  if (rows.length !== new Set(groupIds).size) throw notFound('group');
  if (rows.some(row => row.fits !== true))
    throw new UserError('request.conflict', 'A group takes only targets of its own organisation.');
  await sql`delete from target_in_group where target_id = ${id} and group_id <> all(${groupIds}::uuid[])`.execute(
    tx.sql,
  );
  await sql`insert into target_in_group (group_id, target_id)
    select unnest(${groupIds}::uuid[]), ${id} on conflict do nothing`.execute(tx.sql);
}

/** Removes a target and its scans; assets and findings stay in the inventory. @throws UserError when it does not exist or is being scanned. */
export async function deleteTarget(tx: TenantTransaction, id: string): Promise<void> {
  const { rows: running } = await sql`select 1 from scan_target st join scan s on s.id = st.scan_id
    where st.target_id = ${id} and s.state in ('running', 'closing')`.execute(tx.sql);
  if (running.length > 0)
    throw new UserError('request.conflict', 'The target is being scanned. Cancel the scan first.');
  // What else rests on its proof ends with it: domains below it, scans that reach into it.
  await revokeProof(tx, id);
  await sql`delete from target where id = ${id}`.execute(tx.sql);
}
