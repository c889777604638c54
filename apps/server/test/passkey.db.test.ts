import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newId } from '@glacis/foundation';
import { openJar, type Jar } from './browser-jar.ts';
import { SoftAuthenticator, type Twist } from './soft-authenticator.ts';
import { createWorld, type World } from './world.ts';

const ORIGIN = 'https://glacis.test';
const PASSWORD = 'correct horse battery';

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

interface Owner {
  readonly id: string;
  readonly email: string;
  readonly jar: Jar;
  readonly key: SoftAuthenticator;
}

async function newPerson(): Promise<Omit<Owner, 'key'>> {
  const id = newId();
  const email = `${id}@alpha.test`;
  await world.platform.database.control
    .insertInto('control.user_account')
    .values({ id, email, password_hash: null })
    .execute();
  return { id, email, jar: openJar(world, await world.signIn(id)) };
}

async function register(jar: Jar, key: SoftAuthenticator, twist: Twist = {}) {
  const { options } = (await jar.send('POST', '/api/session/passkeys/options')).json();
  return jar.send('POST', '/api/session/passkeys', { name: 'Key', passkey: key.register(options, twist) });
}

async function newOwner(): Promise<Owner> {
  const person = await newPerson();
  const key = new SoftAuthenticator(ORIGIN);
  const added = await register(person.jar, key);
  assert.equal(added.statusCode, 201, added.body);
  return { ...person, key };
}

async function ask(jar: Jar): Promise<{ challenge: string }> {
  return (await jar.send('POST', '/api/session/passkey/options')).json().options;
}

async function signIn(key: SoftAuthenticator, twist: Twist = {}) {
  const jar = openJar(world);
  const passkey = key.use(await ask(jar), twist);
  return jar.send('POST', '/api/session', { passkey });
}

test('a passkey signs in without a password, by user verification and for this site alone', async () => {
  const { key, email, jar, id } = await newOwner();
  const creation = (await jar.send('POST', '/api/session/passkeys/options')).json().options;
  assert.equal(creation.rp.id, 'glacis.test');
  assert.equal(creation.authenticatorSelection.userVerification, 'required');
  assert.equal(creation.authenticatorSelection.residentKey, 'required');
  assert.deepEqual(
    creation.excludeCredentials.map((entry: { id: string }) => entry.id),
    [key.id.toString('base64url')],
  );
  const fresh = openJar(world);
  const { options } = (await fresh.send('POST', '/api/session/passkey/options')).json();
  assert.equal(options.userVerification, 'required');
  assert.deepEqual(options.allowCredentials ?? [], [], 'nobody is told who has passkeys');
  const answer = await fresh.send('POST', '/api/session', { passkey: key.use(options) });
  assert.equal(answer.json().user.email, email);
  const { items } = (await fresh.send('GET', '/api/sessions')).json();
  assert.ok(items.some((entry: { methods: string[] }) => entry.methods.join() === 'passkey'));
  assert.equal(answer.json().user.id, id);
});

test('the host that a request names decides nothing', async () => {
  const jar = openJar(world);
  const headers = { host: 'evil.test', 'x-forwarded-host': 'evil.test' };
  const { options } = (await jar.send('POST', '/api/session/passkey/options', undefined, headers)).json();
  assert.equal(options.rpId, 'glacis.test');
  const { key } = await newOwner();
  assert.equal((await signIn(key, { origin: 'https://evil.test' })).statusCode, 401);
});

const lies: Readonly<Record<string, Twist>> = {
  'another origin': { origin: 'https://evil.test' },
  'the origin without TLS': { origin: 'http://glacis.test' },
  'an origin below ours': { origin: 'https://glacis.test.evil.test' },
  'another relying party': { rpId: 'evil.test' },
  'another challenge': { challenge: Buffer.alloc(32).toString('base64url') },
  'another ceremony': { type: 'webauthn.create' },
  'no user verification': { isUserVerified: false },
  'a counter that stands still': { counter: 1 },
  'the handle of somebody else': { userHandle: Buffer.alloc(16).toString('base64url') },
};
for (const [name, twist] of Object.entries(lies))
  test(`an answer with ${name} is refused`, async () => {
    const { key } = await newOwner();
    const refused = await signIn(key, twist);
    assert.equal(refused.statusCode, 401, name);
    assert.equal(refused.json().error.code, 'auth.passkey-refused');
    assert.equal((await signIn(key, { counter: 50 })).statusCode, 200, 'the honest answer is taken');
  });

test('a registration with a wrong origin, challenge or without verification is refused', async () => {
  for (const twist of [
    { origin: 'https://evil.test' },
    { rpId: 'evil.test' },
    { challenge: Buffer.alloc(32).toString('base64url') },
    { type: 'webauthn.get' },
    { isUserVerified: false },
  ]) {
    const { jar } = await newPerson();
    const answer = await register(jar, new SoftAuthenticator(ORIGIN), twist);
    assert.equal(answer.json().error.code, 'auth.passkey-refused', JSON.stringify(twist));
  }
});

