import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deliverMails, openMailTransport } from '@glacis/domain';
import { startMailServer, type MailServer, type ReceivedMail } from '@glacis/domain/testing';
import { newId } from '@glacis/foundation';
import { createWorld, type World } from './world.ts';

let world: World;
let mails: MailServer;
before(async () => {
  mails = await startMailServer();
  world = await createWorld({ smtp: { url: mails.url, from: 'Glacis <glacis@glacis.test>' } });
});
after(() => Promise.all([world.close(), mails.close()]));

const PASSWORD = 'correct horse battery';
const EVIL = 'evil.attacker.test';

async function send(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  of: { cookie?: string; payload?: object; host?: string; address?: string } = {},
) {
  const response = await world.server.inject({
    method,
    url,
    remoteAddress: of.address ?? '192.0.2.1',
    headers: {
      ...(of.cookie ? { cookie: of.cookie } : {}),
      ...(of.host ? { host: of.host, 'x-forwarded-host': of.host } : {}),
    },
    ...(of.payload ? { payload: of.payload } : {}),
  });
  return {
    status: response.statusCode,
    json: response.body === '' ? undefined : response.json(),
    code: response.statusCode >= 400 ? response.json().error.code : undefined,
    cookie: String(response.headers['set-cookie'] ?? '').split(';')[0] ?? '',
  };
}

/** Sends what waits and gives back the mails to one address. */
async function mailsTo(email: string): Promise<ReceivedMail[]> {
  const { smtp } = world.platform;
  assert.ok(smtp);
  const transport = openMailTransport(smtp);
  await deliverMails(world.platform, transport);
  transport.close();
  return mails.received.filter(mail => mail.to.includes(email));
}

async function tokenTo(email: string): Promise<string> {
  return (await mailsTo(email)).at(-1)?.link?.split('#')[1] ?? '';
}

const admin = () => world.signIn(world.alpha.users.admin);

async function invite(email: string, role = 'operator', host?: string) {
  return send('POST', '/api/tenants/alpha/invitations', {
    cookie: await admin(),
    payload: { email, role },
    ...(host ? { host } : {}),
  });
}

test('an invitation makes an account, once, and signs it in', async () => {
  const email = 'ada@alpha.test';
  const made = await invite('Ada@Alpha.test');
  assert.equal(made.status, 201);
  assert.equal(made.json.link, null, 'the link goes by mail alone');
  const [mail] = await mailsTo(email);
  assert.match(mail?.link ?? '', /^https:\/\/glacis\.test\/invitation#[\w-]{43}$/);
  const token = await tokenTo(email);
  const { rows } = await world.platform.database.query('select * from control.invitation');
  assert.ok(!JSON.stringify(rows).includes(token));
  const look = await send('POST', '/api/invitations/look', { payload: { token } });
  assert.deepEqual(look.json, {
    tenant: 'The alpha company',
    email,
    role: 'operator',
    hasAccount: false,
  });
  const bare = await send('POST', '/api/invitations/accept', { payload: { token } });
  assert.equal(bare.status, 400);
  const payload = { token, name: 'Ada', password: PASSWORD };
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => send('POST', '/api/invitations/accept', { payload })),
  );
  const won = answers.filter(answer => answer.status === 200);
  assert.equal(won.length, 1);
  const session = await send('GET', '/api/session', { cookie: won[0]?.cookie ?? '' });
  assert.equal(session.json.user.email, email);
  assert.deepEqual(
    session.json.tenants.map((tenant: { slug: string; role: string }) => [tenant.slug, tenant.role]),
    [['alpha', 'operator']],
  );
  assert.equal((await send('POST', '/api/invitations/look', { payload: { token } })).code, 'link.invalid');
});

