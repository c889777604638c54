import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSignInLink } from '@glacis/domain';
import { newId, sha256 } from '@glacis/foundation';
import { createWorld, type World } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

const PASSWORD = 'correct horse battery';

function post(payload: object, options: { cookie?: string; address?: string; origin?: string } = {}) {
  return world.server.inject({
    method: 'POST',
    url: '/api/session',
    remoteAddress: options.address ?? '192.0.2.1',
    headers: {
      host: 'glacis.test',
      ...(options.cookie ? { cookie: options.cookie } : {}),
      ...(options.origin ? { origin: options.origin } : {}),
    },
    payload,
  });
}

function cookieOf(response: Awaited<ReturnType<typeof post>>): string {
  return String(response.headers['set-cookie']).split(';')[0] ?? '';
}

function who(cookie: string) {
  return world.server.inject({ method: 'GET', url: '/api/session', headers: { cookie } });
}

async function newUser(): Promise<{ id: string; email: string }> {
  const id = newId();
  const email = `${id}@alpha.test`;
  await world.platform.database.control
    .insertInto('control.user_account')
    .values({ id, email, password_hash: null })
    .execute();
  return { id, email };
}

async function newUserWithPassword(): Promise<{ id: string; email: string; cookie: string }> {
  const user = await newUser();
  const cookie = await world.signIn(user.id);
  const set = await world.server.inject({
    method: 'PUT',
    url: '/api/session/password',
    headers: { cookie },
    payload: { password: PASSWORD },
  });
  assert.equal(set.statusCode, 204);
  return { ...user, cookie: cookieOf(set) };
}

test('a link signs in once', async () => {
  const user = await newUser();
  const link = await createSignInLink(world.platform.database, user.id);
  const first = await post({ link });
  assert.equal(first.statusCode, 200);
  assert.equal(first.json().user.id, user.id);
  assert.match(String(first.headers['set-cookie']), /HttpOnly; SameSite=Strict/);
  const second = await post({ link });
  assert.equal(second.statusCode, 401);
  assert.equal(second.json().error.code, 'auth.link-invalid');
  assert.equal(second.headers['set-cookie'], undefined);
});

test('of many uses of a link at the same time one wins', async () => {
  const user = await newUser();
  const link = await createSignInLink(world.platform.database, user.id);
  const answers = await Promise.all(Array.from({ length: 8 }, () => post({ link })));
  assert.equal(answers.filter(answer => answer.statusCode === 200).length, 1);
});

test('a link that has expired does not sign in', async () => {
  const user = await newUser();
  const link = await createSignInLink(world.platform.database, user.id);
  await world.platform.database.control
    .updateTable('control.sign_in_link')
    .set({ expires_at: new Date(Date.now() - 1000) })
    .where('token_hash', '=', sha256(link))
    .execute();
  assert.equal((await post({ link })).statusCode, 401);
});

test('neither links nor sessions nor passwords are stored in the clear', async () => {
  const { email, cookie } = await newUserWithPassword();
  const link = await createSignInLink(world.platform.database, world.alpha.users.admin);
  const secret = cookie.split('=')[1] ?? '';
  for (const table of ['session', 'sign_in_link', 'user_account']) {
    const { rows } = await world.platform.database.query(`select * from control.${table}`);
    const text = JSON.stringify(rows);
    for (const clear of [PASSWORD, link, secret]) assert.ok(!text.includes(clear), table);
  }
  assert.equal((await post({ email, password: PASSWORD })).statusCode, 200);
});

test('a password signs in, whatever the case of the address', async () => {
  const { email } = await newUserWithPassword();
  assert.equal((await post({ email: email.toUpperCase(), password: PASSWORD })).statusCode, 200);
  const wrong = await post({ email, password: `${PASSWORD}.` });
  assert.equal(wrong.statusCode, 401);
  const unknown = await post({ email: 'nobody@alpha.test', password: PASSWORD }, { address: '192.0.2.2' });
  assert.deepEqual(
    { ...unknown.json().error, requestId: '' },
    { ...wrong.json().error, requestId: '' },
    'an unknown account looks like a wrong password',
  );
});

test('guessing is throttled for the guesser and nobody else', async () => {
  const { email } = await newUserWithPassword();
  const guesser = { address: '198.51.100.7' };
  let last = await post({ email, password: 'guess' }, guesser);
  for (let guess = 0; guess < 8 && last.statusCode === 401; guess += 1)
    last = await post({ email, password: 'guess' }, guesser);
  assert.equal(last.statusCode, 429);
  assert.match(String(last.headers['retry-after']), /^\d+$/);
  assert.equal((await post({ email, password: PASSWORD }, guesser)).statusCode, 429);
  assert.equal((await post({ email, password: PASSWORD }, { address: '198.51.100.8' })).statusCode, 200);
});

test('guesses at the same time are counted one by one', async () => {
  const { email } = await newUserWithPassword();
  const address = '198.51.100.20';
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => post({ email, password: 'guess' }, { address })),
  );
  const tried = answers.filter(answer => answer.statusCode === 401).length;
  assert.ok(tried <= 6, `${tried} guesses were tried`);
});

