import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTokenRequest } from '@glacis/contract';
import { createToken, startSession } from '@glacis/domain';
import { sql } from '@glacis/db';
import { Secret, TOTP } from 'otpauth';
import { openJar, type Jar } from './browser-jar.ts';
import { createWorld, type World } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

const URL = '/api/tenants/alpha/sign-in-policy';
const ASSETS = '/api/tenants/alpha/assets';
const OPEN = { requiresSecondFactor: false, allowedMethods: null, sessionHours: null };
const origin = { address: '127.0.0.1', userAgent: '' };
type Methods = Parameters<typeof startSession>[1]['methods'];

async function jarOf(userId: string, methods: Methods): Promise<Jar> {
  const secret = await startSession(world.platform.database, { userId, methods }, origin);
  return openJar(world, `glacis_session=${secret}`);
}
const admin = () => jarOf(world.alpha.users.admin, ['passkey']);
async function setPolicy(policy: object): Promise<void> {
  const answer = await (await admin()).send('PUT', URL, { ...OPEN, ...policy });
  assert.equal(answer.statusCode, 200, answer.body);
}
async function enters(jar: Jar): Promise<string> {
  const answer = await jar.send('GET', ASSETS);
  return answer.statusCode === 200 ? 'in' : Object.keys(answer.json().error.fields ?? {}).join();
}

test('a required second factor shuts open sessions out at once, says what to do, and lets in after it', async () => {
  const userId = await world.freshMember(world.alpha);
  const jar = await jarOf(userId, ['password']);
  assert.equal(await enters(jar), 'in');
  await setPolicy({ requiresSecondFactor: true });
  const refused = await jar.send('GET', ASSETS);
  assert.equal(refused.statusCode, 403);
  assert.equal(refused.json().error.code, 'auth.policy');
  assert.match(refused.json().error.message, /authenticator app or a passkey/);
  const [tenant] = (await jar.send('GET', '/api/session')).json().tenants;
  assert.equal(tenant.breach, 'second-factor');
  const { secret } = (await jar.send('POST', '/api/session/totp')).json();
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  assert.equal((await jar.send('POST', '/api/session/totp/confirm', { code })).statusCode, 200);
  assert.equal(await enters(jar), 'in');
  await setPolicy(OPEN);
});

test('each method counts for what it is', async () => {
  const userId = await world.freshMember(world.alpha);
  const tries: [object, Methods, string][] = [
    [{ requiresSecondFactor: true }, ['password'], 'second-factor'],
    [{ requiresSecondFactor: true }, ['link'], 'second-factor'],
    [{ requiresSecondFactor: true }, ['password', 'totp'], 'in'],
    [{ requiresSecondFactor: true }, ['link', 'recovery-code'], 'in'],
    [{ requiresSecondFactor: true }, ['passkey'], 'in'],
    [{ requiresSecondFactor: true }, ['oidc'], 'second-factor'],
    [{ allowedMethods: ['passkey'] }, ['password', 'totp'], 'method'],
    [{ allowedMethods: ['passkey'] }, ['password', 'passkey'], 'in'],
    [{ allowedMethods: ['password', 'passkey'] }, ['link'], 'in'],
    [{ allowedMethods: ['passkey'] }, ['link'], 'method'],
  ];
  for (const [policy, methods, expected] of tries) {
    await setPolicy(policy);
    assert.equal(
      await enters(await jarOf(userId, methods)),
      expected,
      `${JSON.stringify(policy)} ${methods.join()}`,
    );
  }
  await setPolicy(OPEN);
});

test('the word of the tenant’s own provider stands for a second factor; that of another tenant is none here', async () => {
  const userId = await world.freshMember(world.alpha);
  const by = async (providerTenant: typeof world.alpha.tenant) => {
    const secret = await startSession(
      world.platform.database,
      { userId, methods: ['oidc'], providerTenant },
      origin,
    );
    return openJar(world, `glacis_session=${secret}`);
  };
  await setPolicy({ requiresSecondFactor: true });
  assert.equal(await enters(await by(world.alpha.tenant)), 'in');
  assert.equal((await (await by(world.beta.tenant)).send('GET', ASSETS)).statusCode, 404);
  await setPolicy(OPEN);
});

test('a session is too old after the hours of the policy, and fresh again after a proof', async () => {
  const userId = await world.freshMember(world.alpha);
  const jar = await jarOf(userId, ['password']);
  await jar.send('PUT', '/api/session/password', { password: 'correct horse battery' });
  await setPolicy({ sessionHours: 8 });
  const age = (minutes: number) =>
    sql`update control.session set authenticated_at = now() - make_interval(mins => ${minutes}::int)
      where user_id = ${userId}`.execute(world.platform.database.control);
  await age(8 * 60 - 1);
  assert.equal(await enters(jar), 'in');
  await age(8 * 60 + 1);
  assert.equal(await enters(jar), 'age');
  const confirmed = await jar.send('POST', '/api/session/reauthentication', {
    password: 'correct horse battery',
  });
  assert.equal(confirmed.statusCode, 204);
  assert.equal(await enters(jar), 'in');
  await setPolicy(OPEN);
});