test('a link does not stand in for the password of an account that exists', async () => {
  const email = 'observer@beta.test';
  await invite(email, 'observer');
  const token = await tokenTo(email);
  const accept = (cookie?: string) =>
    send('POST', '/api/invitations/accept', {
      payload: { token, name: 'X', password: PASSWORD },
      ...(cookie ? { cookie } : {}),
    });
  assert.equal((await accept()).code, 'auth.sign-in-required');
  assert.equal((await accept(await world.signIn(world.beta.users.admin))).code, 'auth.sign-in-required');
  const own = await world.signIn(world.beta.users.observer);
  const accepted = await accept(own);
  assert.deepEqual(accepted.json, { slug: 'alpha' });
  const { json } = await send('GET', '/api/session', { cookie: own });
  assert.deepEqual(json.tenants.map((tenant: { slug: string }) => tenant.slug).sort(), ['alpha', 'beta']);
});

test('withdrawn, renewed and expired links do nothing', async () => {
  const email = 'late@alpha.test';
  const { json } = await invite(email);
  const first = await tokenTo(email);
  const cookie = await admin();
  const path = `/api/tenants/alpha/invitations/${json.invitation.id}`;
  const renewed = await send('POST', `${path}/renew`, { cookie });
  const second = await tokenTo(email);
  assert.notEqual(first, second);
  const look = async (token: string) =>
    (await send('POST', '/api/invitations/look', { payload: { token } })).status;
  assert.equal(await look(first), 404);
  assert.equal(await look(second), 200);
  const { database } = world.platform;
  await database.query(`update control.invitation set expires_at = now() - interval '1 s' where email = $1`, [
    email,
  ]);
  assert.equal(await look(second), 404);
  const list = await send('GET', '/api/tenants/alpha/members', { cookie });
  assert.equal(list.json.invitations.find((one: { email: string }) => one.email === email).isExpired, true);
  const id = renewed.json.invitation.id;
  assert.equal((await send('DELETE', `/api/tenants/alpha/invitations/${id}`, { cookie })).status, 204);
  assert.equal((await send('DELETE', `/api/tenants/alpha/invitations/${id}`, { cookie })).status, 404);
});

test('the last admin stays, also when two go at the same time', async () => {
  const cookie = await world.signIn(world.beta.users.admin);
  const alone = `/api/tenants/beta/members/${world.beta.users.admin}`;
  assert.equal((await send('DELETE', alone, { cookie })).code, 'member.last-admin');
  assert.equal(
    (await send('PATCH', alone, { cookie, payload: { role: 'observer' } })).code,
    'member.last-admin',
  );
  assert.equal((await send('POST', '/api/tenants/beta/leave', { cookie })).code, 'member.last-admin');
  for (let round = 0; round < 5; round += 1) {
    const second = await world.freshMember(world.beta, 'admin');
    const other = await world.signIn(second);
    const answers = await Promise.all([
      send('POST', '/api/tenants/beta/leave', { cookie }),
      send('PATCH', `/api/tenants/beta/members/${second}`, { cookie: other, payload: { role: 'observer' } }),
    ]);
    const { rows } = await world.platform.database.query(
      `select count(*)::int as n from control.membership where tenant_id = $1 and role = 'admin'`,
      [world.beta.tenant],
    );
    assert.equal(rows[0]?.['n'], 1, JSON.stringify(answers));
    await world.platform.database.query(
      `insert into control.membership (user_id, tenant_id, role) values ($1, $2, 'admin')
       on conflict (user_id, tenant_id) do update set role = 'admin'`,
      [world.beta.users.admin, world.beta.tenant],
    );
    await world.platform.database.query(
      'delete from control.membership where tenant_id = $1 and user_id = $2',
      [world.beta.tenant, second],
    );
  }
});

test('a removed member is out at once and the others stay', async () => {
  const member = await world.freshMember(world.alpha, 'operator');
  const theirs = await world.signIn(member);
  const read = () => send('GET', '/api/tenants/alpha/assets', { cookie: theirs });
  assert.equal((await read()).status, 200);
  const removed = await send('DELETE', `/api/tenants/alpha/members/${member}`, { cookie: await admin() });
  assert.equal(removed.status, 204);
  assert.equal((await read()).status, 404);
});

