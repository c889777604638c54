import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql, tenantSchema } from '@glacis/db';
import { createTestDatabase, type TestDatabase } from '@glacis/db/testing';
import { silentLogger, UserError, type TenantId } from '@glacis/foundation';
import { onChain, readHead, recordHash, verifyChain } from './chain.ts';
import { systemOrigin, type AuditAct } from './record.ts';
import { readAudit } from './search.ts';
import { openAuditTrail, type AuditTrail } from './trail.ts';

let db: TestDatabase;
let trail: AuditTrail;
before(async () => {
  db = await createTestDatabase();
  trail = openAuditTrail(db.database, silentLogger);
});
after(async () => {
  await trail.close();
  await db.close();
});

function act(tenantId: TenantId | undefined, action = 'targets.create'): AuditAct {
  return { tenantId, origin: systemOrigin('job', 'test'), action, detail: { number: 1 } };
}

/** A tenant whose chain has some records. */
async function tenantWithChain(records = 6): Promise<{ id: TenantId; table: string }> {
  const { id } = await db.createTenant();
  for (let index = 0; index < records; index += 1)
    await trail.append(act(id, `targets.act-${'abcdefghij'[index] ?? 'z'}`), { outcome: 'succeeded' });
  return { id, table: `${tenantSchema(id)}.audit_record` };
}

const verify = (id: TenantId | undefined) => verifyChain(db.database, id);

test('a chain that nobody touched is whole, and its hashes can be reckoned without the platform', async () => {
  const { id } = await tenantWithChain();
  const result = await verify(id);
  assert.deepEqual(
    { ...result, head: result.head.seq },
    { isIntact: true, records: 6, head: 6, problem: null },
  );
  let previous: Buffer = Buffer.alloc(32);
  for await (const records of readAudit(db.database, id, {})) {
    for (const record of records) {
      previous = recordHash(previous, record.seq, record.body);
      assert.ok(record.hash.equals(previous));
    }
  }
  assert.equal(previous.toString('hex'), result.head.hash);
});

test('an empty chain is whole', async () => {
  const { id } = await db.createTenant();
  assert.equal((await verify(id)).isIntact, true);
});

const tampering: Readonly<Record<string, (table: string) => string>> = {
  'a changed body': table => `update ${table} set body = replace(body, 'act-c', 'act-x') where seq = 3`,
  'a changed body with a new hash of its own': table =>
    `update ${table} set body = replace(body, 'act-c', 'act-x'),
       hash = sha256(previous_hash || convert_to(seq || chr(10) || replace(body, 'act-c', 'act-x'), 'UTF8')) where seq = 3`,
  'a changed time': table => `update ${table} set at = at - interval '1 day' where seq = 3`,
  'a removed record': table => `delete from ${table} where seq = 3`,
  'a removed record with the numbers closed up': table =>
    `delete from ${table} where seq = 3; update ${table} set seq = seq - 1 where seq > 3`,
  'the first record removed': table => `delete from ${table} where seq = 1`,
  'an inserted record': table =>
    `update ${table} set seq = seq + 100 where seq > 3; update ${table} set seq = seq - 99 where seq > 100;
     insert into ${table} (seq, at, previous_hash, hash, body) select 4, at, hash, sha256(hash), body from ${table} where seq = 3`,
  'two records that changed places': table =>
    `update ${table} set seq = 100 where seq = 3; update ${table} set seq = 3 where seq = 4; update ${table} set seq = 4 where seq = 100`,
  'two bodies that changed places': table =>
    `update ${table} a set body = b.body, at = b.at from ${table} b where (a.seq, b.seq) in ((3, 4), (4, 3))`,
  'the last record cut off': table => `delete from ${table} where seq = 6`,
  'the tail cut off': table => `delete from ${table} where seq > 2`,
  'everything removed': table => `delete from ${table}`,
  'a record put behind the head': table =>
    `insert into ${table} (seq, at, previous_hash, hash, body)
     select 7, at, hash, sha256(hash || convert_to('7' || chr(10) || body, 'UTF8')), body from ${table} where seq = 6`,
  'a body that is not canonical, with right hashes': table =>
    `update ${table} set body = body || ' ', hash = sha256(previous_hash || convert_to(seq || chr(10) || body || ' ', 'UTF8')) where seq = 6;
     update control.audit_head h set hash = r.hash from ${table} r where r.seq = 6 and h.seq = 6`,
};

for (const [what, statements] of Object.entries(tampering)) {
  test(`verification finds ${what}`, async () => {
    const { id, table } = await tenantWithChain();
    await db.database.query(statements(table));
    const result = await verify(id);
    assert.equal(result.isIntact, false);
    assert.ok(result.problem !== null && result.problem.what.length > 10);
  });
}

test('a chain that was rebuilt whole, head and all, does not fit a head that was noted before', async () => {
  const { id, table } = await tenantWithChain();
  const noted = (await verify(id)).head;
  assert.equal((await verifyChain(db.database, id, noted)).isIntact, true);
  await db.database.query(`delete from ${table}; delete from control.audit_head where chain = '${id}'`);
  for (let index = 0; index < 8; index += 1) await trail.append(act(id), { outcome: 'succeeded' });
  assert.equal((await verify(id)).isIntact, true, 'by itself it looks whole');
  assert.equal((await verifyChain(db.database, id, noted)).isIntact, false);
  assert.equal((await verifyChain(db.database, id, { seq: 9, hash: noted.hash })).isIntact, false);
});

test('appends at the same time make one chain without gaps', async () => {
  const { id } = await db.createTenant();
  await Promise.all(Array.from({ length: 40 }, () => trail.append(act(id), { outcome: 'succeeded' })));
  const result = await verify(id);
  assert.deepEqual([result.isIntact, result.records], [true, 40]);
});

