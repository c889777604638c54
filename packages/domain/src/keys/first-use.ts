import { decrypt, tenantId, UserError, type Logger, type SecretKey } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { tenantKeyContext } from './tenant-ring.ts';

/** Tenants whose key is tried; the newest, since nothing else is quicker to find. */
const TRIED = 5;

/**
 * Runs work that reads the master key, or makes it at the first start, while no other process of the installation does: of
 * several that start at once all get the same key.
 */
export function whileAlone<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return database.control.transaction().execute(async trx => {
    await sql`select pg_advisory_xact_lock(hashtextextended('glacis master key', 0))`.execute(trx);
    return work();
  });
}

/**
 * Refuses a master key that opens nothing of what is there, before anything is sealed with it. Single keys that it does not
 * open are told to the log. @throws UserError
 */
export async function refuseForeignKey(
  database: Database,
  masterKey: SecretKey,
  of: { readonly log: Logger; readonly isGiven: boolean },
): Promise<void> {
  const { rows } = await sql<{ tenant_id: string; wrapped: Buffer }>`select tenant_id, wrapped
    from control.tenant_key order by created_at desc limit ${TRIED}`.execute(database.control);
  const closed = rows.filter(row => !opens(masterKey, row));
  if (closed.length === 0) return;
  if (closed.length < rows.length) {
    of.log.error(
      { tenants: closed.map(row => row.tenant_id) },
      'the master key does not open the keys of some tenants',
    );
    return;
  }
  throw new UserError(
    'data.wrong-master-key',
    of.isGiven
      ? 'GLACIS_MASTER_KEY is not the key that this data is sealed with. Set the former key again; to replace it, set the new one as GLACIS_MASTER_KEY_NEXT beside it, restart, and run glacis keys rotate --master.'
      : 'The master key does not open this data. Start with the key that it was made with (master.key in the data folder, or GLACIS_MASTER_KEY).',
  );
}

function opens(masterKey: SecretKey, row: { tenant_id: string; wrapped: Buffer }): boolean {
  try {
    decrypt(masterKey, row.wrapped, tenantKeyContext(tenantId(row.tenant_id)));
    return true;
  } catch {
    return false;
  }
}
