import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createSignInLink, removeFactors } from '@glacis/domain';
import { sql } from '@glacis/db';
import { newId } from '@glacis/foundation';
import { Secret, TOTP } from 'otpauth';
import { openJar, type Jar } from './browser-jar.ts';
import { createWorld, type World } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

const PASSWORD = 'correct horse battery';
const STEP_MS = 30_000;

interface Enrolled {
  readonly id: string;
  readonly email: string;
  readonly totp: TOTP;
  readonly codes: string[];
  readonly jar: Jar;
}

async function newPerson(): Promise<{ id: string; email: string; jar: Jar }> {
  const id = newId();
  const email = `${id}@alpha.test`;
  await world.platform.database.control
    .insertInto('control.user_account')
    .values({ id, email, password_hash: null })
    .execute();
  const jar = openJar(world, await world.signIn(id));
  assert.equal((await jar.send('PUT', '/api/session/password', { password: PASSWORD })).statusCode, 204);
  return { id, email, jar };
}

/** A person with an authenticator app, whose codes of the present steps are unused. */
async function newEnrolled(): Promise<Enrolled> {
  const person = await newPerson();
  const begun = await person.jar.send('POST', '/api/session/totp');
  assert.equal(begun.statusCode, 201);
  assert.match(begun.json().qrSvg, /^<svg/);
  const totp = new TOTP({ secret: Secret.fromBase32(begun.json().secret) });
  const confirmed = await person.jar.send('POST', '/api/session/totp/confirm', { code: totp.generate() });
  assert.equal(confirmed.statusCode, 200, confirmed.body);
  await sql`update control.totp set last_step = 0 where user_id = ${person.id}`.execute(
    world.platform.database.control,
  );
  return { ...person, totp, codes: confirmed.json().recoveryCodes };
}

/** Gives the password in a browser of its own. */
async function firstStep(person: { email: string }): Promise<Jar> {
  const jar = openJar(world);
  const answer = await jar.send('POST', '/api/session', { email: person.email, password: PASSWORD });
  assert.equal(answer.statusCode, 200, answer.body);
  return jar;
}

const secondStep = (jar: Jar, code: string) => jar.send('POST', '/api/session/second-factor', { code });

test('a secret counts for nothing until a code of it was given', async () => {
  const { jar, email } = await newPerson();
  const begun = await jar.send('POST', '/api/session/totp');
  assert.match(begun.json().uri, /^otpauth:\/\/totp\/Glacis:/);
  assert.equal((await jar.send('POST', '/api/session/totp/confirm', { code: '000000' })).statusCode, 401);
  const signedIn = await openJar(world).send('POST', '/api/session', { email, password: PASSWORD });
  assert.equal(signedIn.json().user.email, email, 'no second factor is asked for');
  const { secret } = (await jar.send('POST', '/api/session/totp')).json();
  assert.notEqual(secret, begun.json().secret);
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  const confirmed = await jar.send('POST', '/api/session/totp/confirm', { code });
  assert.equal(confirmed.json().recoveryCodes.length, 10);
  assert.equal((await jar.send('POST', '/api/session/totp')).json().error.code, 'factor.exists');
  const factors = (await jar.send('GET', '/api/session/factors')).json();
  assert.equal(factors.recoveryCodesLeft, 10);
  assert.ok(factors.totp.since);
});

test('what is stored of secret and codes gives neither away', async () => {
  const { id, codes, totp } = await newEnrolled();
  const { rows } = await sql<{
    text: string;
  }>`select t::text as text from control.totp t where user_id = ${id}
    union all select r::text from control.recovery_code r where user_id = ${id}`.execute(
    world.platform.database.control,
  );
  const stored = rows.map(row => row.text).join('\n');
  for (const secret of [
    ...codes,
    ...codes.map(code => code.replaceAll('-', '')),
    totp.secret.base32,
    totp.secret.hex,
  ])
    assert.ok(!stored.includes(secret));
});

