import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  newId,
  newSecretKey,
  encrypt,
  silentLogger,
  tenantId,
  type RawKey,
  type TenantId,
} from '@glacis/foundation';
import pg from 'pg';
import { openDatabase, type Database } from './database.ts';
import { startEmbeddedPostgres } from './embedded.ts';
import { createTenantSchema, migrate } from './migrate.ts';

const TEMPLATE = 'glacis_template';
/** Set by the test runner: a server that all test files share, with a migrated template database. */
const SHARED_URL = 'GLACIS_TEST_DATABASE_URL';

/** A database of its own for one test file, cloned from the migrated template in some 50 ms. */
export interface TestDatabase {
  readonly database: Database;
  readonly url: string;
  /** Makes a tenant with its schema, role and data key. */
  createTenant(slug?: string): Promise<{ id: TenantId; key: RawKey }>;
  close(): Promise<void>;
}

/** Starts a server for tests in a temporary folder and migrates the template. Returns its URL and how to stop it. */
export async function startTestServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join('/tmp', 'glacis-test-'));
  const server = await startEmbeddedPostgres({ folder, log: silentLogger });
  const admin = await connect(server.url);
  await admin.query(`create database ${TEMPLATE}`);
  await admin.end();
  const database = openDatabase({
    url: withName(server.url, TEMPLATE),
    applicationName: 'template',
    log: silentLogger,
  });
  await migrate(database, silentLogger);
  await database.close();
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Clones the template. Without the shared server (a test file run alone) it starts one for this process. */
export async function createTestDatabase(options: { maxConnections?: number } = {}): Promise<TestDatabase> {
  const sharedUrl = process.env[SHARED_URL];
  const own = sharedUrl ? undefined : await startTestServer();
  const serverUrl = sharedUrl ?? own?.url ?? '';
  const name = `test_${randomBytes(8).toString('hex')}`;
  const admin = await connect(serverUrl);
  await admin.query(`create database ${name} template ${TEMPLATE}`);
  const url = withName(serverUrl, name);
  const database = openDatabase({ url, applicationName: name, log: silentLogger, ...options });
  return {
    database,
    url,
    createTenant: slug => createTenant(database, slug ?? `t${randomBytes(6).toString('hex')}`),
    close: async () => {
      await database.close();
      try {
        await dropDatabase(admin, name);
      } finally {
        // What stays open would keep the test's process from ending.
        await admin.end();
        await own?.stop();
      }
    },
  };
}

/** PostgreSQL's own workers, which no other role may end, look into a database now and then: it is tried again without them. */
async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      await admin.query(`drop database ${name} with (force)`);
      return;
    } catch (error) {
      const isRefused = error instanceof pg.DatabaseError && error.code === '42501';
      if (!isRefused || attempt === 20) throw error;
      await delay(100);
    }
}

async function createTenant(database: Database, slug: string): Promise<{ id: TenantId; key: RawKey }> {
  const id = tenantId(newId());
  const key = newSecretKey();
  const client = await database.connect('create-tenant');
  try {
    await client.query('begin');
    await client.query('insert into control.tenant (id, slug, name) values ($1, $2, $2)', [id, slug]);
    await createTenantSchema((text, values = []) => client.query(text, [...values]), id);
    const wrapped = encrypt(newSecretKey(), key, ['tenant-key', id]);
    await client.query('insert into control.tenant_key (tenant_id, wrapped) values ($1, $2)', [id, wrapped]);
    await client.query('commit');
  } finally {
    await client.end();
  }
  return { id, key };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

function withName(url: string, name: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${name}`;
  return parsed.href;
}
