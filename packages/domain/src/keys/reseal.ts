import {
  decrypt,
  encrypt,
  keyId,
  sealHeader,
  SEAL_HEADER_BYTES,
  UnexpectedError,
  type SecretKey,
  type TenantId,
} from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { SEALED_COLUMNS, type SealedColumn } from './sealed-columns.ts';

/** Values that one transaction seals again; it locks them for some milliseconds. */
const BATCH = 100;

/** What a rotation seals again: the values of a tenant's key, or without a tenant those of the master key. */
export interface Sealing {
  readonly database: Database;
  readonly tenant: TenantId | undefined;
  readonly key: SecretKey;
  readonly signal: AbortSignal;
  /** Hears of each batch that was sealed again. */
  note(count: number): Promise<void>;
}

type Executor = Parameters<ReturnType<typeof sql>['execute']>[0];

/** Goes once over all values and seals those again that another version sealed. Says how many no version opens. */
export async function resealColumns(of: Sealing): Promise<number> {
  let unreadable = 0;
  for (const column of await columnsOf(of)) {
    let after: string | undefined = '(0,0)';
    while (after !== undefined) {
      of.signal.throwIfAborted();
      const from: string = after;
      const batch = await within(of, column, executor => resealBatch(executor, of, column, from));
      if (batch.resealed > 0) await of.note(batch.resealed);
      unreadable += batch.unreadable;
      after = batch.last;
    }
  }
  return unreadable;
}

/** Values that another version has sealed. */
export async function countForeign(of: Sealing): Promise<number> {
  let count = 0;
  for (const column of await columnsOf(of)) {
    const { rows } = await within(of, column, executor =>
      sql<{
        n: number;
      }>`select count(*)::int as n from ${tableOf(column)} where ${isForeign(of, column)}`.execute(executor),
    );
    count += rows[0]?.n ?? 0;
  }
  return count;
}

async function resealBatch(executor: Executor, of: Sealing, column: SealedColumn, after: string) {
  // Rows that move while they are sealed come to the end, and are left out there. Who holds a locked one has it for a moment
  // only: the next pass finds it.
  const value = sql.ref(column.column);
  const { rows } = await sql<{ place: string; bound: string; sealed: Buffer }>`
    select ctid::text as place, ${sql.ref(column.boundTo)}::text as bound, ${value} as sealed
    from ${tableOf(column)} where ctid > ${after}::tid and ${isForeign(of, column)}
    limit ${BATCH} for no key update skip locked`.execute(executor);
  let [resealed, unreadable] = [0, 0];
  for (const row of rows) {
    const again = resealValue(of, row.sealed, column.context(row.bound, of.tenant ?? ''));
    if (!again) unreadable += 1;
    else {
      resealed += 1;
      await sql`update ${tableOf(column)} set ${value} = ${again} where ctid = ${row.place}::tid`.execute(
        executor,
      );
    }
  }
  return { resealed, unreadable, last: rows.at(-1)?.place };
}

function resealValue(of: Sealing, sealed: Buffer, context: readonly string[]): Buffer | undefined {
  let plain: Buffer;
  try {
    plain = decrypt(of.key, sealed, context);
  } catch (error) {
    if (error instanceof UnexpectedError) return undefined;
    throw error;
  }
  return encrypt(of.key, plain, context);
}

/** The columns that the key seals, of tables that there are. */
async function columnsOf(of: Sealing): Promise<SealedColumn[]> {
  const kind = of.tenant === undefined ? 'master' : 'tenant';
  const columns: SealedColumn[] = [];
  for (const column of SEALED_COLUMNS.filter(entry => entry.key === kind)) {
    const { rows } = await within(of, column, executor =>
      sql<{
        is_there: boolean;
      }>`select to_regclass(${column.schema === 'control' ? `control.${column.table}` : column.table}) is not null as is_there`.execute(
        executor,
      ),
    );
    if (rows[0]?.is_there) columns.push(column);
  }
  return columns;
}

function within<T>(of: Sealing, column: SealedColumn, work: (executor: Executor) => Promise<T>): Promise<T> {
  if (column.schema === 'control') return of.database.control.transaction().execute(work);
  if (of.tenant === undefined)
    throw new UnexpectedError('A column of tenants cannot be sealed with the master key.');
  return of.database.inTenant(of.tenant, tx => work(tx.sql));
}

const tableOf = (column: SealedColumn) =>
  column.schema === 'control' ? sql.id('control', column.table) : sql.id(column.table);

function isForeign(of: Sealing, column: SealedColumn) {
  const value = sql.ref(column.column);
  const own =
    column.schema === 'control' && of.tenant !== undefined ? sql`tenant_id = ${of.tenant}` : sql`true`;
  return sql`${own} and ${value} is not null
    and substring(${value} from 1 for ${sql.raw(String(SEAL_HEADER_BYTES))}) <> ${sealHeader(keyId(of.key))}`;
}
