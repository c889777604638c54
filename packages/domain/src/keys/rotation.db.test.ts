import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  decrypt,
  encrypt,
  keyId,
  newId,
  newSecretKey,
  open,
  silentLogger,
  type Context,
  type KeyRing,
  type SecretKey,
  type TenantId,
} from '@glacis/foundation';
import { sql } from '@glacis/db';
import { createTestDatabase } from '@glacis/db/testing';
import { openHub } from '@glacis/realtime';
import { fileBlobStore } from '@glacis/storage';
import { openAuditTrail } from '../audit/trail.ts';
import { systemOrigin } from '../audit/record.ts';
import { createTokenSigner } from '../identity/token-signer.ts';
import { queueMail, openMail } from '../mail/outbox.ts';
import { createTenant } from '../tenancy/service.ts';
import { readMasterKey, type MasterRing } from './master-ring.ts';
import { beginMasterRotation, beginTenantRotation, continueRotation, type KeyPlatform } from './rotation.ts';
import { OPEN_COLUMNS, SEALED_COLUMNS } from './sealed-columns.ts';
import { createKeyRing } from './tenant-ring.ts';

const folder = await mkdtemp(join(tmpdir(), 'glacis-keys-'));
const db = await createTestDatabase();
const hub = await openHub(db.database, silentLogger);
after(async () => {
  await hub.close();
  await db.close();
  await rm(folder, { recursive: true });
});

const { database } = db;
const file = join(folder, 'master.key');
const blobs = fileBlobStore(join(folder, 'blobs'));
const audit = openAuditTrail(database, silentLogger);
const origin = systemOrigin('command-line', 'test');
const MAIL = { subject: 'Subject', paragraphs: ['Text'] };
const never = new AbortController().signal;

/** A process of its own: what it remembers of keys is not shared. `isDeaf`: it hears no announcements. */
function startProcess(isDeaf = false): KeyPlatform & { masterKey: MasterRing } {
  const masterKey = readMasterKey({ value: undefined, file });
  const keyOf = createKeyRing(database, masterKey, isDeaf ? undefined : hub);
  return { database, blobs, audit, masterKey, keyOf, log: silentLogger };
}

const evidenceContext = (tenant: TenantId, identity: string): Context => [
  'tenant',
  tenant,
  'finding',
  'evidence',
  identity,
];

/** The first layout, which older releases wrote. */
function firstLayout(key: SecretKey, plain: Buffer, context: Context): Buffer {
  const sealed = encrypt(key, plain, context);
  return Buffer.concat([Buffer.from([1]), sealed.subarray(9)]);
}

async function storeFinding(tenant: TenantId, seal: (context: Context) => Buffer): Promise<string> {
  const identity = newId();
  await database.inTenant(tenant, async tx => {
    const asset = newId();
    await sql`insert into asset (id, kind, key, in_scope, first_scan_id, last_scan_id)
      values (${asset}, 'domain', ${`${asset}.test`}, true, ${newId()}, ${newId()})`.execute(tx.sql);
    await sql`insert into finding (id, identity, rule_id, asset_id, severity, severity_rank, confidence, evidence, first_scan_id, last_scan_id)
      values (${newId()}, ${identity}, 'rule', ${asset}, 'low', 1, 'certain', ${seal(evidenceContext(tenant, identity))}, ${newId()}, ${newId()})`.execute(
      tx.sql,
    );
  });
  return identity;
}

async function evidenceOf(tenant: TenantId, identity: string): Promise<Buffer> {
  return database.inTenant(tenant, async tx => {
    const { rows } = await sql<{
      evidence: Buffer;
    }>`select evidence from finding where identity = ${identity}`.execute(tx.sql);
    return rows[0]?.evidence ?? Buffer.alloc(0);
  });
}

const makeTenant = async (of: KeyPlatform): Promise<TenantId> =>
  (await createTenant(database, of.masterKey, { slug: `k-${newId().slice(-12)}`, name: 'Keys' })).id;

async function versionsOf(tenant: TenantId): Promise<number[]> {
  const { rows } = await database.query(
    'select version from control.tenant_key where tenant_id = $1 order by version',
    [tenant],
  );
  return rows.map(row => Number(row['version']));
}

test('every bytea column is either sealed and rotated, or known to be open', async () => {
  await makeTenant(startProcess());
  const { rows } = await database.query(`select n.nspname as schema, c.relname as table, a.attname as column
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where c.relkind in ('r', 'p') and not c.relispartition and a.atttypid = 'bytea'::regtype and not a.attisdropped
      and (n.nspname = 'control' or n.nspname like 't\\_%')`);
  assert.ok(rows.length > 5);
  for (const row of rows) {
    if (OPEN_COLUMNS.has(String(row['column']))) continue;
    const schema = row['schema'] === 'control' ? 'control' : 'tenant';
    const isKnown = SEALED_COLUMNS.some(
      entry => entry.schema === schema && entry.table === row['table'] && entry.column === row['column'],
    );
    assert.ok(
      isKnown,
      `${String(row['schema'])}.${String(row['table'])}.${String(row['column'])} would not be rotated`,
    );
  }
});

