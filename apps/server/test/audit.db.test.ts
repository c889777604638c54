import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditExportLine, type AuditRecordView } from '@glacis/contract';
import { createSignInLink, readAudit, recordHash } from '@glacis/domain';
import { sql } from '@glacis/db';
import { createWorld, type World } from './world.ts';

let world: World;
let admin: string;
before(async () => {
  world = await createWorld();
  admin = await world.signIn(world.alpha.users.admin);
});
after(() => world.close());

function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, cookie = admin, payload?: object) {
  return world.server.inject({
    method,
    url: `/api/tenants/alpha/${path}`,
    headers: { cookie, 'user-agent': 'the-agent' },
    ...(payload ? { payload } : {}),
  });
}

async function search(query: string): Promise<{ items: AuditRecordView[]; total: number }> {
  await world.platform.audit.flush();
  const answer = await call('GET', `audit?${query}`);
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json();
}

/** Bodies of the platform's chain. */
async function platformRecords(): Promise<string[]> {
  await world.platform.audit.flush();
  const bodies: string[] = [];
  for await (const records of readAudit(world.platform.database, undefined, {}))
    bodies.push(...records.map(record => record.body));
  return bodies;
}

test('a change is recorded with who, by what, from where, on what and how it ended', async () => {
  const made = (await call('POST', 'targets', admin, { domain: 'recorded.test' })).json();
  const { items } = await search('action=targets.create');
  const [record] = items;
  assert.equal(record?.outcome, 'succeeded');
  assert.deepEqual(record?.actor, { kind: 'person', id: world.alpha.users.admin, name: 'admin@alpha.test' });
  assert.equal(record?.via, 'session');
  assert.equal(record?.address, '127.0.0.1');
  assert.deepEqual(record?.subject, { kind: 'targets', id: made.id });
  const again = await call('POST', 'targets', admin, { domain: 'recorded.test' });
  assert.equal(again.statusCode, 409);
  const failed = (await search('action=targets.create&outcome=failed')).items[0];
  assert.equal(failed?.code, 'target.exists');
  assert.equal(failed?.requestId, again.json().error.requestId);
  await call('DELETE', `targets/${made.id}`);
  assert.deepEqual((await search('action=targets.delete')).items[0]?.subject, {
    kind: 'targets',
    id: made.id,
  });
});

test('a tenant sees who has entered it: once for each session, and nobody whom its policy keeps out', async () => {
  const cookie = await world.signIn(world.alpha.users.operator);
  await Promise.all([1, 2, 3].map(() => call('GET', 'assets', cookie)));
  const entries = async () => (await search(`action=tenant.enter&actor=${world.alpha.users.operator}`)).items;
  const [entry, ...more] = await entries();
  assert.deepEqual(
    [entry?.outcome, entry?.via, entry?.address, more.length],
    ['succeeded', 'session', '127.0.0.1', 0],
  );
  assert.equal(entry?.detail['isByProvider'], false);
  const { control } = world.platform.database;
  await sql`insert into control.sign_in_policy (tenant_id, requires_second_factor, allowed_methods)
    values (${world.alpha.tenant}, false, '{passkey}')`.execute(control);
  const kept = await world.signIn(world.alpha.users.operator);
  assert.equal((await call('GET', 'assets', kept)).statusCode, 403);
  await sql`delete from control.sign_in_policy`.execute(control);
  assert.equal((await entries()).length, 1);
  assert.equal((await search('action=tenant.enter&q=beta')).total, 0);
});

test('refusals are recorded where they belong', async () => {
  const observer = await world.signIn(world.alpha.users.observer);
  assert.equal((await call('POST', 'targets', observer, { domain: 'x.test' })).statusCode, 403);
  const [refused] = (await search('outcome=refused&actor=observer@alpha')).items;
  assert.deepEqual([refused?.action, refused?.code], ['targets.create', 'auth.forbidden']);
  const stranger = await world.signIn(world.beta.users.admin);
  assert.equal((await call('GET', 'assets', stranger)).statusCode, 404);
  assert.equal((await search('q=beta')).total, 0, 'a tenant does not learn who strangers are');
  const all = (await platformRecords()).map(body => JSON.parse(body));
  const foreign = all.find(record => record.detail.foreignTenant === world.alpha.tenant);
  assert.equal(foreign?.actor.name, 'admin@beta.test');
  assert.equal(foreign?.code, 'request.not-found');
});

test('signing in is recorded with its person, and guessing as refusals that are counted', async () => {
  await world.signIn(world.alpha.users.operator);
  const guess = () =>
    world.server.inject({
      method: 'POST',
      url: '/api/session',
      remoteAddress: '198.51.100.9',
      payload: { email: 'admin@alpha.test', password: 'guess' },
    });
  for (let count = 0; count < 12; count += 1) await guess();
  const records = (await platformRecords()).map(body => JSON.parse(body));
  const starts = records.filter(record => record.action === 'session.start');
  assert.ok(
    starts.some(record => record.actor.id === world.alpha.users.operator && record.outcome === 'succeeded'),
  );
  const guesses = starts.filter(record => record.address === '198.51.100.9');
  assert.deepEqual(
    guesses.map(record => record.outcome).filter(outcome => outcome !== 'refused'),
    [],
  );
  assert.equal(
    guesses.reduce((sum: number, record) => sum + record.count, 0),
    12,
  );
  assert.ok(guesses.length <= 4);
});