test('the password alone is no session, whatever is done with its state', async () => {
  const person = await newEnrolled();
  const jar = openJar(world);
  const answer = await jar.send('POST', '/api/session', { email: person.email, password: PASSWORD });
  assert.deepEqual(answer.json(), { secondFactor: ['totp', 'recovery-code'] });
  assert.equal(jar.cookies.has('glacis_session'), false);
  const state = jar.cookies.get('glacis_second-factor') ?? '';
  assert.match([answer.headers['set-cookie']].flat().join(), /HttpOnly; SameSite=Strict; Max-Age=600/);
  for (const url of ['/api/session', '/api/session/factors', '/api/tenants/alpha/assets']) {
    assert.equal((await jar.send('GET', url)).statusCode, 401, url);
    const asSession = openJar(world, `glacis_session=${state}`);
    assert.equal((await asSession.send('GET', url)).statusCode, 401, url);
  }
  const done = await secondStep(jar, person.totp.generate());
  assert.equal(done.json().user.email, person.email);
  assert.equal(jar.cookies.has('glacis_second-factor'), false);
  const [entry] = (await jar.send('GET', '/api/sessions')).json().items;
  assert.deepEqual(entry.methods, ['password', 'totp']);
  const again = openJar(world);
  again.cookies.set('glacis_second-factor', state);
  assert.equal((await secondStep(again, person.totp.generate())).json().error.code, 'auth.flow-expired');
});

test('a link is a first step only', async () => {
  const person = await newEnrolled();
  const jar = openJar(world);
  const link = await createSignInLink(world.platform.database, person.id);
  const answer = await jar.send('POST', '/api/session', { link });
  assert.deepEqual(answer.json().secondFactor, ['totp', 'recovery-code']);
  assert.equal((await secondStep(jar, person.totp.generate())).statusCode, 200);
});

test('another browser cannot go on with the second step', async () => {
  const person = await newEnrolled();
  await firstStep(person);
  const code = person.totp.generate();
  assert.equal((await secondStep(openJar(world), code)).json().error.code, 'auth.flow-expired');
  const mine = await firstStep(await newEnrolled());
  assert.equal(
    (await secondStep(mine, code)).json().error.code,
    'auth.code-wrong',
    'a code of somebody else',
  );
});

test('a code counts once, also when it is given many times at once', async () => {
  const person = await newEnrolled();
  const code = person.totp.generate();
  const jars = await Promise.all(Array.from({ length: 4 }, () => firstStep(person)));
  const answers = await Promise.all(jars.map(jar => secondStep(jar, code)));
  assert.deepEqual(answers.map(answer => answer.statusCode).sort(), [200, 401, 401, 401]);
  assert.equal((await secondStep(await firstStep(person), code)).json().error.code, 'auth.code-wrong');
});

test('one state gives one session', async () => {
  const person = await newEnrolled();
  const jar = await firstStep(person);
  const answers = await Promise.all([
    secondStep(jar, person.codes[0] ?? ''),
    secondStep(jar, person.codes[1] ?? ''),
  ]);
  assert.deepEqual(answers.map(answer => answer.statusCode).sort(), [200, 401]);
});

test('clocks may be one step off, not two', async () => {
  const person = await newEnrolled();
  const tries = [
    [-2, 401],
    [2, 401],
    [-1, 200],
    [1, 200],
    [0, 401],
  ] as const;
  for (const [steps, status] of tries) {
    const code = person.totp.generate({ timestamp: Date.now() + steps * STEP_MS });
    const answer = await secondStep(await firstStep(person), code);
    assert.equal(answer.statusCode, status, `${steps} steps off`);
  }
});

test('a recovery code works once, in any spelling; new ones replace the old', async () => {
  const person = await newEnrolled();
  const [first = '', second = ''] = person.codes;
  const jar = await firstStep(person);
  assert.equal((await secondStep(jar, ` ${first.toUpperCase().replaceAll('-', ' ')} `)).statusCode, 200);
  const [entry] = (await jar.send('GET', '/api/sessions')).json().items;
  assert.deepEqual(entry.methods, ['password', 'recovery-code']);
  assert.equal((await secondStep(await firstStep(person), first)).statusCode, 401);
  assert.equal((await jar.send('GET', '/api/session/factors')).json().recoveryCodesLeft, 9);
  const { recoveryCodes } = (await jar.send('POST', '/api/session/recovery-codes')).json();
  assert.equal((await secondStep(await firstStep(person), second)).statusCode, 401);
  assert.equal((await secondStep(await firstStep(person), recoveryCodes[0])).statusCode, 200);
});

test('guessing ends with the state, then with a wait; recovery codes and other people go on', async () => {
  const person = await newEnrolled();
  const jar = await firstStep(person);
  const codes: string[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1)
    codes.push((await secondStep(jar, '000000')).json().error.code);
  assert.deepEqual(codes, [...Array<string>(5).fill('auth.code-wrong'), 'auth.flow-expired']);
  const next = await secondStep(await firstStep(person), '000000');
  assert.equal(next.json().error.code, 'auth.throttled');
  assert.ok(next.headers['retry-after']);
  const other = await newEnrolled();
  assert.equal((await secondStep(await firstStep(other), other.totp.generate())).statusCode, 200);
  const { rows } = await sql<{ subject: string }>`select subject from control.sign_in_failure
    where subject = ${person.email} or subject like ${`%${person.id}`}`.execute(
    world.platform.database.control,
  );
  assert.deepEqual(
    rows.map(row => row.subject),
    [`second-factor ${person.id}`],
  );
});

