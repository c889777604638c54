/**
 * Measures tenants: how long one takes to make (with schema, key, admin and first domain), 1,000 of them one after the other,
 * and one further migration of all. Prints JSON; `--tenants N` makes fewer.
 */
import { parseArgs } from 'node:util';
import { loadavg } from 'node:os';
import { migrate, readMigrations } from '@glacis/db';
import { createTestDatabase } from '@glacis/db/testing';
import { newSecretKey, sha256, silentLogger } from '@glacis/foundation';
import { createTenant } from '../src/tenancy/service.ts';

const { values } = parseArgs({ options: { tenants: { type: 'string', default: '1000' } } });
const wanted = Math.min(1000, Math.max(1, Number(values.tenants) || 1000));
/** The whole bench ends after this long, whatever it has reached, ms. */
const LIMIT_MS = 8 * 60_000;

const db = await createTestDatabase();
try {
  const masterKey = newSecretKey();
  const startedAt = performance.now();
  const times: number[] = [];
  for (let count = 0; count < wanted && performance.now() - startedAt < LIMIT_MS; count += 1) {
    const begin = performance.now();
    await createTenant(db.database, masterKey, {
      slug: `bench-${count}`,
      name: `Bench ${count}`,
      domain: `bench-${count}.test`,
      admin: { email: `admin-${count}@bench.test`, name: 'Admin' },
    });
    times.push(performance.now() - begin);
  }
  const createdSeconds = (performance.now() - startedAt) / 1000;
  const tenant = readMigrations('tenant');
  const text = 'alter table asset add column bench_note text; create index on asset (bench_note);';
  const next = { version: 9000, name: '9000-bench.sql', text, hash: sha256(text) };
  const migratedAt = performance.now();
  const report = await migrate(db.database, silentLogger, {
    control: readMigrations('control'),
    tenant: [...tenant, next],
  });
  const migratedSeconds = (performance.now() - migratedAt) / 1000;
  const { rows } = await db.database.query('select pg_database_size(current_database())::float8 as bytes');
  const sorted = (of: readonly number[]) => [...of].sort((a, b) => a - b);
  const quantile = (of: readonly number[], q: number): number =>
    Number((sorted(of)[Math.min(of.length - 1, Math.floor(of.length * q))] ?? 0).toFixed(1));
  const result = {
    tenants: times.length,
    createMs: { p50: quantile(times, 0.5), p95: quantile(times, 0.95), max: quantile(times, 1) },
    createLast100Ms: { p50: quantile(times.slice(-100), 0.5), p95: quantile(times.slice(-100), 0.95) },
    createAllSeconds: Number(createdSeconds.toFixed(1)),
    migrateAllSeconds: Number(migratedSeconds.toFixed(1)),
    migrated: report.tenantMigrations,
    databaseMiB: Math.round(Number(rows[0]?.['bytes']) / 1024 ** 2),
    load: loadavg().map(value => Number(value.toFixed(1))),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await db.close();
}
