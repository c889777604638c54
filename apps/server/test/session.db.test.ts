import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { routes, startSession, type Route } from '@glacis/domain';
import { sql } from '@glacis/db';
import { newId, sha256 } from '@glacis/foundation';
import { createHttpServer } from '../src/http.ts';
import { createWorld, type World } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

const PASSWORD = 'correct horse battery';

function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, cookie: string, payload?: object) {
  return world.server.inject({ method, url, headers: { cookie }, ...(payload ? { payload } : {}) });
}

function cookieOf(response: Awaited<ReturnType<typeof call>>): string {
  return String(response.headers['set-cookie']).split(';')[0] ?? '';
}

async function newPerson(): Promise<{ id: string; email: string }> {
  const id = newId();
  const email = `${id}@alpha.test`;
  await world.platform.database.control
    .insertInto('control.user_account')
    .values({ id, email, password_hash: null })
    .execute();
  return { id, email };
}

/** Moves times of a session into the past. */
async function age(cookie: string, column: 'last_seen_at' | 'authenticated_at', minutes: number) {
  await sql`update control.session set ${sql.ref(column)} = now() - make_interval(mins => ${minutes}::int)
    where id_hash = ${sha256(cookie.split('=')[1] ?? '')}`.execute(world.platform.database.control);
}

async function lastSeen(cookie: string): Promise<number> {
  const row = await world.platform.database.control
    .selectFrom('control.session')
    .select('last_seen_at')
    .where('id_hash', '=', sha256(cookie.split('=')[1] ?? ''))
    .executeTakeFirstOrThrow();
  return row.last_seen_at.getTime();
}

test('one’s own sessions are listed with their origin, and one or all others can be ended', async () => {
  const { id } = await newPerson();
  const [first, second, third] = [await world.signIn(id), await world.signIn(id), await world.signIn(id)];
  const { items } = (await call('GET', '/api/sessions', first)).json();
  assert.equal(items.length, 3);
  assert.deepEqual(items.filter((entry: { isCurrent: boolean }) => entry.isCurrent).length, 1);
  assert.deepEqual(items[0].methods, ['link']);
  assert.equal(items[0].address, '127.0.0.1');
  const secondId = (await call('GET', '/api/sessions', second))
    .json()
    .items.find((entry: { isCurrent: boolean }) => entry.isCurrent).id;
  assert.equal((await call('DELETE', `/api/sessions/${secondId}`, first)).statusCode, 204);
  assert.equal((await call('GET', '/api/session', second)).statusCode, 401);
  assert.equal((await call('DELETE', `/api/sessions/${secondId}`, first)).statusCode, 404);
  assert.equal((await call('DELETE', '/api/sessions', first)).statusCode, 204);
  assert.equal((await call('GET', '/api/session', third)).statusCode, 401);
  assert.equal((await call('GET', '/api/session', first)).statusCode, 200);
});

test('ending the session one is in signs out', async () => {
  const { id } = await newPerson();
  const cookie = await world.signIn(id);
  const [entry] = (await call('GET', '/api/sessions', cookie)).json().items;
  const ended = await call('DELETE', `/api/sessions/${entry.id}`, cookie);
  assert.match(String(ended.headers['set-cookie']), /Max-Age=0/);
  assert.equal((await call('GET', '/api/session', cookie)).statusCode, 401);
});

test('a session that was not used for days is none, and is removed at the next sign-in', async () => {
  const { id } = await newPerson();
  const cookie = await world.signIn(id);
  await age(cookie, 'last_seen_at', 3 * 24 * 60 - 5);
  assert.equal((await call('GET', '/api/session', cookie)).statusCode, 200);
  await age(cookie, 'last_seen_at', 3 * 24 * 60 + 5);
  assert.equal((await call('GET', '/api/session', cookie)).statusCode, 401);
  const next = await world.signIn(id);
  const rows = await world.platform.database.control
    .selectFrom('control.session')
    .select('id')
    .where('user_id', '=', id)
    .execute();
  assert.equal(rows.length, 1);
  assert.equal((await call('GET', '/api/sessions', next)).json().items.length, 1);
});

test('the time of the last request is written at most once a minute', async () => {
  const cookie = await world.signIn((await newPerson()).id);
  const atFirst = await lastSeen(cookie);
  await call('GET', '/api/session', cookie);
  assert.equal(await lastSeen(cookie), atFirst);
  await age(cookie, 'last_seen_at', 2);
  const longAgo = await lastSeen(cookie);
  await call('GET', '/api/session', cookie);
  assert.ok((await lastSeen(cookie)) > longAgo);
});