test('a challenge is used once, by the browser that got it', async () => {
  const { key } = await newOwner();
  const jar = openJar(world);
  const options = await ask(jar);
  const cookies = new Map(jar.cookies);
  const passkey = key.use(options);
  assert.equal(
    (await openJar(world).send('POST', '/api/session', { passkey })).statusCode,
    401,
    'without cookie',
  );
  const elsewhere = openJar(world);
  await ask(elsewhere);
  assert.equal(
    (await elsewhere.send('POST', '/api/session', { passkey })).statusCode,
    401,
    'with another one',
  );
  assert.equal((await jar.send('POST', '/api/session', { passkey })).statusCode, 200);
  for (const [name, value] of cookies) jar.cookies.set(name, value);
  const replay = await jar.send('POST', '/api/session', { passkey });
  assert.equal(replay.json().error.code, 'auth.flow-expired');
});

test('of one answer given twice at the same time one is taken', async () => {
  const { key } = await newOwner();
  const jar = openJar(world);
  const passkey = key.use(await ask(jar));
  const answers = await Promise.all([1, 2].map(() => jar.send('POST', '/api/session', { passkey })));
  assert.deepEqual(answers.map(answer => answer.statusCode).sort(), [200, 401]);
});

test('an unknown passkey and a wrong answer look alike', async () => {
  const { key } = await newOwner();
  const unknown = await signIn(new SoftAuthenticator(ORIGIN));
  const wrong = await signIn(key, { origin: 'https://evil.test' });
  assert.equal(unknown.json().error.message, wrong.json().error.message);
});

test('a registration challenge belongs to the person it was made for', async () => {
  const [one, two] = [await newPerson(), await newPerson()];
  const { options } = (await one.jar.send('POST', '/api/session/passkeys/options')).json();
  const stolen = one.jar.cookies.get('glacis_passkey-registration') ?? '';
  two.jar.cookies.set('glacis_passkey-registration', stolen);
  const passkey = new SoftAuthenticator(ORIGIN).register(options);
  const answer = await two.jar.send('POST', '/api/session/passkeys', { name: 'Key', passkey });
  assert.equal(answer.json().error.code, 'auth.passkey-refused');
});

test('a passkey is a second factor after the password, and confirms dangerous acts; only the own one', async () => {
  const owner = await newOwner();
  const other = await newOwner();
  await owner.jar.send('PUT', '/api/session/password', { password: PASSWORD });
  const begin = async () => {
    const jar = openJar(world);
    const answer = await jar.send('POST', '/api/session', { email: owner.email, password: PASSWORD });
    assert.deepEqual(answer.json().secondFactor, ['passkey', 'recovery-code']);
    const { options } = (await jar.send('POST', '/api/session/second-factor/options')).json();
    assert.deepEqual(
      options.allowCredentials.map((entry: { id: string }) => entry.id),
      [owner.key.id.toString('base64url')],
    );
    return { jar, options };
  };
  const wrong = await begin();
  const foreign = { passkey: other.key.use(wrong.options) };
  assert.equal((await wrong.jar.send('POST', '/api/session/second-factor', foreign)).statusCode, 401);
  const right = await begin();
  const own = { passkey: owner.key.use(right.options) };
  assert.equal((await right.jar.send('POST', '/api/session/second-factor', own)).statusCode, 200);
  const confirm = async (key: SoftAuthenticator) =>
    (
      await right.jar.send('POST', '/api/session/reauthentication', {
        passkey: key.use(await ask(right.jar)),
      })
    ).statusCode;
  assert.equal(await confirm(other.key), 401);
  assert.equal(await confirm(owner.key), 204);
  const none = await openJar(world).send('POST', '/api/session/second-factor/options');
  assert.equal(none.json().error.code, 'auth.flow-expired');
});

test('several passkeys are named, renamed and removed; one of another person is none', async () => {
  const owner = await newOwner();
  const second = new SoftAuthenticator(ORIGIN);
  const added = await register(owner.jar, second);
  assert.deepEqual(added.json().recoveryCodes, [], 'only the first factor brings codes');
  assert.equal((await register(owner.jar, second)).json().error.code, 'factor.exists');
  const { id } = added.json().passkey;
  const stranger = await newOwner();
  const url = `/api/session/passkeys/${id}`;
  assert.equal((await stranger.jar.send('PATCH', url, { name: 'Mine' })).statusCode, 404);
  assert.equal((await stranger.jar.send('DELETE', url)).statusCode, 404);
  assert.equal((await owner.jar.send('PATCH', url, { name: 'Blue key' })).json().name, 'Blue key');
  assert.equal((await signIn(second)).statusCode, 200);
  assert.equal((await owner.jar.send('DELETE', url)).statusCode, 204);
  assert.equal((await signIn(second)).json().error.code, 'auth.passkey-refused');
  assert.equal((await owner.jar.send('GET', '/api/session/factors')).json().passkeys.length, 1);
});

test('an address without a name cannot have passkeys, and says what to do', async () => {
  const other = await createWorld({ publicUrl: 'http://127.0.0.1:7800' });
  const answer = await openJar(other).send('POST', '/api/session/passkey/options');
  assert.equal(answer.statusCode, 409);
  assert.match(answer.json().error.message, /GLACIS_PUBLIC_URL/);
  await other.close();
});