test('signing in to an account of one’s own does not win new guesses at others', async () => {
  const own = await newUserWithPassword();
  const address = '198.51.100.30';
  const { control } = world.platform.database;
  for (let account = 0; account < 3; account += 1)
    await post({ email: `victim${account}@alpha.test`, password: 'guess' }, { address });
  const failures = async () =>
    (
      await control
        .selectFrom('control.sign_in_failure')
        .select('failures')
        .where('subject', '=', address)
        .executeTakeFirst()
    )?.failures;
  assert.equal(await failures(), 3);
  assert.equal((await post({ email: own.email, password: PASSWORD }, { address })).statusCode, 200);
  assert.equal(await failures(), 3);
});

test('the present password cannot be guessed with a stolen session', async () => {
  const { cookie } = await newUserWithPassword();
  const guess = (current: string) =>
    world.server.inject({
      method: 'PUT',
      url: '/api/session/password',
      headers: { cookie },
      remoteAddress: '198.51.100.40',
      payload: { current, password: 'another long password' },
    });
  let last = await guess('guess');
  assert.equal(last.statusCode, 401);
  for (let count = 0; count < 8 && last.statusCode === 401; count += 1) last = await guess('guess');
  assert.equal(last.statusCode, 429);
  assert.equal((await guess(PASSWORD)).statusCode, 429);
});

test('a planted session is not raised by signing in', async () => {
  const planted = await world.signIn(world.beta.users.observer);
  const user = await newUser();
  const link = await createSignInLink(world.platform.database, user.id);
  const answer = await post({ link }, { cookie: planted });
  assert.notEqual(cookieOf(answer), planted);
  assert.equal((await who(planted)).statusCode, 401);
  const invented = `glacis_session=${'x'.repeat(43)}`;
  const other = await createSignInLink(world.platform.database, user.id);
  assert.notEqual(cookieOf(await post({ link: other }, { cookie: invented })), invented);
  assert.equal((await who(invented)).statusCode, 401);
});

test('signing out ends the session on the server', async () => {
  const cookie = await world.signIn(world.alpha.users.admin);
  const out = await world.server.inject({ method: 'DELETE', url: '/api/session', headers: { cookie } });
  assert.equal(out.statusCode, 204);
  assert.match(String(out.headers['set-cookie']), /Max-Age=0/);
  assert.equal((await who(cookie)).statusCode, 401);
});

test('an expired session is none', async () => {
  const cookie = await world.signIn(world.alpha.users.admin);
  await world.platform.database.control
    .updateTable('control.session')
    .set({ expires_at: new Date(Date.now() - 1) })
    .where('id_hash', '=', sha256(cookie.split('=')[1] ?? ''))
    .execute();
  assert.equal((await who(cookie)).statusCode, 401);
});

test('a new password ends all other sessions and open links, and needs the present one', async () => {
  const { id, email, cookie } = await newUserWithPassword();
  const other = await world.signIn(id);
  const link = await createSignInLink(world.platform.database, id);
  const change = (payload: object) =>
    world.server.inject({ method: 'PUT', url: '/api/session/password', headers: { cookie }, payload });
  const wrong = await change({ current: 'wrong', password: 'another long password' });
  assert.equal(wrong.statusCode, 401);
  assert.ok(wrong.json().error.fields.current);
  assert.equal((await change({ password: 'another long password' })).statusCode, 401);
  assert.equal((await who(other)).statusCode, 200);
  assert.equal((await change({ current: PASSWORD, password: 'short' })).statusCode, 400);
  const changed = await change({ current: PASSWORD, password: 'another long password' });
  assert.equal(changed.statusCode, 204);
  assert.equal((await who(cookieOf(changed))).statusCode, 200);
  assert.equal((await who(cookie)).statusCode, 401, 'the session goes on under another secret');
  assert.equal((await who(other)).statusCode, 401);
  assert.equal((await post({ link })).statusCode, 401);
  assert.equal((await post({ email, password: PASSWORD })).statusCode, 401);
  assert.equal((await post({ email, password: 'another long password' })).statusCode, 200);
});

test('a changing request from another origin is refused before anything happens', async () => {
  const user = await newUser();
  const link = await createSignInLink(world.platform.database, user.id);
  for (const origin of [
    'https://evil.test',
    'null',
    'http://glacis.test:8080',
    'http://glacis.test.evil.test',
  ]) {
    const answer = await post({ link }, { origin });
    assert.equal(answer.statusCode, 403, origin);
    assert.equal(answer.json().error.code, 'auth.origin-refused');
  }
  assert.equal((await post({ link }, { origin: 'http://glacis.test' })).statusCode, 200);
});

test('a request that a browser calls cross-site is refused although it names no origin', async () => {
  const cookie = await world.signIn(world.alpha.users.admin);
  const answer = await world.server.inject({
    method: 'POST',
    url: `/api/tenants/alpha/targets/${world.alpha.ids.targets}/verify`,
    headers: { cookie, 'sec-fetch-site': 'cross-site' },
  });
  assert.equal(answer.statusCode, 403);
});
