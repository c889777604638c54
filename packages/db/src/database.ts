import type { Logger, TenantId } from '@glacis/foundation';
import { CompiledQuery, Kysely, PostgresDialect, sql, type RawBuilder, type Transaction } from 'kysely';
import pg, { type QueryResult } from 'pg';
import type { ControlTables, TenantTables } from './tables.ts';

/** Name of a tenant's schema and of its role: `t_` and the 32 hex digits of its id. */
export function tenantSchema(tenant: TenantId): string {
  return `t_${tenant.replaceAll('-', '')}`;
}

/**
 * A unit of work inside one tenant: one transaction whose role and search path are the tenant's alone. It is the only
 * handle that repositories take.
 */
export interface TenantTransaction {
  readonly tenantId: TenantId;
  readonly sql: Transaction<TenantTables>;
  /**
   * Runs statements of the platform (such as enqueuing a job) in the same transaction with the application's own role,
   * then returns to the tenant's.
   */
  asPlatform<T>(work: (query: PlainQuery) => Promise<T>): Promise<T>;
  /** Whether only what belongs to the viewer's projects can be read, and nothing written. */
  readonly isRestricted: boolean;
  /** Runs work on the whole tenant within a restricted transaction: only after it was decided that the viewer may do it. */
  unrestricted<T>(work: (tx: TenantTransaction) => Promise<T>): Promise<T>;
}

/** Runs one SQL statement with `$1` parameters. */
export type PlainQuery = (
  text: string,
  values?: readonly unknown[],
) => Promise<{ rows: Record<string, unknown>[] }>;

/** Runs work inside a tenant. */
export type InTenant = <T>(
  tenant: TenantId,
  work: (tx: TenantTransaction) => Promise<T>,
  options?: TransactionOptions,
) => Promise<T>;

/** How a tenant transaction differs from a plain one. */
export interface TransactionOptions {
  /**
   * Lets the commit return before its WAL is on disk. Only for work whose loss undoes itself: results and the completion of
   * the job that found them are one transaction, so both vanish together and the job runs again.
   */
  readonly isRepeatable?: boolean;
  /** Who looks. A member whose scope is their projects gets a restricted transaction. */
  readonly viewer?: string;
}

/** Longest a statement may run, ms: a stuck query must not hold a connection for ever. */
const STATEMENT_TIMEOUT_MS = 60_000;

/** The connection pool of one process, with its two views: the platform's tables and one tenant's. */
export interface Database {
  readonly control: Kysely<ControlTables>;
  readonly inTenant: InTenant;
  readonly query: PlainQuery;
  /** The same within a transaction of {@link Database.control}. */
  through(trx: Transaction<ControlTables>): PlainQuery;
  /** Runs work inside a tenant within a transaction of {@link Database.control}, which goes on as the platform's. */
  within<T>(
    trx: Transaction<ControlTables>,
    tenant: TenantId,
    work: (tx: TenantTransaction) => Promise<T>,
  ): Promise<T>;
  /** A dedicated connection outside the pool, for LISTEN and session locks. The caller ends it. */
  connect(applicationName: string): Promise<pg.Client>;
  close(): Promise<void>;
}

