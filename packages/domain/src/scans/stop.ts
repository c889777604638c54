import { cancelScan } from '@glacis/engine';
import { sql, type TenantTransaction } from '@glacis/db';
import { announce } from '@glacis/realtime';

/** Cancels one scan and tells the workers to let go of it. False when it had ended. */
export async function abortScan(tx: TenantTransaction, scanId: string): Promise<boolean> {
  if (!(await cancelScan(tx, scanId))) return false;
  await tx.asPlatform(query => announce(query, { tenantId: tx.tenantId, topic: 'cancel', id: scanId }));
  return true;
}

/**
 * Cancels every running scan that may actively probe names below one of the domains, its own target or not, and notes why.
 * Passive scans need no proof and go on. Returns how many were cancelled.
 */
export async function stopScansOf(
  tx: TenantTransaction,
  domains: readonly string[],
  reason: string,
): Promise<number> {
  const { rows } = await sql<{ id: string }>`select id from scan
    where state = 'running' and is_active and scope->'domains' ?| ${domains}::text[] order by id`.execute(
    tx.sql,
  );
  for (const { id } of rows) {
    await abortScan(tx, id);
    await sql`update scan set error = ${reason} where id = ${id}`.execute(tx.sql);
  }
  return rows.length;
}
