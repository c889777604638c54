import { UserError } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { inRouteTenant, notFound } from '../http/caller.ts';
import type { RouteInput } from '../http/route.ts';

/** What somebody wants to change. */
export interface Thing {
  readonly kind: 'target' | 'scan' | 'finding' | 'project';
  readonly id: string;
}

/** Whether the viewer's projects that they may write to hold the thing: a scan with all its targets. */
const WRITABLE = {
  target: (id: string) =>
    sql`exists (select 1 from project_target p where p.target_id = ${id} and ${isWritable})`,
  scan: (id: string) => sql`not exists (select 1 from scan_target s where s.scan_id = ${id}
    and not exists (select 1 from project_target p where p.target_id = s.target_id and ${isWritable}))`,
  finding: (id: string) => sql`exists (select 1 from finding f join asset_target l on l.asset_id = f.asset_id
    join project_target p on p.target_id = l.target_id where f.id = ${id} and ${isWritable})`,
  project: (id: string) =>
    sql`exists (select 1 from project p (project_id) where p.project_id = ${id} and ${isWritable})`,
} as const;
const isWritable = sql`p.project_id = any (string_to_array(current_setting('glacis.writable'), ',')::uuid[])`;

/**
 * Refuses a change by a member who sees only projects and may not write to that of the thing; others pass. What they
 * cannot see does not exist. @throws UserError
 */
export async function demandGrant(tx: TenantTransaction, of: Thing): Promise<void> {
  if (!tx.isRestricted) return;
  const { rows } = await sql<{ may: boolean }>`
    select ${WRITABLE[of.kind](of.id)} as may from ${sql.table(of.kind)} where id = ${of.id}`.execute(tx.sql);
  const found = rows[0];
  if (!found) throw notFound(of.kind);
  if (!found.may) {
    throw new UserError(
      'auth.forbidden',
      'Your grant in this project does not allow this. Ask who leads the project for the grant to write.',
    );
  }
}

/** Runs a change of things in the tenant of the route, once the caller's projects allow it. @throws UserError */
export function inWritable<T>(
  input: RouteInput<unknown, unknown, unknown>,
  things: Thing | readonly Thing[],
  work: (tx: TenantTransaction) => Promise<T>,
): Promise<T> {
  return inRouteTenant(input, async tx => {
    for (const thing of [things].flat()) await demandGrant(tx, thing);
    return tx.isRestricted ? tx.unrestricted(work) : work(tx);
  });
}

/** Refuses what only those may do who see the whole tenant. @throws UserError */
export function demandWhole(tx: TenantTransaction): void {
  if (tx.isRestricted) {
    throw new UserError(
      'auth.forbidden',
      'You see only your projects, and this concerns the whole tenant. Ask an administrator of the tenant.',
    );
  }
}
