import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { TokenPair } from '@glacis/contract';
import { createTokenSigner, routes, type Route } from '@glacis/domain';
import { sql } from '@glacis/db';
import { newId, newSecretKey, sha256, silentLogger } from '@glacis/foundation';
import { createHttpServer } from '../src/http.ts';
import { createWorld, type World } from './world.ts';

let world: World;
let admin: string;
before(async () => {
  world = await createWorld();
  admin = await world.signIn(world.alpha.users.admin);
});
after(() => world.close());

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

function call(
  method: Method,
  url: string,
  headers: Record<string, string>,
  payload?: object,
  address = '192.0.2.1',
) {
  return world.server.inject({
    method,
    url,
    headers,
    remoteAddress: address,
    ...(payload ? { payload } : {}),
  });
}
const withCookie = (cookie: string) => ({ cookie });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function personal(of: object = {}, cookie = admin): Promise<{ id: string; secret: string }> {
  const answer = await call('POST', '/api/tokens', withCookie(cookie), {
    name: 'ci',
    scopes: ['target.read', 'asset.read'],
    ...of,
  });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

async function service(of: object = {}): Promise<{ id: string; secret: string }> {
  const answer = await call('POST', '/api/tenants/alpha/tokens', withCookie(admin), {
    name: 'siem',
    scopes: ['target.read', 'target.write', 'scan.run'],
    ...of,
  });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

async function pair(headers: Record<string, string>, payload: object = {}): Promise<TokenPair> {
  const answer = await call('POST', '/api/access-tokens', headers, payload);
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

const status = async (headers: Record<string, string>, url = '/api/tenants/alpha/targets') =>
  (await call('GET', url, headers)).statusCode;

test('a token’s secret is recognisable, shown once and stored as a hash', async () => {
  const made = await personal();
  assert.match(made.secret, /^glc_pat_[0-9A-Za-z]{42}$/);
  assert.match((await service()).secret, /^glc_svc_[0-9A-Za-z]{42}$/);
  const list = await call('GET', '/api/tokens', withCookie(admin));
  assert.ok(!list.body.includes(made.secret));
  const listed = list.json().items.find((entry: { id: string }) => entry.id === made.id);
  assert.equal(listed.hint, made.secret.slice(-4));
  assert.equal(listed.lastUsedAt, null);
  const { rows } = await world.platform.database.query('select * from control.api_token');
  assert.ok(!JSON.stringify(rows).includes(made.secret));
  assert.ok(JSON.stringify(rows).includes(sha256(made.secret)));
});

test('a personal token does what its scopes and its person’s role both allow', async () => {
  const { id, secret } = await personal();
  assert.equal(await status(bearer(secret)), 200);
  assert.equal(await status(bearer(secret), '/api/tenants/alpha/findings'), 403);
  assert.equal(await status(bearer(secret), '/api/tenants/beta/targets'), 404);
  const post = await call('POST', '/api/tenants/alpha/targets', bearer(secret), { domain: 'pat.test' });
  assert.equal(post.json().error.code, 'auth.forbidden');
  const who = (await call('GET', '/api/session', bearer(secret))).json();
  assert.deepEqual(who.tenants[0].permissions.sort(), ['asset.read', 'target.read']);
  const [listed] = (await call('GET', '/api/tokens', withCookie(admin)))
    .json()
    .items.filter((entry: { id: string }) => entry.id === id);
  assert.ok(listed.lastUsedAt);
  assert.equal(listed.lastUsedAddress, '192.0.2.1');
  const observer = await world.signIn(world.alpha.users.observer);
  const wide = await personal({ scopes: ['target.write', 'target.read', 'tenant.manage'] }, observer);
  assert.equal(await status(bearer(wide.secret)), 200);
  const above = await call('POST', '/api/tenants/alpha/targets', bearer(wide.secret), { domain: 'up.test' });
  assert.equal(above.statusCode, 403, 'a token is never more than its person');
});

test('a token is gone when it is revoked, expired or mistyped, and with its person’s membership', async () => {
  const { id, secret } = await personal();
  const last = secret.at(-1) === 'a' ? 'b' : 'a';
  for (const wrong of [
    `${secret.slice(0, -1)}${last}`,
    secret.slice(0, -1),
    `${secret}a`,
    secret.replace('pat', 'svc'),
  ])
    assert.equal(await status(bearer(wrong)), 401, wrong);
  assert.equal((await call('DELETE', `/api/tokens/${id}`, withCookie(admin))).statusCode, 204);
  assert.equal(await status(bearer(secret)), 401);
  const expired = await personal();
  await sql`update control.api_token set expires_at = now() where id = ${expired.id}`.execute(
    world.platform.database.control,
  );
  assert.equal(await status(bearer(expired.secret)), 401);
  const operator = await world.signIn(world.beta.users.operator);
  const other = await personal({}, operator);
  assert.equal(await status(bearer(other.secret), '/api/tenants/beta/targets'), 200);
  await world.platform.database.control
    .deleteFrom('control.membership')
    .where('user_id', '=', world.beta.users.operator)
    .execute();
  assert.equal(await status(bearer(other.secret), '/api/tenants/beta/targets'), 404);
});

test('a token is accepted only from its networks and in its tenant', async () => {
  const near = await personal({ addresses: ['192.0.2.0/24', '2001:db8::/32'], tenant: 'alpha' });
  const from = async (address: string) =>
    (await call('GET', '/api/tenants/alpha/targets', bearer(near.secret), undefined, address)).statusCode;
  assert.equal(await from('192.0.2.77'), 200);
  assert.equal(await from('::ffff:192.0.2.77'), 200);
  assert.equal(await from('2001:db8::7'), 200);
  assert.equal(await from('198.51.100.1'), 401);
  const bad = await call('POST', '/api/tokens', withCookie(admin), {
    name: 'x',
    scopes: ['asset.read'],
    addresses: ['everywhere'],
  });
  assert.ok(bad.json().error.fields.addresses);
  const foreign = { name: 'x', scopes: ['asset.read'], tenant: 'beta' };
  assert.equal((await call('POST', '/api/tokens', withCookie(admin), foreign)).statusCode, 404);
});

test('a service token belongs to its tenant and to nobody', async () => {
  const { id, secret } = await service();
  assert.equal(await status(bearer(secret)), 200);
  assert.equal(await status(bearer(secret), '/api/tenants/beta/targets'), 404);
  assert.equal(await status(bearer(secret), '/api/tenants/alpha/findings'), 403);
  assert.equal(await status(bearer(secret), '/api/session'), 403);
  const scan = await call('POST', '/api/tenants/alpha/scans', bearer(secret), {
    targetId: await world.freshTarget(world.alpha),
  });
  assert.equal(scan.statusCode, 201, scan.body);
  const records = (
    await call('GET', '/api/tenants/alpha/audit?action=scans.create', withCookie(admin))
  ).json();
  assert.deepEqual(records.items[0].actor, { kind: 'service-token', id, name: 'siem' });
  await call('DELETE', `/api/tenants/alpha/tokens/${id}`, withCookie(admin));
  assert.equal(await status(bearer(secret)), 401);
});

test('nobody gives away what they may not do, and tokens make no personal tokens', async () => {
  const manager = await personal({ scopes: ['token.manage', 'target.read', 'dangerous'] });
  const make = (scopes: string[]) =>
    call('POST', '/api/tenants/alpha/tokens', bearer(manager.secret), { name: 'x', scopes });
  assert.equal((await make(['target.read'])).statusCode, 201);
  assert.equal((await make(['target.write'])).json().error.code, 'auth.forbidden');
  const timid = await personal({ scopes: ['token.manage', 'target.read'] });
  const tried = await call('POST', '/api/tenants/alpha/tokens', bearer(timid.secret), {
    name: 'x',
    scopes: ['target.read'],
  });
  assert.equal(tried.statusCode, 403, 'dangerous without the scope');
  const own = await call('POST', '/api/tokens', bearer(manager.secret), {
    name: 'x',
    scopes: ['target.read'],
  });
  assert.equal(own.json().error.code, 'auth.session-required');
  for (const [method, url] of [
    ['GET', '/api/sessions'],
    ['DELETE', '/api/sessions'],
    ['DELETE', '/api/session'],
    ['GET', '/api/tokens'],
  ] as const)
    assert.equal(
      (await call(method, url, bearer(manager.secret))).json().error.code,
      'auth.session-required',
    );
});

test('a personal token of a platform administrator reaches above tenants only with that scope', async () => {
  const routeAbove = {
    method: 'GET',
    url: '/api/above',
    access: 'platform.manage',
    summary: '',
    answer: 'none',
    handle: async () => {},
  } satisfies Route;
  const server = createHttpServer(world.platform, [...routes, routeAbove]);
  const id = newId();
  await world.platform.database.control
    .insertInto('control.user_account')
    .values({ id, email: 'root@platform.test', password_hash: null, is_platform_admin: true })
    .execute();
  const root = await world.signIn(id);
  const get = async (headers: Record<string, string>) =>
    (await server.inject({ url: '/api/above', headers })).statusCode;
  assert.equal(await get({ cookie: root }), 204);
  assert.equal(await get(bearer((await personal({ scopes: ['asset.read'] }, root)).secret)), 403);
  assert.equal(await get(bearer((await personal({ scopes: ['platform.manage'] }, root)).secret)), 204);
  assert.equal(await get(bearer((await personal({ scopes: ['platform.manage'] })).secret)), 403);
  await server.close();
});

test('tokens and sessions are exchanged for access tokens with the same scopes or fewer', async () => {
  const bySession = await pair(withCookie(admin));
  assert.equal(await status(bearer(bySession.accessToken)), 200);
  const token = await personal();
  const byToken = await pair(bearer(token.secret));
  assert.equal(await status(bearer(byToken.accessToken)), 200);
  assert.equal(await status(bearer(byToken.accessToken), '/api/tenants/alpha/findings'), 403);
  const narrow = await pair(bearer(token.secret), { scopes: ['asset.read'] });
  assert.equal(await status(bearer(narrow.accessToken)), 403);
  const wider = await call('POST', '/api/access-tokens', bearer(token.secret), { scopes: ['scan.run'] });
  assert.equal(wider.statusCode, 403);
  const again = await call('POST', '/api/access-tokens', bearer(bySession.accessToken), {});
  assert.equal(again.statusCode, 403, 'an access token makes no other');
  const danger = await call('POST', '/api/access-tokens', withCookie(admin), { scopes: ['dangerous'] });
  assert.equal(danger.statusCode, 403);
  const byService = await pair(bearer((await service()).secret));
  assert.equal(await status(bearer(byService.accessToken)), 200);
  assert.equal(await status(bearer(byService.accessToken), '/api/tenants/beta/targets'), 404);
});

test('access tokens end with what they were made from', async () => {
  const token = await personal();
  const { accessToken, refreshToken } = await pair(bearer(token.secret));
  await call('DELETE', `/api/tokens/${token.id}`, withCookie(admin));
  assert.equal(await status(bearer(accessToken)), 401);
  assert.equal((await call('POST', '/api/access-tokens/refresh', {}, { refreshToken })).statusCode, 401);
  const session = await world.signIn(world.alpha.users.operator);
  const ofSession = await pair(withCookie(session));
  assert.equal(await status(bearer(ofSession.accessToken)), 200);
  await call('DELETE', '/api/session', withCookie(session));
  assert.equal(await status(bearer(ofSession.accessToken)), 401);
});

test('a refresh token works once; a second use revokes the family', async () => {
  const refresh = (refreshToken: string) => call('POST', '/api/access-tokens/refresh', {}, { refreshToken });
  const first = await pair(withCookie(admin));
  const second = (await refresh(first.refreshToken)).json();
  const third = (await refresh(second.refreshToken)).json();
  assert.equal(await status(bearer(third.accessToken)), 200);
  assert.equal(await status(bearer(first.accessToken)), 200, 'the older access token lives out its minutes');
  const stolen = await refresh(first.refreshToken);
  assert.equal(stolen.json().error.code, 'auth.token-invalid');
  for (const { accessToken } of [first, second, third]) assert.equal(await status(bearer(accessToken)), 401);
  assert.equal((await refresh(third.refreshToken)).statusCode, 401);
  const race = await pair(withCookie(admin));
  const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(race.refreshToken)));
  assert.equal(answers.filter(answer => answer.statusCode === 200).length, 1);
  const revoked = await pair(withCookie(admin));
  await call('POST', '/api/access-tokens/revoke', {}, { refreshToken: revoked.refreshToken });
  assert.equal(await status(bearer(revoked.accessToken)), 401);
});

/** A JWT made by hand: header, payload and a signature over both. */
function forge(header: object, payload: object, signature: (input: string) => Buffer): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${signature(input).toString('base64url')}`;
}
const partsOf = (token: string): { header: Record<string, unknown>; payload: Record<string, unknown> } => {
  const [header = '', payload = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  return { header: read(header), payload: read(payload) };
};

test('forged access tokens are refused, whatever they say of their algorithm and key', async () => {
  const { accessToken } = await pair(withCookie(admin));
  const { header, payload } = partsOf(accessToken);
  const { database } = world.platform;
  const { public_jwk: jwk } = await database.control
    .selectFrom('control.signing_key')
    .select('public_jwk')
    .executeTakeFirstOrThrow();
  const x = String(Reflect.get(Object(jwk), 'x'));
  const foreign = generateKeyPairSync('ed25519');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const none = () => Buffer.alloc(0);
  const byForeign = (input: string) => signBytes(null, Buffer.from(input), foreign.privateKey);
  const hmac = (key: string | Buffer) => (input: string) => createHmac('sha256', key).update(input).digest();
  const forgeries: Readonly<Record<string, string>> = {
    'no signature': `${accessToken.split('.').slice(0, 2).join('.')}.`,
    'alg none': forge({ ...header, alg: 'none' }, payload, none),
    'alg None': forge({ ...header, alg: 'None' }, payload, none),
    'HS256 with the public key': forge(
      { ...header, alg: 'HS256' },
      payload,
      hmac(Buffer.from(x, 'base64url')),
    ),
    'HS256 with the public JWK': forge({ ...header, alg: 'HS256' }, payload, hmac(JSON.stringify(jwk))),
    'a foreign key': forge(header, payload, byForeign),
    'a foreign key with its own id': forge({ ...header, kid: newId() }, payload, byForeign),
    'no key id': forge({ alg: 'EdDSA', typ: 'at+jwt' }, payload, byForeign),
    'a key in the header': forge(
      { ...header, jwk: foreign.publicKey.export({ format: 'jwk' }) },
      payload,
      byForeign,
    ),
    RS256: forge({ ...header, alg: 'RS256' }, payload, input =>
      signBytes('sha256', Buffer.from(input), rsa.privateKey),
    ),
    'another payload': accessToken
      .split('.')
      .map((part: string, index: number) =>
        index === 1 ? Buffer.from(JSON.stringify({ ...payload, sub: newId() })).toString('base64url') : part,
      )
      .join('.'),
    'not a token': 'a.b.c',
    empty: '..',
  };
  for (const [what, token] of Object.entries(forgeries)) assert.equal(await status(bearer(token)), 401, what);
  assert.equal(await status(bearer(accessToken)), 200);
});

/** Signs a payload with the platform's own key, to try what a token may not say even then. */
async function signAsPlatform(change: (payload: Record<string, unknown>) => object, type = 'at+jwt') {
  const { SignJWT, importJWK } = await import('jose');
  const { decrypt } = await import('@glacis/foundation');
  const { database, masterKey } = world.platform;
  const row = await database.control.selectFrom('control.signing_key').selectAll().executeTakeFirstOrThrow();
  const jwk = JSON.parse(decrypt(masterKey, row.sealed, ['signing-key', row.kid]).toString());
  const { payload } = partsOf((await pair(withCookie(admin))).accessToken);
  return new SignJWT({ ...change(payload) })
    .setProtectedHeader({ alg: 'EdDSA', kid: row.kid, typ: type })
    .sign(await importJWK(jwk, 'EdDSA'));
}

test('a token with the right signature is refused when it is expired, for others or of another kind', async () => {
  const now = Math.floor(Date.now() / 1000);
  assert.equal(await status(bearer(await signAsPlatform(payload => payload))), 200);
  const changes: Readonly<Record<string, (payload: Record<string, unknown>) => object>> = {
    expired: payload => ({ ...payload, exp: now - 1 }),
    'without an end': payload => ({ ...payload, exp: undefined }),
    'with an end far away': payload => ({ ...payload, iat: now - 3600, exp: now + 86_400 * 365 }),
    'not valid yet': payload => ({ ...payload, nbf: now + 600 }),
    'for another audience': payload => ({ ...payload, aud: 'another-api' }),
    'without an audience': payload => ({ ...payload, aud: undefined }),
    'of another issuer': payload => ({ ...payload, iss: 'another' }),
    'of another person': payload => ({ ...payload, sub: world.alpha.users.observer }),
    'of a grant that is not there': payload => ({ ...payload, sid: newId() }),
    'with a grant that is no id': payload => ({ ...payload, sid: "' or 1=1 --" }),
  };
  for (const [what, change] of Object.entries(changes))
    assert.equal(await status(bearer(await signAsPlatform(change))), 401, what);
  assert.equal(await status(bearer(await signAsPlatform(payload => payload, 'JWT'))), 401, 'another type');
});

test('claims about tenant, scopes or rights count for nothing', async () => {
  const token = await signAsPlatform(payload => ({
    ...payload,
    tenant: world.beta.tenant,
    scope: 'platform.manage',
    isPlatformAdmin: true,
    role: 'admin',
  }));
  assert.equal(await status(bearer(token), '/api/tenants/beta/targets'), 404);
  assert.equal(await status(bearer(token)), 200);
});

test('several servers share the keys; old keys still verify after a new one was made', async () => {
  const { database, masterKey } = world.platform;
  const [one, two] = [
    createTokenSigner(database, masterKey, silentLogger),
    createTokenSigner(database, masterKey, silentLogger),
  ];
  const claims = { sub: newId(), sid: newId() };
  const token = await one.sign(claims);
  assert.deepEqual(await two.verify(token), claims);
  await sql`update control.signing_key set created_at = now() - interval '30 days 12 hours'`.execute(
    database.control,
  );
  const three = createTokenSigner(database, masterKey, silentLogger);
  const next = await three.sign(claims);
  assert.notEqual(partsOf(next).header['kid'], partsOf(token).header['kid']);
  assert.deepEqual(await three.verify(token), claims);
  await sql`update control.signing_key set created_at = now() - interval '32 days' where kid = ${String(partsOf(token).header['kid'])}`.execute(
    database.control,
  );
  assert.equal(await createTokenSigner(database, masterKey, silentLogger).verify(token), undefined);
  const other = createTokenSigner(database, newSecretKey(), silentLogger);
  assert.ok(await other.sign(claims), 'a key that does not open is replaced');
  const { rows } = await database.query('select sealed, public_jwk from control.signing_key');
  assert.ok(rows.length >= 2);
  assert.ok(!JSON.stringify(rows).includes('"d"'), 'the private half is sealed');
});