test('strangers who do not know the password count nothing against the second step', async () => {
  const person = await newEnrolled();
  for (let attempt = 0; attempt < 30; attempt += 1) await secondStep(openJar(world), '000000');
  assert.equal((await secondStep(await firstStep(person), person.totp.generate())).statusCode, 200);
});

test('a new password and ended sessions end the waiting sign-ins too', async () => {
  const person = await newEnrolled();
  const waiting = await firstStep(person);
  const change = { current: PASSWORD, password: 'another long password' };
  assert.equal((await person.jar.send('PUT', '/api/session/password', change)).statusCode, 204);
  const code = person.totp.generate();
  assert.equal((await secondStep(waiting, code)).json().error.code, 'auth.flow-expired');
  await person.jar.send('PUT', '/api/session/password', { current: change.password, password: PASSWORD });
  const again = await firstStep(person);
  assert.equal((await person.jar.send('DELETE', '/api/sessions')).statusCode, 204);
  assert.equal((await secondStep(again, code)).json().error.code, 'auth.flow-expired');
});

test('an expired state is none', async () => {
  const person = await newEnrolled();
  const jar = await firstStep(person);
  await sql`update control.sign_in_flow set expires_at = now() - interval '1 second'`.execute(
    world.platform.database.control,
  );
  assert.equal((await secondStep(jar, person.totp.generate())).json().error.code, 'auth.flow-expired');
});

test('removing a factor needs a fresh proof by password and code; the last one takes the codes along', async () => {
  const person = await newEnrolled();
  const { jar } = person;
  await sql`update control.session set authenticated_at = now() - interval '11 minutes'
    where user_id = ${person.id}`.execute(world.platform.database.control);
  for (const [method, url] of [
    ['DELETE', '/api/session/totp'],
    ['POST', '/api/session/recovery-codes'],
    ['POST', '/api/session/passkeys/options'],
  ] as const)
    assert.equal((await jar.send(method, url)).json().error.code, 'auth.reauthentication-required', url);
  const confirm = (payload: object) => jar.send('POST', '/api/session/reauthentication', payload);
  const without = await confirm({ password: PASSWORD });
  assert.equal(without.json().error.code, 'auth.second-factor-required');
  assert.equal((await jar.send('DELETE', '/api/session/totp')).statusCode, 403);
  assert.equal((await confirm({ password: PASSWORD, code: '000000' })).json().error.code, 'auth.code-wrong');
  assert.equal((await confirm({ password: PASSWORD, code: person.totp.generate() })).statusCode, 204);
  assert.equal((await jar.send('DELETE', '/api/session/totp')).statusCode, 204);
  assert.equal((await jar.send('GET', '/api/session/factors')).json().recoveryCodesLeft, 0);
  const signedIn = await openJar(world).send('POST', '/api/session', {
    email: person.email,
    password: PASSWORD,
  });
  assert.equal(signedIn.json().user.id, person.id);
});

test('who has lost everything gets help on the machine', async () => {
  const person = await newEnrolled();
  assert.equal(await removeFactors(world.platform, person.id), true);
  assert.equal(await removeFactors(world.platform, person.id), false);
  const signedIn = await openJar(world).send('POST', '/api/session', {
    email: person.email,
    password: PASSWORD,
  });
  assert.equal(signedIn.json().user.id, person.id);
});

test('the audit log has both steps and every wrong code, and no code', async () => {
  const person = await newEnrolled();
  const jar = await firstStep(person);
  await secondStep(jar, '000000');
  await secondStep(jar, person.codes[0] ?? '');
  await world.platform.audit.flush();
  const { rows } = await sql<{ body: string }>`select body from control.audit_record
    where body like ${`%${person.id}%`} order by seq`.execute(world.platform.database.control);
  const text = rows.map(row => row.body).join('\n');
  assert.match(text, /"session\.totp\.confirm"/);
  assert.match(text, /"session\.start-second-step"/);
  for (const secret of ['000000', ...person.codes, person.totp.secret.base32])
    assert.ok(!text.includes(secret));
});
