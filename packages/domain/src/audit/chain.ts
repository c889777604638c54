import { createHash } from 'node:crypto';
import { auditBody, type AuditVerification } from '@glacis/contract';
import type { TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { canonical } from './record.ts';

const BATCH = 2000;
const GENESIS = Buffer.alloc(32);

/** A stored record of a chain. */
export interface StoredRecord {
  readonly seq: number;
  readonly at: Date;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
  readonly body: string;
}

/** Hash of a record: SHA-256 over the previous hash, the number in decimal, a newline and the canonical body. */
export function recordHash(previous: Buffer, seq: number, body: string): Buffer {
  return createHash('sha256').update(previous).update(`${seq}\n${body}`).digest();
}

/** Where a chain ends, as the anchor outside it says. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: Buffer;
}

/** The anchored head of a tenant's chain, or of the platform's. */
export async function readHead(database: Database, tenant: TenantId | undefined): Promise<ChainHead> {
  const row = await database.control
    .selectFrom('control.audit_head')
    .select(['seq', 'hash'])
    .where('chain', '=', tenant ?? 'platform')
    .executeTakeFirst();
  return row ? { seq: Number(row.seq), hash: row.hash } : { seq: 0, hash: GENESIS };
}

/** A piece of SQL. */
export type Sql<T = unknown> = ReturnType<typeof sql<T>>;

/** Runs a query on a chain and gives its rows. */
type Run = <T>(query: Sql<T>) => Promise<T[]>;

/** A row of a chain's table. */
export interface RecordRow {
  readonly seq: string;
  readonly at: Date;
  readonly previous_hash: Buffer;
  readonly hash: Buffer;
  readonly body: string;
}

/** Reads a chain: a tenant's with the tenant's own role, or the platform's. `table` is where its records lie. */
export function onChain<T>(
  database: Database,
  tenant: TenantId | undefined,
  work: (run: Run, table: Sql) => Promise<T>,
): Promise<T> {
  if (tenant === undefined)
    return work(
      async query => (await query.execute(database.control)).rows,
      sql.table('control.audit_record'),
    );
  return database.inTenant(tenant, tx =>
    work(async query => (await query.execute(tx.sql)).rows, sql.table('audit_record')),
  );
}

/**
 * Verifies a chain from its first record to the anchored head, and the head against one that was noted before. Finds what
 * was changed, removed, inserted, reordered, or cut off at the end.
 */
export async function verifyChain(
  database: Database,
  tenant: TenantId | undefined,
  noted?: { readonly seq: number; readonly hash: string },
): Promise<AuditVerification> {
  // Read before the head: an append between the two only moves the head on.
  const last = await onChain(database, tenant, async (run, table) => {
    const [row] = await run(sql<{ seq: string | null }>`select max(seq) as seq from ${table}`);
    return Number(row?.seq ?? 0);
  });
  const head = await readHead(database, tenant);
  const walk = new ChainWalk(noted);
  for (let after = 0; after < head.seq && !walk.problem; after += BATCH) {
    const rows = await readRecords(database, tenant, after, Math.min(after + BATCH, head.seq));
    for (const row of rows) walk.take(row);
  }
  walk.finish(head, last);
  return {
    isIntact: walk.problem === null,
    records: walk.count,
    head: { seq: head.seq, hash: head.hash.toString('hex') },
    problem: walk.problem,
  };
}

async function readRecords(
  database: Database,
  tenant: TenantId | undefined,
  after: number,
  upTo: number,
): Promise<StoredRecord[]> {
  return onChain(database, tenant, async (run, table) => {
    const rows = await run(sql<RecordRow>`select seq, at, previous_hash, hash, body from ${table}
      where seq > ${after} and seq <= ${upTo} order by seq`);
    return rows.map(storedRecord);
  });
}

/** A record as its row has it. */
export function storedRecord(row: RecordRow): StoredRecord {
  return {
    seq: Number(row.seq),
    at: row.at,
    previousHash: row.previous_hash,
    hash: row.hash,
    body: row.body,
  };
}

/** Goes along a chain and keeps the first thing that is wrong. */
class ChainWalk {
  count = 0;
  problem: AuditVerification['problem'] = null;
  #seq = 0;
  #hash: Buffer = GENESIS;
  #noted: { readonly seq: number; readonly hash: string } | undefined;

  constructor(noted: { readonly seq: number; readonly hash: string } | undefined) {
    this.#noted = noted;
  }

  take(record: StoredRecord): void {
    if (this.problem) return;
    const what = this.#wrongWith(record);
    if (what !== undefined) {
      this.problem = { seq: record.seq, what };
      return;
    }
    this.count += 1;
    this.#seq = record.seq;
    this.#hash = record.hash;
  }

  finish(head: ChainHead, last: number): void {
    if (this.problem) return;
    if (this.#seq < head.seq)
      this.problem = { seq: this.#seq + 1, what: `the records from here to ${head.seq} were cut off` };
    else if (!this.#hash.equals(head.hash))
      this.problem = { seq: this.#seq, what: 'it is not the record that the head was set by' };
    else if (last > head.seq)
      this.problem = { seq: head.seq + 1, what: 'records lie behind the head that was never moved to them' };
    else if (this.#noted && this.#noted.seq > head.seq)
      this.problem = { seq: head.seq, what: `the chain once reached ${this.#noted.seq}` };
  }

  #wrongWith(record: StoredRecord): string | undefined {
    if (record.seq !== this.#seq + 1) return `the record ${this.#seq + 1} is missing`;
    if (!record.previousHash.equals(this.#hash)) return 'it does not follow the record before it';
    if (!record.hash.equals(recordHash(record.previousHash, record.seq, record.body)))
      return 'its content was changed';
    if (this.#noted?.seq === record.seq && this.#noted.hash !== record.hash.toString('hex'))
      return 'it is not the record that was noted before';
    return wrongBody(record);
  }
}

function wrongBody(record: StoredRecord): string | undefined {
  let parsed;
  try {
    parsed = auditBody.safeParse(JSON.parse(record.body));
  } catch {
    return 'its body is no JSON';
  }
  if (!parsed.success || canonical(parsed.data) !== record.body)
    return 'its body is not in the canonical form';
  return parsed.data.at === record.at.toISOString() ? undefined : 'its time was changed';
}