test('tokens: an access token counts as its session, a personal one needs a holder with a second factor', async () => {
  const userId = await world.freshMember(world.alpha);
  const jar = await jarOf(userId, ['password']);
  const { accessToken } = (await jar.send('POST', '/api/access-tokens', {})).json();
  const { database } = world.platform;
  const request = createTokenRequest.parse({ name: 'policy', scopes: ['asset.read'] });
  const personal = (await createToken(database, { userId, tenant: undefined }, request, userId)).secret;
  const service = (await createToken(database, { tenant: world.alpha.tenant }, request, null)).secret;
  const get = async (token: string) =>
    (await world.server.inject({ url: ASSETS, headers: { authorization: `Bearer ${token}` } })).statusCode;
  assert.deepEqual([await get(accessToken), await get(personal), await get(service)], [200, 200, 200]);
  await setPolicy({ requiresSecondFactor: true });
  assert.deepEqual([await get(accessToken), await get(personal), await get(service)], [403, 403, 200]);
  await sql`insert into control.passkey (id, user_id, name, credential_id, public_key, counter, is_synced)
    values (gen_random_uuid(), ${userId}, 'Key', ${userId}, '', 0, false)`.execute(database.control);
  assert.deepEqual([await get(accessToken), await get(personal), await get(service)], [403, 200, 200]);
  await setPolicy(OPEN);
});

test('nobody locks themselves out, sets it with an old sign-in, or sets it for others', async () => {
  const withPassword = await jarOf(world.alpha.users.admin, ['password']);
  const locked = await withPassword.send('PUT', URL, { ...OPEN, requiresSecondFactor: true });
  assert.equal(locked.json().error.code, 'auth.policy-locks-out');
  assert.deepEqual((await withPassword.send('GET', URL)).json(), OPEN, 'nothing was kept');
  await sql`update control.session set authenticated_at = now() - interval '1 hour'
    where user_id = ${world.alpha.users.admin}`.execute(world.platform.database.control);
  assert.equal(
    (await withPassword.send('PUT', URL, OPEN)).json().error.code,
    'auth.reauthentication-required',
  );
  for (const policy of [
    { allowedMethods: [] },
    { allowedMethods: ['magic'] },
    { sessionHours: 0 },
    { tenantId: 'x' },
  ])
    assert.equal((await (await admin()).send('PUT', URL, { ...OPEN, ...policy })).statusCode, 400);
  const other = await jarOf(world.beta.users.admin, ['passkey']);
  assert.equal((await other.send('PUT', URL, OPEN)).statusCode, 404);
});

test('another tenant is not touched by the policy', async () => {
  const userId = await world.freshMember(world.alpha);
  await sql`insert into control.membership (user_id, tenant_id, role)
    values (${userId}, ${world.beta.tenant}, 'observer')`.execute(world.platform.database.control);
  await setPolicy({ requiresSecondFactor: true });
  const jar = await jarOf(userId, ['password']);
  assert.equal(await enters(jar), 'second-factor');
  assert.equal((await jar.send('GET', '/api/tenants/beta/assets')).statusCode, 200);
  await setPolicy(OPEN);
});

test('a session by a provider changes nothing of the account and never is a platform administrator', async () => {
  const userId = await world.freshMember(world.alpha);
  const { database } = world.platform;
  await sql`update control.user_account set is_platform_admin = true where id = ${userId}`.execute(
    database.control,
  );
  const secret = await startSession(
    database,
    { userId, methods: ['oidc'], providerTenant: world.alpha.tenant },
    origin,
  );
  const jar = openJar(world, `glacis_session=${secret}`);
  const { user } = (await jar.send('GET', '/api/session')).json();
  assert.equal(user.isPlatformAdmin, false);
  for (const [method, url, payload] of [
    ['PUT', '/api/session/password', { password: 'correct horse battery' }],
    ['POST', '/api/session/totp', undefined],
    ['POST', '/api/session/passkeys/options', undefined],
    ['POST', '/api/tokens', { name: 'x', scopes: ['asset.read'] }],
    ['GET', '/api/sessions', undefined],
    ['GET', '/api/session/factors', undefined],
  ] as const)
    assert.equal((await jar.send(method, url, payload)).json().error.code, 'auth.own-sign-in-required', url);
  const { accessToken } = (await jar.send('POST', '/api/access-tokens', {})).json();
  const headers = { authorization: `Bearer ${accessToken}` };
  assert.equal((await world.server.inject({ url: '/api/tenants/beta/assets', headers })).statusCode, 404);
  assert.equal(
    (await world.server.inject({ url: '/api/session', headers })).json().user.isPlatformAdmin,
    false,
  );
  assert.equal((await jar.send('DELETE', '/api/session')).statusCode, 204);
});