test('the role of a tenant reads its chain and can neither write, change, remove nor empty it', async () => {
  const { id } = await tenantWithChain(2);
  const run = (statement: string) =>
    db.database.inTenant(id, async tx => {
      await sql.raw(statement).execute(tx.sql);
    });
  await run('select * from audit_record');
  for (const statement of [
    `insert into audit_record (seq, at, previous_hash, hash, body) values (3, now(), '', '', '{}')`,
    `update audit_record set at = now()`,
    `delete from audit_record`,
    `truncate audit_record`,
    `drop table audit_record`,
    `select control.audit_append(null, null, '{}')`,
    `select * from control.audit_head`,
  ])
    await assert.rejects(run(statement), { code: '42501' }, statement);
  assert.equal((await verify(id)).isIntact, true);
});

test('a record in the transaction of the act comes and goes with it', async () => {
  const { id } = await db.createTenant();
  await assert.rejects(
    db.database.inTenant(id, async tx => {
      await trail.appendIn(tx, act(undefined), { outcome: 'succeeded' });
      throw new Error('undone');
    }),
  );
  assert.equal((await readHead(db.database, id)).seq, 0);
  await db.database.inTenant(id, async tx => {
    await trail.appendIn(tx, act(undefined), { outcome: 'succeeded' });
    await sql`select count(*) from target`.execute(tx.sql);
  });
  assert.deepEqual((await verify(id)).records, 1);
});

test('work is recorded with its end, what it made and what it noted', async () => {
  const { id } = await db.createTenant();
  const made = '0192a0de-0000-7000-8000-000000000001';
  await trail.audited(act(id), async note => {
    note({ detail: { more: 'yes' } });
    return { id: made };
  });
  await assert.rejects(
    trail.audited(act(id), async () => {
      throw new UserError('request.conflict', 'No.');
    }),
  );
  await assert.rejects(
    trail.audited(act(id), async () => Promise.reject(new Error('a secret of the inside'))),
  );
  const bodies: string[] = [];
  for await (const records of readAudit(db.database, id, {}))
    bodies.push(...records.map(record => record.body));
  const [done, conflict, broken] = bodies.map(body => JSON.parse(body));
  assert.deepEqual(done.subject, { kind: 'targets', id: made });
  assert.deepEqual(done.detail, { number: 1, more: 'yes' });
  assert.deepEqual([conflict.outcome, conflict.code], ['failed', 'request.conflict']);
  assert.deepEqual([broken.outcome, broken.code], ['failed', 'internal.unexpected']);
  assert.ok(!bodies.join().includes('a secret'));
});

test('an act that never ended is recorded as unknown, once', async () => {
  const { id } = await db.createTenant();
  const { promise: dying, reject: die } = Promise.withResolvers<never>();
  const running = trail.audited(act(id), () => dying);
  const waitForIntent = async (): Promise<void> => {
    const { rows } = await db.database.query('select 1 from control.audit_intent where tenant_id = $1', [id]);
    if (rows.length === 0) await waitForIntent();
  };
  await waitForIntent();
  assert.equal(await trail.sweep(60), 0, 'it may still be running');
  const swept = await Promise.all([trail.sweep(0), trail.sweep(0)]);
  assert.equal(swept[0] + swept[1], 1);
  for await (const [record] of readAudit(db.database, id, {}))
    assert.equal(JSON.parse(record?.body ?? '{}').outcome, 'unknown');
  assert.equal((await verify(id)).records, 1);
  die(new Error('at last'));
  await assert.rejects(running);
  assert.equal((await verify(id)).records, 2, 'the end came after all');
});

test('work whose intent cannot be stored is not done', async () => {
  const { id } = await db.createTenant();
  await db.database.query('alter table control.audit_intent rename to hidden');
  let isDone = false;
  try {
    await assert.rejects(
      trail.audited(act(id), async () => {
        isDone = true;
      }),
    );
  } finally {
    await db.database.query('alter table control.hidden rename to audit_intent');
  }
  assert.equal(isDone, false);
});

test('an act whose end cannot be recorded is not lost', async () => {
  const { id } = await db.createTenant();
  await db.database.query('alter function control.audit_append rename to hidden_append');
  try {
    assert.equal(await trail.audited(act(id), async () => 'done'), 'done');
  } finally {
    await db.database.query('alter function control.hidden_append rename to audit_append');
  }
  assert.equal(await trail.sweep(0), 1);
  assert.equal((await verify(id)).records, 1);
});

test('a flood of refusals becomes few records, and none is uncounted', async () => {
  const nobody = { kind: 'nobody', id: null, name: '' } as const;
  const refuse = (address: string) =>
    trail.refuse(
      {
        tenantId: undefined,
        action: 'session.start',
        origin: { actor: nobody, via: 'none', credentialId: null, address, requestId: 'r' },
      },
      'auth.wrong-credentials',
    );
  const before = (await readHead(db.database, undefined)).seq;
  for (let index = 0; index < 5000; index += 1) refuse(`192.0.2.${index % 200}`);
  await trail.flush();
  const added = (await readHead(db.database, undefined)).seq - before;
  assert.ok(added <= 61, `${added} records`);
  let counted = 0;
  await onChain(db.database, undefined, async (run, table) => {
    const rows = await run(sql<{ body: string }>`select body from ${table} where seq > ${before}`);
    for (const { body } of rows) counted += JSON.parse(body).count;
  });
  assert.equal(counted, 5000);
  assert.equal((await verify(undefined)).isIntact, true);
});