test('everything of a tenant is sealed again, readable throughout, and the old version is destroyed', async () => {
  const [rotator, deaf] = [startProcess(), startProcess(true)];
  const tenant = await makeTenant(rotator);
  const old = await rotator.keyOf(tenant);
  const heldKey = (await deaf.keyOf(tenant)) as KeyRing;
  const oldRaw = heldKey.current;
  const written: string[] = [];
  for (let index = 0; index < 250; index += 1) {
    const seal = index % 2 === 0 ? encrypt : firstLayout;
    written.push(await storeFinding(tenant, context => seal(old, Buffer.from(`evidence ${index}`), context)));
  }
  const files: string[] = [];
  for (let index = 0; index < 30; index += 1)
    files.push(await blobs.put(tenant, old, Buffer.from(`file ${index}`)));

  const rotation = await beginTenantRotation(rotator, tenant, { origin, settleMs: 1500 });
  assert.equal(rotation.state, 'sealing');
  assert.deepEqual(await versionsOf(tenant), [1, 2]);
  const work = continueRotation(rotator, rotation, { signal: never, isPatient: true });
  // A process that has heard of nothing goes on writing with what it holds, and reads everything.
  let late = 0;
  for (const until = Date.now() + 1000; Date.now() < until; late += 1) {
    const text = Buffer.from(`late ${late}`);
    const identity = await storeFinding(tenant, context => encrypt(heldKey, text, context));
    const again = await open(heldKey, await evidenceOf(tenant, identity), evidenceContext(tenant, identity));
    assert.deepEqual(again, text);
    const at = late % 250;
    const opened = await open(
      heldKey,
      await evidenceOf(tenant, written[at] ?? ''),
      evidenceContext(tenant, written[at] ?? ''),
    );
    assert.equal(opened.toString(), `evidence ${at}`);
    assert.equal((await blobs.get(tenant, heldKey, files[late % 30] ?? '')).toString(), `file ${late % 30}`);
    written.push(identity);
  }
  assert.ok(late > 5);
  const done = await work;
  assert.deepEqual([done?.state, done?.remaining, done?.unreadable], ['done', 0, 0]);
  assert.ok((done?.resealed ?? 0) >= 280);
  assert.deepEqual(await versionsOf(tenant), [2]);
  const fresh = (await startProcess().keyOf(tenant)) as KeyRing;
  assert.notEqual(keyId(fresh), keyId(oldRaw));
  for (const identity of written) {
    const [sealed, context] = [await evidenceOf(tenant, identity), evidenceContext(tenant, identity)];
    decrypt(fresh, sealed, context);
    assert.throws(() => decrypt(oldRaw, sealed, context), /does not belong here/);
  }
  for (const name of files) {
    await blobs.get(tenant, fresh, name);
    await assert.rejects(blobs.get(tenant, oldRaw, name), /does not belong here/);
  }
  const { rows } = await database.inTenant(tenant, tx =>
    sql<{ body: string }>`select body::text from audit_record order by seq`.execute(tx.sql),
  );
  assert.match(rows.map(row => row.body).join(), /keys\.rotate.*keys\.destroy-old/s);
});

test('a rotation that was broken off goes on, and a second one is the same', async () => {
  const process = startProcess();
  const tenant = await makeTenant(process);
  const old = await process.keyOf(tenant);
  for (let index = 0; index < 220; index += 1)
    await storeFinding(tenant, context => encrypt(old, Buffer.from('x'), context));
  const rotation = await beginTenantRotation(process, tenant, { origin, settleMs: 1 });
  const stop = new AbortController();
  const stopping: KeyPlatform = {
    ...process,
    blobs: {
      ...blobs,
      countForeign: (...args) => {
        setTimeout(() => stop.abort(), 5);
        return blobs.countForeign(...args);
      },
    },
  };
  await assert.rejects(
    continueRotation(stopping, rotation, { signal: stop.signal, isPatient: true }),
    /abort/i,
  );
  assert.deepEqual(await versionsOf(tenant), [1, 2]);
  const other = startProcess();
  assert.equal((await beginTenantRotation(other, tenant, { origin })).id, rotation.id);
  assert.equal((await continueRotation(other, rotation, { signal: never, isPatient: true }))?.state, 'done');
  assert.deepEqual(await versionsOf(tenant), [2]);
});

