import type { PasskeyView } from '@glacis/contract';
import { sql, type Database } from '@glacis/db';

/** A row of control.passkey. */
export interface PasskeyRow {
  id: string;
  user_id: string;
  name: string;
  credential_id: string;
  public_key: Buffer;
  counter: string;
  transports: string[];
  is_synced: boolean;
  created_at: Date;
  last_used_at: Date | null;
}

/** The passkeys of a person, oldest first. */
export async function readPasskeys(database: Database, userId: string): Promise<PasskeyRow[]> {
  const { rows } = await sql<PasskeyRow>`select * from control.passkey where user_id = ${userId}
    order by created_at, id`.execute(database.control);
  return rows;
}

/** The passkeys of a person as they see them. */
export async function listPasskeys(database: Database, userId: string): Promise<PasskeyView[]> {
  return (await readPasskeys(database, userId)).map(viewPasskey);
}

/** A passkey as its owner sees it. */
export function viewPasskey(row: Omit<PasskeyRow, 'public_key' | 'counter'>): PasskeyView {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    isSynced: row.is_synced,
  };
}