/** Opens the pool. Nothing connects until the first query. */
export function openDatabase(options: {
  url: string;
  applicationName: string;
  log: Logger;
  maxConnections?: number;
}): Database {
  const base = {
    connectionString: options.url,
    application_name: options.applicationName,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
  };
  const pool = new pg.Pool({ ...base, max: options.maxConnections ?? 10, connectionTimeoutMillis: 15_000 });
  const noteLoss = (error: Error): void => options.log.warn({ err: error }, 'a database connection was lost');
  pool.on('error', noteLoss);
  // The pool listens to idle connections alone: one that is lost between two statements of a transaction would end the process.
  pool.on('connect', client => client.on('error', noteLoss));
  const control = new Kysely<ControlTables>({ dialect: new PostgresDialect({ pool }) });

  return {
    control,
    query: async (text, values = []) => {
      const result = await pool.query<Record<string, unknown>>(text, [...values]);
      // Several statements in one text give several results; the last one with rows is the answer.
      const results: readonly QueryResult<Record<string, unknown>>[] = Array.isArray(result)
        ? result
        : [result];
      return { rows: results.findLast(entry => entry.rows.length > 0)?.rows ?? [] };
    },
    through: plainQuery,
    inTenant: (tenant, work, transactionOptions = {}) =>
      control.transaction().execute(async trx => {
        const { viewer } = transactionOptions;
        const isRestricted = viewer !== undefined && (await seesProjectsOnly(trx, tenant, viewer));
        await enterTenant(tenant, transactionOptions).execute(trx);
        if (isRestricted) await restrict(trx, tenant, viewer);
        return work(tenantTransaction(trx, tenant, isRestricted));
      }),
    within: async (trx, tenant, work) => {
      await enterTenant(tenant, {}).execute(trx);
      const value = await work(tenantTransaction(trx, tenant));
      await sql`set local role none; set local search_path to public`.execute(trx);
      return value;
    },
    connect: async applicationName => {
      const client = new pg.Client({
        ...base,
        statement_timeout: 0,
        application_name: applicationName,
        keepAlive: true,
      });
      client.on('error', noteLoss);
      await client.connect();
      return client;
    },
    close: () => control.destroy(),
  };
}

function tenantTransaction(
  trx: Transaction<ControlTables>,
  tenant: TenantId,
  isRestricted = false,
): TenantTransaction {
  return {
    tenantId: tenant,
    isRestricted,
    sql: trx as unknown as Transaction<TenantTables>,
    asPlatform: async inner => {
      await sql`set local role none`.execute(trx);
      const value = await inner(plainQuery(trx));
      await setRole(tenant, isRestricted).execute(trx);
      return value;
    },
    unrestricted: async inner => {
      await setRole(tenant, false).execute(trx);
      const value = await inner(tenantTransaction(trx, tenant));
      await setRole(tenant, isRestricted).execute(trx);
      return value;
    },
  };
}

/** Whether a person is a member whose scope is their projects; admins always see the whole tenant. */
async function seesProjectsOnly(
  trx: Transaction<ControlTables>,
  tenant: TenantId,
  userId: string,
): Promise<boolean> {
  const row = await trx
    .selectFrom('control.membership')
    .select('user_id')
    .where('user_id', '=', userId)
    .where('tenant_id', '=', tenant)
    .where('scope', '=', 'projects')
    .where('role', '!=', 'admin')
    .executeTakeFirst();
  return row !== undefined;
}

/** Narrows the transaction to the projects of a person; the settings end with it. */
async function restrict(trx: Transaction<ControlTables>, tenant: TenantId, userId: string): Promise<void> {
  await sql`select
      set_config('glacis.projects', coalesce(string_agg(project_id::text, ','), ''), true),
      set_config('glacis.writable', coalesce(string_agg(project_id::text, ',') filter (where level in ('write', 'lead')), ''), true)
    from project_member where user_id = ${userId}`.execute(trx);
  await setRole(tenant, true).execute(trx);
}

function setRole(tenant: TenantId, isRestricted: boolean): RawBuilder<unknown> {
  return sql.raw(`set local role "${tenantSchema(tenant)}${isRestricted ? '_p' : ''}"`);
}

/** One round trip. SET LOCAL ends with the transaction, so nothing of a tenant stays on the connection. */
function enterTenant(tenant: TenantId, options: TransactionOptions): RawBuilder<unknown> {
  const schema = tenantSchema(tenant);
  const commit = options.isRepeatable ? '; set local synchronous_commit = off' : '';
  return sql.raw(`set local role "${schema}"; set local search_path to "${schema}"${commit}`);
}

function plainQuery(trx: Transaction<ControlTables>): PlainQuery {
  return async (text, values = []) => {
    const result = await trx.executeQuery<Record<string, unknown>>(CompiledQuery.raw(text, [...values]));
    return { rows: result.rows };
  };
}

/** True for errors that say the server is away or going, and that a retry may mend. */
export function isConnectionError(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  return (
    /^(08|57P0|53300)/.test(code) ||
    ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT'].includes(code) ||
    /connection terminated|timeout expired|timeout exceeded|Connection ended/i.test(thrown.message)
  );
}
