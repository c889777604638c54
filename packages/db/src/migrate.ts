import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  OperationalError,
  sha256,
  tenantId,
  UserError,
  type Logger,
  type TenantId,
} from '@glacis/foundation';
import type pg from 'pg';
import { tenantSchema, type Database } from './database.ts';

/** One numbered SQL file. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  readonly hash: string;
}

const MIGRATIONS = join(import.meta.dirname, '..', 'migrations');
/** Session advisory lock (class 71, key 0): one process migrates at a time. */
const MIGRATION_LOCK = 'select pg_advisory_lock(71, 0)';

/** The migrations of a set, in order. Files are named `NNNN-what.sql`. */
export function readMigrations(set: 'control' | 'tenant', folder = MIGRATIONS): readonly Migration[] {
  return readdirSync(join(folder, set))
    .filter(name => name.endsWith('.sql'))
    .sort()
    .map(name => {
      const text = readFileSync(join(folder, set, name), 'utf8');
      return { version: Number.parseInt(name, 10), name, text, hash: sha256(text) };
    });
}

/** What a run of {@link migrate} did. */
export interface MigrationReport {
  readonly control: number;
  readonly tenants: number;
  readonly tenantMigrations: number;
}

/**
 * Brings the control schema and every tenant's schema to the newest version. Each file is one transaction together with
 * its entry in the ledger, so a run that was killed goes on where it stopped. @throws UserError when the database is newer
 * than this program.
 */
export async function migrate(
  database: Database,
  log: Logger,
  sets: { control: readonly Migration[]; tenant: readonly Migration[] } = {
    control: readMigrations('control'),
    tenant: readMigrations('tenant'),
  },
): Promise<MigrationReport> {
  const client = await database.connect('glacis-migrate');
  try {
    await client.query(MIGRATION_LOCK);
    await client.query(`
      create schema if not exists control;
      create table if not exists control.schema_version (
        schema text not null, version integer not null, name text not null, hash text not null,
        applied_at timestamptz not null default now(), primary key (schema, version))`);
    const applied = await readLedger(client);
    refuseNewer(applied, sets);
    const control = await apply(client, 'control', sets.control, applied);
    const { rows } = await client.query<{ id: string }>('select id from control.tenant order by id');
    let tenantMigrations = 0;
    for (const row of rows) {
      tenantMigrations += await apply(client, tenantSchema(tenantId(row.id)), sets.tenant, applied);
    }
    if (control + tenantMigrations > 0) {
      log.info({ control, tenants: rows.length, tenantMigrations }, 'database migrated');
    }
    return { control, tenants: rows.length, tenantMigrations };
  } finally {
    await client.end();
  }
}

/**
 * Makes a tenant's role and schema and applies all tenant migrations, inside the caller's transaction. The role owns
 * nothing: it may only read and write the rows of its schema's tables.
 */
export async function createTenantSchema(
  query: (text: string, values?: readonly unknown[]) => Promise<unknown>,
  tenant: TenantId,
): Promise<void> {
  const schema = tenantSchema(tenant);
  const migrations = readMigrations('tenant');
  const ledger = migrations.map(
    ({ version, name, hash }) => `('${schema}', ${version}, '${name.replaceAll("'", "''")}', '${hash}')`,
  );
  // One message: each further one would wait for its turn on both sides.
  await query(
    [
      `create role "${schema}" nologin`,
      `grant "${schema}" to current_user`,
      `create schema "${schema}"`,
      `grant usage on schema "${schema}" to "${schema}"`,
      `alter default privileges in schema "${schema}" grant select, insert, update, delete on tables to "${schema}"`,
      `set local search_path to "${schema}"`,
      ...migrations.map(migration => migration.text),
      `insert into control.schema_version (schema, version, name, hash) values ${ledger.join(', ')}`,
      'set local search_path to public',
    ].join(';\n'),
  );
}

/** Removes a tenant's schema with all its tables, and its roles, inside the caller's transaction. What is gone is no error. */
export async function dropTenantSchema(
  query: (text: string, values?: readonly unknown[]) => Promise<unknown>,
  tenant: TenantId,
): Promise<void> {
  const schema = tenantSchema(tenant);
  await query(`drop schema if exists "${schema}" cascade`);
  // The roles owned nothing, and what they were granted went with the schema.
  await query(`drop role if exists "${schema}_p"`);
  await query(`drop role if exists "${schema}"`);
  await query('delete from control.schema_version where schema = $1', [schema]);
}

type Ledger = Map<string, Map<number, string>>;

async function readLedger(client: pg.Client): Promise<Ledger> {
  const ledger: Ledger = new Map();
  const { rows } = await client.query<{ schema: string; version: number; hash: string }>(
    'select schema, version, hash from control.schema_version',
  );
  for (const row of rows) {
    const versions = ledger.get(row.schema) ?? new Map<number, string>();
    ledger.set(row.schema, versions.set(row.version, row.hash));
  }
  return ledger;
}

function refuseNewer(
  ledger: Ledger,
  sets: { control: readonly Migration[]; tenant: readonly Migration[] },
): void {
  for (const [schema, versions] of ledger) {
    const known = schema === 'control' ? sets.control : sets.tenant;
    const newest = Math.max(0, ...known.map(migration => migration.version));
    if (Math.max(0, ...versions.keys()) > newest) {
      throw new UserError(
        'data.newer-version',
        'The data folder was written by a newer version of Glacis. Start that version, or point GLACIS_DATA at another folder.',
      );
    }
  }
}

async function apply(
  client: pg.Client,
  schema: string,
  migrations: readonly Migration[],
  ledger: Ledger,
): Promise<number> {
  const done = ledger.get(schema) ?? new Map<number, string>();
  let count = 0;
  for (const migration of migrations) {
    const hash = done.get(migration.version);
    if (hash !== undefined) {
      if (hash !== migration.hash) {
        throw new OperationalError(
          'data.migration-changed',
          `The migration ${migration.name} was changed after it ran.`,
        );
      }
      continue;
    }
    await client.query('begin');
    try {
      await client.query(`set local search_path to "${schema}"`);
      await client.query(migration.text);
      await client.query(
        'insert into control.schema_version (schema, version, name, hash) values ($1, $2, $3, $4)',
        [schema, migration.version, migration.name, migration.hash],
      );
      await client.query('commit');
    } catch (cause) {
      await client.query('rollback');
      throw new OperationalError(
        'data.migration-failed',
        `The migration ${migration.name} of ${schema} failed.`,
        { cause },
      );
    }
    count += 1;
  }
  return count;
}
