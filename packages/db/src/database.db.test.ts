import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { newId, silentLogger } from '@glacis/foundation';
import { sql } from 'kysely';
import { tenantSchema } from './database.ts';
import { migrate, readMigrations } from './migrate.ts';
import { createTestDatabase, type TestDatabase } from './testing.ts';

let db: TestDatabase;
let a: Awaited<ReturnType<TestDatabase['createTenant']>>;
let b: Awaited<ReturnType<TestDatabase['createTenant']>>;

before(async () => {
  // One connection, so that both tenants must share it: whatever one leaves behind, the other would see.
  db = await createTestDatabase({ maxConnections: 1 });
  a = await db.createTenant();
  b = await db.createTenant();
});
after(() => db.close());

const tenantTables = [
  ...readMigrations('tenant')
    .map(migration => migration.text)
    .join('\n')
    .matchAll(/create table (\w+)/g),
].map(match => match[1] ?? '');

test('every tenant table is unreachable for another tenant', async t => {
  assert.ok(tenantTables.length >= 12);
  for (const table of tenantTables) {
    await t.test(table, async () => {
      const count = (schema: string) => sql.raw(`select count(*) from "${schema}"."${table}"`);
      await db.database.inTenant(a.id, tx => count(tenantSchema(a.id)).execute(tx.sql));
      await assert.rejects(
        db.database.inTenant(a.id, tx => count(tenantSchema(b.id)).execute(tx.sql)),
        /permission denied for schema/,
      );
    });
  }
});

test('rows of one tenant do not show in the other on the same connection', async () => {
  const insert = (id: string) => ({ id, domain: `${id}.test`, challenge: 'c' });
  const pids = new Set<number>();
  for (const tenant of [a, b, a, b]) {
    await db.database.inTenant(tenant.id, async tx => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.sql);
      if (rows[0]) pids.add(rows[0].pid);
      await tx.sql.insertInto('target').values(insert(newId())).execute();
    });
  }
  assert.equal(pids.size, 1);
  for (const tenant of [a, b]) {
    const rows = await db.database.inTenant(tenant.id, tx =>
      tx.sql.selectFrom('target').selectAll().execute(),
    );
    assert.equal(rows.length, 2);
  }
});

test('role and search path end with the transaction, also when it fails', async () => {
  await assert.rejects(
    db.database.inTenant(a.id, () => Promise.reject(new Error('stop'))),
    /stop/,
  );
  const { rows } = await db.database.query(
    "select current_user as who, current_setting('search_path') as path",
  );
  assert.deepEqual(rows, [{ who: 'glacis', path: '"$user", public' }]);
});

test('a tenant cannot read the platform tables, and the platform part of its transaction can', async () => {
  await db.database.inTenant(a.id, async tx => {
    const rows = await tx.asPlatform(query => query('select slug from control.tenant where id = $1', [a.id]));
    assert.equal(rows.rows.length, 1);
  });
  await assert.rejects(
    db.database.inTenant(a.id, tx => sql`select 1 from control.tenant`.execute(tx.sql)),
    /permission denied/,
  );
});

test('migrating again does nothing; a changed or newer migration is refused', async () => {
  assert.deepEqual(await migrate(db.database, silentLogger), { control: 0, tenants: 2, tenantMigrations: 0 });
  const tenant = readMigrations('tenant');
  const changed = tenant.map(migration => ({ ...migration, hash: 'other' }));
  await assert.rejects(
    migrate(db.database, silentLogger, { control: readMigrations('control'), tenant: changed }),
    /changed after it ran/,
  );
  await assert.rejects(
    migrate(db.database, silentLogger, { control: [], tenant }),
    /newer version of Glacis/,
  );
});

test('a migration that failed half-way goes on with the tenant that is missing it', async () => {
  const good = readMigrations('tenant');
  const version = Math.max(...good.map(migration => migration.version)) + 1;
  const failing = {
    version,
    name: 'add',
    hash: 'h',
    text: `create table extra (id int check (id > 0)); select 1 / (case when current_schema() = '${tenantSchema(b.id)}' then 0 else 1 end)`,
  };
  const control = readMigrations('control');
  await assert.rejects(migrate(db.database, silentLogger, { control, tenant: [...good, failing] }), /failed/);
  const mended = { ...failing, text: 'create table extra (id int check (id > 0))' };
  const report = await migrate(db.database, silentLogger, { control, tenant: [...good, mended] });
  assert.equal(report.tenantMigrations, 1);
});

test('a connection lost inside a transaction fails that transaction alone', async () => {
  const listener = await db.database.connect('listener');
  await assert.rejects(
    db.database.inTenant(a.id, async tx => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.sql);
      const lost = new Promise<void>(resolve => listener.once('end', () => resolve()));
      const { rows: own } = await listener.query<{ pid: number }>('select pg_backend_pid() as pid');
      await listener.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      // Ends itself too, while nothing waits for an answer of the connection of the transaction.
      await listener.query('select pg_terminate_backend($1)', [own[0]?.pid]).catch(() => undefined);
      await lost;
      await delay(50);
      await sql`select 1`.execute(tx.sql);
    }),
    /connection|terminat/i,
  );
  const { rows } = await db.database.query('select 1 as one');
  assert.deepEqual(rows, [{ one: 1 }]);
});