test('a snapshot that was taken before still opens: the old version waits for it', async () => {
  const process = startProcess();
  const tenant = await makeTenant(process);
  const key = await process.keyOf(tenant);
  const identity = await storeFinding(tenant, context => encrypt(key, Buffer.from('kept'), context));
  let work: Promise<unknown> = Promise.resolve();
  await database.inTenant(tenant, async tx => {
    await sql`set transaction isolation level repeatable read, read only`.execute(tx.sql);
    const read = () =>
      sql<{ evidence: Buffer }>`select evidence from finding where identity = ${identity}`.execute(tx.sql);
    await read();
    const rotation = await beginTenantRotation(process, tenant, { origin, settleMs: 1 });
    work = continueRotation(process, rotation, { signal: never, isPatient: true });
    await new Promise(resolve => setTimeout(resolve, 1500));
    assert.deepEqual(await versionsOf(tenant), [1, 2]);
    const { rows } = await read();
    const opened = await open(key, rows[0]?.evidence ?? Buffer.alloc(0), evidenceContext(tenant, identity));
    assert.equal(opened.toString(), 'kept');
  });
  await work;
  assert.deepEqual(await versionsOf(tenant), [2]);
});

test('the master key is replaced, and a process that runs learns of it', async () => {
  const [rotator, running] = [startProcess(), startProcess()];
  const tenant = await makeTenant(running);
  const key = (await running.keyOf(tenant)) as KeyRing;
  const dataKey = key.current;
  const before = running.masterKey.current;
  const signer = createTokenSigner(database, running.masterKey, silentLogger);
  await signer.sign({ sub: newId(), sid: newId() });
  const mailPlatform = {
    ...running,
    publicUrl: 'https://glacis.test',
    smtp: { url: 'smtp://127.0.0.1:9', from: 'a@b.test' },
  };
  await queueMail(database.query, mailPlatform, {
    to: 'c@d.test',
    purpose: 'reset',
    content: MAIL,
  });
  const rotation = await beginMasterRotation(rotator, { origin, settleMs: 1 });
  const meanwhile = await makeTenant(running);
  const done = await continueRotation(rotator, rotation, { signal: never, isPatient: true });
  assert.equal(done?.state, 'done');
  assert.deepEqual(
    readdirSync(folder).filter(name => name.startsWith('master.key')),
    ['master.key'],
  );
  assert.ok(!readFileSync(file, 'utf8').includes(before.toString('base64')));
  assert.equal(keyId(running.masterKey), keyId(rotator.masterKey));
  assert.notEqual(keyId(before), keyId(running.masterKey));
  for (const process of [running, startProcess()]) {
    assert.deepEqual(((await process.keyOf(tenant)) as KeyRing).current, dataKey);
    await process.keyOf(meanwhile);
  }
  const { rows } = await database.query(
    'select count(*)::int as n from control.signing_key where sealed is not null',
  );
  assert.equal(rows[0]?.['n'], 1);
  await createTokenSigner(database, startProcess().masterKey, silentLogger).sign({
    sub: newId(),
    sid: newId(),
  });
  const { rows: after } = await database.query('select count(*)::int as n from control.signing_key');
  assert.equal(after[0]?.['n'], 1, 'the signing key still opens');
  const { rows: mails } = await database.query('select id, sealed from control.mail');
  const sealed = mails[0]?.['sealed'];
  assert.ok(Buffer.isBuffer(sealed));
  assert.deepEqual(openMail(startProcess().masterKey, String(mails[0]?.['id']), sealed), MAIL);
});

test('no key lies open in the data folder, the database or the audit log', async () => {
  const process = startProcess();
  const tenant = await makeTenant(process);
  const planted = ((await process.keyOf(tenant)) as KeyRing).current;
  await blobs.put(tenant, await process.keyOf(tenant), Buffer.from('x'));
  const rotation = await beginTenantRotation(process, tenant, { origin, settleMs: 1 });
  const planted2 = ((await startProcess().keyOf(tenant)) as KeyRing).current;
  await continueRotation(process, rotation, { signal: never, isPatient: true });
  const forms = [planted, planted2, process.masterKey.current].flatMap(key => [
    key.toString('hex'),
    key.toString('base64'),
    key.toString('base64url'),
  ]);
  const { rows: tables } =
    await database.query(`select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`);
  let isSearching = false;
  for (const table of tables) {
    const { rows } = await database.query(`select t::text as row from ${String(table['name'])} t`);
    const text = rows.map(row => String(row['row'])).join('\n');
    isSearching ||= text.includes(tenant);
    for (const form of forms) assert.ok(!text.includes(form), String(table['name']));
  }
  assert.ok(isSearching);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'master.key') continue;
    const bytes = readFileSync(join(entry.parentPath, entry.name));
    for (const key of [planted, planted2]) assert.ok(!bytes.includes(key));
  }
});

test('a master key of the environment needs its successor', async () => {
  const [first, next] = [newSecretKey().toString('base64'), newSecretKey().toString('base64')];
  assert.throws(() => readMasterKey({ value: first, file }).prepare(), /GLACIS_MASTER_KEY_NEXT/);
  const ring = readMasterKey({ value: first, next, file });
  ring.prepare();
  const sealed = encrypt(readMasterKey({ value: first, file }), Buffer.from('x'), ['a']);
  assert.equal(decrypt(ring, sealed, ['a']).toString(), 'x');
  assert.deepEqual(
    decrypt(readMasterKey({ value: next, file }), encrypt(ring, Buffer.from('y'), ['a']), ['a']),
    Buffer.from('y'),
  );
});