test('signing in over a session that somebody else had ends that one', async () => {
  const attacker = await world.signIn((await newPerson()).id);
  const victim = await newPerson();
  const secret = await startSession(
    world.platform.database,
    { userId: victim.id, methods: ['password'] },
    { address: '127.0.0.1', userAgent: 'x'.repeat(5000) },
  );
  const own = `glacis_session=${secret}`;
  await call('PUT', '/api/session/password', own, { password: PASSWORD });
  const signedIn = await call('POST', '/api/session', attacker, { email: victim.email, password: PASSWORD });
  assert.equal(signedIn.statusCode, 200);
  assert.notEqual(cookieOf(signedIn), attacker);
  assert.equal((await call('GET', '/api/session', attacker)).statusCode, 401);
});

test('a dangerous act needs a fresh sign-in; the password gives it, under a new secret', async () => {
  const dangerous = {
    method: 'POST',
    url: '/api/dangerous',
    access: 'signed-in',
    isDangerous: true,
    summary: '',
    answer: 'none',
    handle: async () => {},
  } satisfies Route;
  const server = createHttpServer(world.platform, [...routes, dangerous]);
  const act = (cookie: string) =>
    server.inject({ method: 'POST', url: '/api/dangerous', headers: { cookie } });
  const { id } = await newPerson();
  const old = await world.signIn(id);
  assert.equal((await act(old)).statusCode, 204);
  await age(old, 'authenticated_at', 11);
  const refused = await act(old);
  assert.equal(refused.statusCode, 403);
  assert.equal(refused.json().error.code, 'auth.reauthentication-required');
  const confirm = (cookie: string, password: string) =>
    call('POST', '/api/session/reauthentication', cookie, { password });
  assert.equal((await confirm(old, PASSWORD)).json().error.code, 'auth.wrong-credentials');
  const withPassword = cookieOf(await call('PUT', '/api/session/password', old, { password: PASSWORD }));
  assert.equal((await act(withPassword)).statusCode, 403, 'setting a password is no sign-in');
  assert.equal((await confirm(withPassword, 'wrong')).statusCode, 401);
  const confirmed = await confirm(withPassword, PASSWORD);
  assert.equal(confirmed.statusCode, 204);
  assert.equal((await act(withPassword)).statusCode, 401, 'the old secret is worth nothing');
  assert.equal((await act(cookieOf(confirmed))).statusCode, 204);
  const [entry] = (await call('GET', '/api/sessions', cookieOf(confirmed))).json().items;
  assert.deepEqual(entry.methods.sort(), ['link', 'password']);
  await server.close();
});

test('a password that everybody knows is refused', async () => {
  const cookie = await world.signIn((await newPerson()).id);
  for (const password of ['password123456', 'administrator!', 'qwertyuiop!!1']) {
    const answer = await call('PUT', '/api/session/password', cookie, { password });
    assert.equal(answer.statusCode, 400, password);
    assert.equal(answer.json().error.code, 'auth.password-breached');
    assert.ok(answer.json().error.fields.password);
  }
});

test('a bearer token is never mixed with a cookie, and other schemes are passed over', async () => {
  const cookie = await world.signIn(world.alpha.users.admin);
  const get = (authorization: string) =>
    world.server.inject({ url: '/api/session', headers: { cookie, authorization } });
  for (const value of [
    'Bearer nonsense',
    'bearer',
    'Bearer ',
    'BEARER \t x',
    `Bearer ${'x'.repeat(10_000)}`,
  ]) {
    const answer = await get(value);
    assert.equal(answer.statusCode, 401, value.slice(0, 20));
    assert.equal(answer.json().error.code, 'auth.token-invalid');
  }
  assert.equal((await get('Basic dXNlcjpwYXNz')).statusCode, 200);
});

test('headers that name a tenant, a host or another address change nothing', async () => {
  const cookie = await world.signIn(world.alpha.users.admin);
  const forged = {
    cookie,
    'x-tenant': 'beta',
    'x-tenant-id': world.beta.tenant,
    'x-forwarded-host': 'beta.glacis.test',
    'x-original-url': '/api/tenants/beta/targets',
    'x-http-method-override': 'DELETE',
    host: 'beta.glacis.test',
  };
  const own = await world.server.inject({ url: '/api/tenants/alpha/targets', headers: forged });
  assert.equal(own.statusCode, 200);
  assert.doesNotMatch(own.body, /beta/);
  const foreign = await world.server.inject({ url: '/api/tenants/beta/targets', headers: forged });
  assert.equal(foreign.statusCode, 404);
  const change = await world.server.inject({
    method: 'POST',
    url: '/api/tenants/alpha/targets',
    headers: { cookie, host: 'glacis.test', 'x-forwarded-host': 'evil.test', origin: 'https://evil.test' },
    payload: { domain: 'host.test' },
  });
  assert.equal(change.json().error.code, 'auth.origin-refused');
});
