import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTenant, openPlatform, type OpenPlatform } from '@glacis/domain';
import { sql } from '@glacis/db';
import { createTestDatabase, type TestDatabase } from '@glacis/db/testing';
import { createRegistry } from '@glacis/engine';
import {
  childEnvironment,
  encrypt,
  newId,
  open,
  readConfig,
  silentLogger,
  type TenantId,
} from '@glacis/foundation';

const MAIN = join(import.meta.dirname, 'main.ts');
const ROWS = 1500;
const FILES = 40;
const TIMEOUT_MS = 120_000;

let db: TestDatabase;
let platform: OpenPlatform;
let folder: string;
/** What each tenant has sealed: evidence by the identity of its finding, and files. */
const sealed = new Map<TenantId, { evidence: ReadonlyMap<string, string>; files: readonly string[] }>();

before(async () => {
  folder = mkdtempSync('/tmp/glacis-cli-keys-');
  db = await createTestDatabase();
  // A platform that runs, as the command sees it; nothing else goes on with rotations.
  writeFileSync(
    join(folder, 'run.json'),
    JSON.stringify({ address: 'http://127.0.0.1:9', databaseUrl: db.url, supervisor: process.pid }),
  );
  platform = await openPlatform({
    config: readConfig(childEnvironment({ GLACIS_DATA: folder, DATABASE_URL: db.url })),
    processName: 'test',
    install: { queues: [] },
    registry: createRegistry([]),
    maxConnections: 3,
    log: silentLogger,
  });
  for (const slug of ['first', 'second']) {
    const { id } = await createTenant(platform.database, platform.masterKey, { slug, name: slug });
    sealed.set(id, await fill(id));
  }
});
after(async () => {
  await platform?.close();
  await db?.close();
  rmSync(folder, { recursive: true, force: true });
});

const contextOf = (tenant: TenantId, identity: string) => ['tenant', tenant, 'finding', 'evidence', identity];

async function fill(tenant: TenantId) {
  const key = await platform.keyOf(tenant);
  const evidence = new Map(Array.from({ length: ROWS }, (_, index) => [newId(), `evidence ${index}`]));
  const identities = [...evidence.keys()];
  const values = [...evidence].map(([identity, text]) =>
    encrypt(key, Buffer.from(text), contextOf(tenant, identity)),
  );
  await platform.database.inTenant(tenant, async tx => {
    const asset = newId();
    await sql`insert into asset (id, kind, key, in_scope, first_scan_id, last_scan_id)
      values (${asset}, 'domain', 'corp.test', true, ${newId()}, ${newId()})`.execute(tx.sql);
    await sql`insert into finding (id, identity, rule_id, asset_id, severity, severity_rank, confidence, evidence, first_scan_id, last_scan_id)
      select gen_random_uuid(), identity, 'rule', ${asset}, 'low', 1, 'certain', value, gen_random_uuid(), gen_random_uuid()
      from unnest(${identities}::text[], ${values}::bytea[]) as given (identity, value)`.execute(tx.sql);
  });
  const files: string[] = [];
  for (let index = 0; index < FILES; index += 1)
    files.push(await platform.blobs.put(tenant, key, Buffer.from(`file ${index}`)));
  return { evidence, files };
}

/** Opens everything of every tenant with what a process knows that ran all the time. */
async function assertReadable(): Promise<void> {
  for (const [tenant, { evidence, files }] of sealed) {
    const key = await platform.keyOf(tenant);
    const { rows } = await platform.database.inTenant(tenant, tx =>
      sql<{ identity: string; evidence: Buffer }>`select identity, evidence from finding`.execute(tx.sql),
    );
    assert.equal(rows.length, ROWS);
    for (const row of rows) {
      const opened = await open(key, row.evidence, contextOf(tenant, row.identity));
      assert.equal(opened.toString(), evidence.get(row.identity));
    }
    for (const [index, name] of files.entries())
      assert.equal((await platform.blobs.get(tenant, key, name)).toString(), `file ${index}`);
  }
}

interface Progress {
  readonly tenant: TenantId;
  readonly state: string;
  readonly resealed: number;
  readonly versions: string;
}
async function progress(): Promise<readonly Progress[]> {
  const { rows } = await sql<Progress>`select t.id as tenant, r.state, r.resealed::int as resealed,
      (select string_agg(k.version::text, ',' order by k.version) from control.tenant_key k where k.tenant_id = t.id) as versions
    from control.tenant t join control.key_rotation r on r.tenant_id = t.id
    order by t.slug, r.started_at`.execute(platform.database.control);
  return rows;
}
/** As if the minutes had passed after which no process seals with an old key any more. */
const settle = () =>
  sql`update control.key_rotation set settles_at = now()`.execute(platform.database.control);

/** Runs the command in a process of its own; with a condition it is killed as soon as that holds. */
async function rotateAll(isTime?: (of: readonly Progress[]) => boolean): Promise<NodeJS.Signals | number> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'keys', 'rotate', '--all'],
    {
      env: childEnvironment({ GLACIS_DATA: folder }),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const ended = new Promise<NodeJS.Signals | number>(resolve =>
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 1)),
  );
  if (isTime) {
    const deadline = Date.now() + TIMEOUT_MS;
    while (child.exitCode === null && !isTime(await progress())) {
      assert.ok(Date.now() < deadline, `the rotation does not get there: ${output}`);
      await sleep(2);
    }
    child.kill('SIGKILL');
  }
  const end = await ended;
  assert.ok(end === 'SIGKILL' || end === 0, output);
  return end;
}

test('a rotation of all keys that is killed at any step leaves everything readable, and goes on', async () => {
  await assertReadable();
  const half = (at: number) => (of: readonly Progress[]) => {
    const { state, resealed = 0 } = of[at] ?? {};
    return state === 'sealing' && resealed >= ROWS / 3;
  };
  assert.equal(await rotateAll(half(0)), 'SIGKILL');
  let [first, second] = await progress();
  assert.ok(first && second, 'both have begun, so that their old keys wait at the same time');
  assert.ok(first.resealed > 0 && first.resealed < ROWS, `${first.resealed} were sealed again`);
  assert.deepEqual([first.versions, second.versions], ['1,2', '1,2']);
  await assertReadable();

  assert.equal(await rotateAll(of => of[0]?.state === 'waiting'), 'SIGKILL');
  [first] = await progress();
  assert.equal(first?.versions, '1,2', 'the old key waits for its last users');
  await assertReadable();

  await settle();
  assert.equal(await rotateAll(half(1)), 'SIGKILL');
  [first, second] = await progress();
  assert.deepEqual([first?.state, first?.versions], ['done', '2']);
  assert.ok(second && second.resealed > 0 && second.resealed < ROWS, `${second?.resealed} were sealed again`);
  await assertReadable();

  // Whose rotation was done has another one, as was asked; the other goes on.
  const settling = setInterval(() => void settle(), 200);
  assert.equal(await rotateAll().finally(() => clearInterval(settling)), 0);
  assert.deepEqual(
    (await progress()).map(({ state, versions }) => ({ state, versions })),
    [
      { state: 'done', versions: '3' },
      { state: 'done', versions: '3' },
      { state: 'done', versions: '2' },
    ],
  );
  await assertReadable();
});