test('a forged session, and a change from another origin, are recorded', async () => {
  await world.server.inject({ url: '/api/session', headers: { cookie: `glacis_session=${'x'.repeat(43)}` } });
  await world.server.inject({
    method: 'POST',
    url: '/api/tenants/alpha/targets',
    headers: { cookie: admin, origin: 'https://evil.test' },
    payload: { domain: 'evil.test' },
  });
  await world.server.inject({ url: '/api/session' });
  const records = (await platformRecords()).map(body => JSON.parse(body));
  assert.ok(
    records.some(record => record.action === 'session.read' && record.code === 'auth.sign-in-required'),
  );
  assert.ok(
    records.some(record => record.action === 'targets.create' && record.code === 'auth.origin-refused'),
  );
});

test('no secret gets into a record', async () => {
  const secrets = [
    'planted-password-1',
    'planted-link-token-000000',
    'planted-cookie-value-0000',
    'planted-agent',
  ];
  const [password, link, cookie, agent] = secrets;
  const person = await world.signIn(world.alpha.users.operator);
  const attempts: { method: 'POST' | 'PUT' | 'GET'; url: string; payload?: object }[] = [
    { method: 'POST', url: '/api/session', payload: { email: 'a@alpha.test', password } },
    { method: 'POST', url: '/api/session', payload: { link } },
    { method: 'PUT', url: '/api/session/password', payload: { current: password, password } },
    { method: 'POST', url: '/api/session/reauthentication', payload: { password } },
    { method: 'POST', url: `/api/tenants/alpha/targets?token=${password}`, payload: { domain: password } },
    { method: 'GET', url: `/api/tenants/alpha/assets/${password}` },
    { method: 'GET', url: `/api/tenants/${password}/assets` },
  ];
  for (const attempt of attempts)
    for (const value of [person, `glacis_session=${cookie}`])
      await world.server.inject({
        ...attempt,
        headers: { cookie: value, 'user-agent': agent ?? '', authorization: `Basic ${password}` },
      });
  await world.server.inject({ url: '/api/session', headers: { authorization: `Bearer ${password}` } });
  const link2 = await createSignInLink(world.platform.database, world.alpha.users.admin);
  await world.server.inject({ method: 'POST', url: '/api/session', payload: { link: link2 } });
  const exported = await call('GET', 'audit/export');
  assert.equal(exported.statusCode, 200);
  const everything = `${(await platformRecords()).join('\n')}${exported.body}`;
  assert.ok(everything.length > 2000);
  for (const secret of [...secrets, link2, admin.split('=')[1] ?? '', person.split('=')[1] ?? ''])
    assert.ok(!everything.includes(secret), secret);
});

test('the log is searched by actor, action, outcome, time and text, and pages', async () => {
  for (let count = 0; count < 3; count += 1)
    await call('POST', 'targets', admin, { domain: `search-${count}.test` });
  const first = await search('pageSize=2');
  const second = await search('pageSize=2&page=2');
  assert.equal(first.items.length, 2);
  assert.ok((first.items[1]?.seq ?? 0) > (second.items[0]?.seq ?? 0));
  assert.equal((await search('action=nothing')).total, 0);
  assert.equal((await search(`to=${new Date(Date.now() - 86_400_000).toISOString()}`)).total, 0);
  assert.ok((await search(`from=${new Date(Date.now() - 3_600_000).toISOString()}`)).total > 0);
  assert.ok((await search('q=ADMIN@alpha')).total > 0);
  assert.equal((await search('q=%25')).total, 0, 'signs of LIKE are no wildcards');
  assert.equal((await call('GET', 'audit?from=yesterday')).statusCode, 400);
});

test('an export can be verified without the platform, and is itself recorded', async () => {
  const answer = await call('GET', 'audit/export?format=jsonl');
  let previous: Buffer = Buffer.alloc(32);
  for (const line of answer.body.trim().split('\n')) {
    const parsed = auditExportLine.parse(JSON.parse(line));
    const body = line.slice(line.indexOf('"record":') + '"record":'.length, -1);
    assert.equal(parsed.previousHash, previous.toString('hex'));
    previous = recordHash(previous, parsed.seq, body);
    assert.equal(parsed.hash, previous.toString('hex'));
  }
  assert.equal((await search('action=audit.export')).total >= 1, true);
  const csv = await call('GET', 'audit/export?format=csv');
  assert.match(csv.body, /^"seq","at","actorKind"/);
  assert.match(String(csv.headers['content-disposition']), /audit-\d{4}-\d\d-\d\d\.csv/);
  const verification = (await call('GET', 'audit/verification')).json();
  assert.equal(verification.isIntact, true);
});

test('only administrators of the tenant read the log', async () => {
  for (const path of ['audit', 'audit/export', 'audit/verification']) {
    const observer = await world.signIn(world.alpha.users.observer);
    assert.equal((await call('GET', path, observer)).statusCode, 403);
    assert.equal((await call('GET', path, await world.signIn(world.beta.users.admin))).statusCode, 404);
  }
});