test('a full plan says so before an invitation is sent, and when two accept the last place one gets it', async () => {
  const { database } = world.platform;
  const plan = newId();
  await database.query(`insert into control.plan (id, name, max_users) values ($1, 'Tiny', 5)`, [plan]);
  await database.query('update control.tenant set plan_id = $1 where id = $2', [plan, world.beta.tenant]);
  const cookie = await world.signIn(world.beta.users.admin);
  const { json } = await send('GET', '/api/tenants/beta/members', { cookie });
  assert.equal(json.limit, 5);
  for (let count: number = json.items.length; count < 4; count += 1) await world.freshMember(world.beta);
  const ask = (email: string) =>
    send('POST', '/api/tenants/beta/invitations', { cookie, payload: { email, role: 'observer' } });
  const invited = await Promise.all([ask('one@beta.test'), ask('two@beta.test')]);
  assert.deepEqual(invited.map(answer => answer.status).sort(), [201, 409]);
  const refused = invited.find(answer => answer.status === 409);
  assert.equal(refused?.code, 'plan.limit-reached');
  assert.match(refused?.json.error.message, /“Tiny” allows 5 members, and 4 are here and 1 are invited/);
  await database.query('update control.plan set max_users = 6 where id = $1', [plan]);
  assert.equal((await ask('three@beta.test')).status, 201);
  await database.query('update control.plan set max_users = 5 where id = $1', [plan]);
  const emails = ['one@beta.test', 'two@beta.test', 'three@beta.test'];
  await mailsTo('nobody');
  const tokens = (await Promise.all(emails.map(tokenTo))).filter(token => token !== '');
  assert.equal(tokens.length, 2);
  const accepted = await Promise.all(
    tokens.map(token =>
      send('POST', '/api/invitations/accept', { payload: { token, name: 'N', password: PASSWORD } }),
    ),
  );
  assert.deepEqual(accepted.map(answer => answer.status).sort(), [200, 409]);
  await database.query('update control.tenant set plan_id = null where id = $1', [world.beta.tenant]);
});

test('domains and scans are counted by the plan, one by one', async () => {
  const { database } = world.platform;
  const plan = newId();
  await database.query(
    `insert into control.plan (id, name, max_domains, max_scans_per_day) values ($1, 'Small', 3, 2)`,
    [plan],
  );
  await database.query('update control.tenant set plan_id = $1 where id = $2', [plan, world.alpha.tenant]);
  await database.query('delete from control.plan_use');
  const cookie = await world.signIn(world.alpha.users.operator);
  const add = (name: string) =>
    send('POST', '/api/tenants/alpha/targets', { cookie, payload: { domain: `${name}.alpha-corp.test` } });
  const added = await Promise.all(['a', 'b', 'c', 'd'].map(add));
  assert.deepEqual(added.map(answer => answer.status).sort(), [201, 201, 409, 409]);
  assert.match(
    added.find(answer => answer.status === 409)?.json.error.message,
    /“Small” allows 3 domains, and 3 are there/,
  );
  const scan = (targetId: string) =>
    send('POST', '/api/tenants/alpha/scans', { cookie, payload: { targetId } });
  const own = added.flatMap(answer => (answer.status === 201 ? [answer.json.id] : []));
  const started = await Promise.all([...own, world.alpha.ids.targets].map(scan));
  assert.deepEqual(started.map(answer => answer.status).sort(), [201, 201, 409]);
  assert.match(
    started.find(answer => answer.status === 409)?.json.error.message,
    /“Small” allows 2 scans a day, and 2 were started today/,
  );
  const { json: running } = await send('GET', '/api/tenants/alpha/scans', { cookie });
  for (const one of running.items)
    await send('POST', `/api/tenants/alpha/scans/${one.id}/cancel`, { cookie });
  assert.equal((await send('DELETE', `/api/tenants/alpha/targets/${own[0]}`, { cookie })).status, 204);
  assert.equal(
    (await scan(world.alpha.ids.targets)).code,
    'plan.limit-reached',
    'removing gives nothing back',
  );
  await database.query('update control.tenant set plan_id = null where id = $1', [world.alpha.tenant]);
});

