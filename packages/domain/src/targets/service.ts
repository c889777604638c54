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