test('links in mails never come from the Host header', async () => {
  await invite('hosted@alpha.test', 'observer', EVIL);
  await send('POST', '/api/password-reset', { payload: { email: 'ada@alpha.test' }, host: EVIL });
  await send('POST', '/api/session/email', {
    cookie: await world.signIn(await world.freshMember(world.alpha)),
    payload: { email: 'moved@alpha.test' },
    host: EVIL,
  });
  await mailsTo('nobody');
  assert.ok(mails.received.length > 5);
  for (const mail of mails.received) {
    assert.ok(!mail.raw.includes(EVIL), mail.subject);
    if (mail.link) assert.match(mail.link, /^https:\/\/glacis\.test\//);
  }
});

test('a password is set anew by mail; sessions end, and strangers learn nothing', async () => {
  const email = 'grace@alpha.test';
  await invite(email);
  const accepted = await send('POST', '/api/invitations/accept', {
    payload: { token: await tokenTo(email), name: 'Grace', password: PASSWORD },
  });
  const known = await send('POST', '/api/password-reset', { payload: { email } });
  const unknown = await send('POST', '/api/password-reset', { payload: { email: 'nobody@alpha.test' } });
  assert.deepEqual({ ...known }, { ...unknown });
  assert.equal((await mailsTo('nobody@alpha.test')).length, 0);
  const token = await tokenTo(email);
  const payload = { token, password: 'a new long password' };
  const complete = () => send('POST', '/api/password-reset/complete', { payload });
  const answers = await Promise.all([complete(), complete()]);
  assert.deepEqual(answers.map(answer => answer.status).sort(), [204, 404]);
  assert.equal((await send('GET', '/api/session', { cookie: accepted.cookie })).status, 401);
  const signIn = (password: string) => send('POST', '/api/session', { payload: { email, password } });
  assert.equal((await signIn(PASSWORD)).status, 401);
  assert.equal((await signIn('a new long password')).status, 200);
  assert.equal((await mailsTo(email)).at(-1)?.subject, 'Your password was changed');
});

test('asking for passwords is throttled alike for known and unknown addresses', async () => {
  for (const email of ['admin@alpha.test', 'unknown@alpha.test']) {
    const statuses = [];
    for (let count = 0; count < 7; count += 1)
      statuses.push(
        (await send('POST', '/api/password-reset', { payload: { email }, address: '192.0.2.77' })).status,
      );
    assert.deepEqual(statuses, [204, 204, 204, 204, 204, 429, 429], email);
  }
});

test('an address changes when both have agreed, and not to one that is taken', async () => {
  const email = 'old@alpha.test';
  await invite(email);
  const { cookie } = await send('POST', '/api/invitations/accept', {
    payload: { token: await tokenTo(email), name: 'Old', password: PASSWORD },
  });
  const change = (to: string, password = PASSWORD) =>
    send('POST', '/api/session/email', { cookie, payload: { email: to, password } });
  assert.equal((await change('new@alpha.test', 'wrong')).code, 'auth.wrong-credentials');
  assert.equal((await change('new@alpha.test')).status, 204);
  const confirm = (token: string) => send('POST', '/api/email-change/confirm', { payload: { token } });
  const [fromOld, fromNew] = [await tokenTo(email), await tokenTo('new@alpha.test')];
  assert.deepEqual((await confirm(fromNew)).json, { state: 'waiting' });
  assert.deepEqual((await confirm(fromNew)).json, { state: 'waiting' }, 'one link is no two');
  assert.equal((await send('GET', '/api/session', { cookie })).json.user.email, email);
  assert.deepEqual((await confirm(fromOld)).json, { state: 'done' });
  assert.equal((await send('GET', '/api/session', { cookie })).json.user.email, 'new@alpha.test');
  assert.equal((await confirm(fromOld)).code, 'link.invalid');
  assert.equal((await change('admin@beta.test')).status, 204, 'the asker does not learn that it is taken');
  const [taken] = await mailsTo('admin@beta.test');
  assert.equal(taken?.subject, 'This address has an account already');
  assert.equal(taken.link, undefined);
});
