import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  auditQuery,
  createTokenRequest,
  errorBody,
  errorCatalogue,
  permissionsOf,
  scimSchemas,
  tokenPair,
  type Role,
  type TokenScope,
} from '@glacis/contract';
import { createToken, isRecorded, readHead, routes, searchAudit, type Route } from '@glacis/domain';
import { newId, type TenantId } from '@glacis/foundation';
import { createHttpServer } from '../src/http.ts';
import { platformSamples } from './platform-samples.ts';
import { provisionerOf } from './provisioning.ts';
import { samples, sampleIn } from './walk-samples.ts';
import { createWorld, type Surface, type World } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld();
  sampleIn(world);
});
after(() => world.close());

const nameOf = (of: Route): string => `${of.method} ${of.url}`;

async function idFor(of: Route, surface: Surface, as: string): Promise<string> {
  const own = samples[nameOf(of)]?.id;
  if (own) return own(surface, as);
  const [, kind = ''] = /:tenant\/(\w+)\/:id/.exec(of.url) ?? [];
  const known: Readonly<Record<string, string>> = surface.ids;
  const id = known[kind];
  assert.ok(id, `the walk knows no ${kind} for ${nameOf(of)}`);
  return id;
}

async function call(
  of: Route,
  as: string | undefined,
  where: { tenant: Surface; thing?: Surface; method?: string; bearer?: string },
) {
  // A thing of another tenant is that of somebody there.
  const owner = where.thing ? where.thing.users.admin : (as ?? '');
  const id = of.url.includes(':id') ? await idFor(of, where.thing ?? where.tenant, owner) : '';
  const body = await samples[nameOf(of)]?.body?.(where.tenant, as ?? '');
  assert.equal(body !== undefined, of.body !== undefined, `${nameOf(of)} needs a sample body in the walk`);
  const headers: Record<string, string> = where.bearer
    ? { authorization: `Bearer ${where.bearer}` }
    : as
      ? { cookie: await world.signIn(as) }
      : {};
  await world.platform.audit.flush();
  const before = await recordsOf(of, where.tenant);
  const response = await world.server.inject({
    method: (where.method ?? of.method) as 'GET',
    url: of.url
      .replace(':tenant', where.tenant.slug)
      .replace(':id', id)
      .replace('Schemas/:name', `Schemas/${scimSchemas.user}`)
      .replace(':name', 'User'),
    headers,
    ...(body ? { payload: body } : {}),
  });
  await assertRecorded(of, response.statusCode, Object.keys(headers).length > 0, {
    before,
    after: await recordsOf(of, where.tenant),
  });
  if (response.statusCode >= 400 && response.body !== '') {
    const { error } = errorBody.parse(response.json());
    const catalogue: Readonly<Record<string, { status: number }>> = errorCatalogue;
    assert.equal(catalogue[error.code]?.status, response.statusCode, error.code);
  }
  return response;
}

/** How many records the tenant's and the platform's chain have. */
async function recordsOf(of: Route, tenant: Surface): Promise<{ tenant: number; platform: number }> {
  await world.platform.audit.flush();
  const { database } = world.platform;
  const [own, platform, entries] = await Promise.all([
    readHead(database, tenant.tenant),
    readHead(database, undefined),
    // Each call comes with a session of its own, and entering is recorded apart from what is called.
    searchAudit(database, tenant.tenant, auditQuery.parse({ action: 'tenant.enter', pageSize: 1 })),
  ]);
  return of.url.includes(':tenant')
    ? { tenant: own.seq - entries.total, platform: platform.seq }
    : { tenant: platform.seq, platform: platform.seq };
}

/** Every change and every refusal of somebody who came with a credential is in the audit log; reading is not. */
async function assertRecorded(
  of: Route,
  status: number,
  isKnown: boolean,
  { before, after }: Record<'before' | 'after', Awaited<ReturnType<typeof recordsOf>>>,
): Promise<void> {
  if (status < 300)
    assert.equal(after.tenant - before.tenant, isRecorded(of) ? 1 : 0, `${nameOf(of)} recorded`);
  if (isKnown && status === 403) assert.ok(after.tenant > before.tenant, `${nameOf(of)} refusal recorded`);
}

const roles: readonly Role[] = ['observer', 'operator', 'admin'];

/** Routes above tenants: for administrators of the platform alone, and no role in a tenant makes one. */
async function callPlatform(of: Route, as: string | undefined, missingId?: string) {
  const sample = platformSamples[nameOf(of)];
  const id = missingId ?? (await sample?.id?.(world)) ?? '';
  const body = sample?.body?.(id);
  assert.equal(body !== undefined, of.body !== undefined, `${nameOf(of)} needs a sample body`);
  assert.ok(id !== '' || !of.url.includes(':id'), `${nameOf(of)} needs a sample id`);
  return world.server.inject({
    method: of.method,
    url: of.url.replace(':id', id).replace(':feature', 'active-scans'),
    headers: as ? { cookie: await world.signIn(as) } : {},
    ...(body ? { payload: body } : {}),
  });
}

for (const declared of routes.filter(one => one.access === 'platform.manage')) {
  test(`${nameOf(declared)} (${declared.access})`, async t => {
    assert.match(declared.url, /^\/api\/platform\//);
    assert.doesNotMatch(declared.url, /:tenant/);
    await t.test('nobody', async () => {
      assert.equal((await callPlatform(declared, undefined)).statusCode, 401);
    });
    for (const role of roles) {
      await t.test(role, async () => {
        assert.equal((await callPlatform(declared, world.alpha.users[role])).statusCode, 403);
      });
    }
    await t.test('administrator of the platform', async () => {
      const owner = await world.platformAdmin();
      const { statusCode } = await callPlatform(declared, owner);
      assert.ok(statusCode >= 200 && statusCode < 300, `answered ${statusCode}`);
      if (declared.url.includes(':id'))
        assert.equal((await callPlatform(declared, owner, newId())).statusCode, 404);
    });
  });
}

for (const declared of routes.filter(one => one.access !== 'platform.manage')) {
  const { access } = declared;
  const isGuarded = access !== 'public' && access !== 'signed-in';
  const isOfTenant = isGuarded && !access.startsWith('platform.');
  test(`${nameOf(declared)} (${access})`, async t => {
    await t.test('nobody', async () => {
      const { statusCode } = await call(declared, undefined, { tenant: world.alpha });
      if (access !== 'public') assert.equal(statusCode, 401);
      if (declared.method === 'GET')
        assert.equal(
          (await call(declared, undefined, { tenant: world.alpha, method: 'HEAD' })).statusCode,
          statusCode,
        );
    });
    if (access === 'public') return;
    if (isOfTenant) {
      assert.match(declared.url, /^\/api\/tenants\/:tenant\//);
      await t.test('admin of another tenant', async () => {
        const before = await recordsOf(declared, world.alpha);
        const response = await call(declared, world.beta.users.admin, { tenant: world.alpha });
        assert.equal(response.statusCode, 404);
        const after = await recordsOf(declared, world.alpha);
        assert.equal(after.tenant, before.tenant, 'strangers are not shown to the tenant');
        // One is the sign-in.
        assert.ok(after.platform >= before.platform + 2, 'the attempt is recorded');
        const missing = await world.server.inject({
          method: declared.method,
          url: declared.url.replace(':tenant', 'no-such-tenant').replace(':id', newId()),
          headers: { cookie: await world.signIn(world.beta.users.admin) },
        });
        assert.equal(response.json().error.message, missing.json().error.message);
      });
    }
    for (const role of roles) {
      await t.test(role, async () => {
        const as = (await samples[nameOf(declared)]?.caller?.(world.alpha, role)) ?? world.alpha.users[role];
        const response = await call(declared, as, { tenant: world.alpha });
        const { statusCode } = response;
        const { refusal } = samples[nameOf(declared)] ?? {};
        const isAllowed = !isGuarded || permissionsOf[role].includes(access);
        if (isAllowed && refusal) assert.equal(response.json().error.code, refusal);
        else if (isAllowed) assert.ok(statusCode >= 200 && statusCode < 300, `answered ${statusCode}`);
        else assert.equal(statusCode, 403);
      });
    }
    // By a token that may do it, see below.
    if (declared.url.includes(':id') && declared.isForService !== true) {
      await t.test('admin with a thing of another tenant, and with one that does not exist', async () => {
        const as = world.alpha.users.admin;
        const foreign = await call(declared, as, { tenant: world.alpha, thing: world.beta });
        assert.equal(foreign.statusCode, 404);
        const url = declared.url.replace(':tenant', world.alpha.slug).replace(':id', newId());
        const body = await samples[nameOf(declared)]?.body?.(world.alpha, as);
        const missing = await world.server.inject({
          method: declared.method,
          url,
          headers: { cookie: await world.signIn(as) },
          ...(body ? { payload: body } : {}),
        });
        assert.equal(missing.statusCode, 404);
        assert.equal(foreign.json().error.message, missing.json().error.message);
      });
    }
  });
}

type Bearers = Readonly<Record<'personal' | 'service' | 'access' | 'serviceAccess', string>>;
const madeBearers = new Map<string, Promise<Bearers>>();

/** Tokens of every kind with given scopes: a person's, a tenant's, and an access token made from each. */
function bearersWith(
  scopes: readonly TokenScope[],
  owner: { userId: string; tenant: TenantId },
): Promise<Bearers> {
  const key = JSON.stringify([scopes, owner]);
  const made = madeBearers.get(key) ?? makeBearers(scopes, owner);
  madeBearers.set(key, made);
  return made;
}

async function makeBearers(
  scopes: readonly TokenScope[],
  owner: { userId: string; tenant: TenantId },
): Promise<Bearers> {
  const { database } = world.platform;
  const request = createTokenRequest.parse({ name: 'walk', scopes });
  const personal = await createToken(
    database,
    { userId: owner.userId, tenant: undefined },
    request,
    owner.userId,
  );
  const service = await createToken(database, { tenant: owner.tenant }, request, null);
  const accessOf = async (secret: string): Promise<string> => {
    const headers = { authorization: `Bearer ${secret}` };
    const pair = await world.server.inject({
      method: 'POST',
      url: '/api/access-tokens',
      headers,
      payload: {},
    });
    return tokenPair.parse(pair.json()).accessToken;
  };
  return {
    personal: personal.secret,
    service: service.secret,
    access: await accessOf(personal.secret),
    serviceAccess: await accessOf(service.secret),
  };
}

for (const declared of routes) {
  const { access } = declared;
  // What is above tenants is tried with tokens of a platform administrator in token.db.test.ts.
  if (access === 'public' || access === 'platform.manage') continue;
  const sample = samples[nameOf(declared)];
  const freshCaller = async () => (await sample?.caller?.(world.alpha, 'admin')) ?? world.alpha.users.admin;
  const codeOf = async (bearer: string, as: string) => {
    const response = await call(declared, as, { tenant: world.alpha, bearer });
    return response.statusCode < 300 ? 'allowed' : String(response.json().error.code);
  };
  const allowed = sample?.refusal ?? 'allowed';

  test(`${nameOf(declared)} by tokens`, async t => {
    const as = await freshCaller();
    const owner = { userId: as, tenant: world.alpha.tenant };
    if (access === 'signed-in') {
      const bearers = await bearersWith(['asset.read', 'dangerous'], owner);
      const expected = declared.allowsTokens === true ? allowed : 'auth.session-required';
      assert.equal(await codeOf(bearers.personal, as), expected);
      const isExchange = declared.url === '/api/access-tokens';
      assert.equal(await codeOf(bearers.access, as), isExchange ? 'auth.forbidden' : expected);
      assert.equal(await codeOf(bearers.service, as), isExchange ? allowed : 'auth.session-required');
      return;
    }
    const other: TokenScope = access === 'asset.read' ? 'scan.read' : 'asset.read';
    await t.test('with the scope', async () => {
      for (const kind of ['personal', 'access'] as const) {
        const caller = await freshCaller();
        const bearers = await bearersWith([access, 'dangerous'], { ...owner, userId: caller });
        assert.equal(await codeOf(bearers[kind], caller), allowed, kind);
      }
      const bearers = await bearersWith([access, 'dangerous'], owner);
      for (const kind of ['service', 'serviceAccess'] as const) {
        const code = await codeOf(bearers[kind], as);
        // Routes that ask for a person’s part in a project refuse a token that is nobody’s.
        const refusals = ['auth.session-required', ...(sample?.caller ? ['auth.forbidden'] : [])];
        assert.ok([allowed, ...refusals].includes(code), `${kind}: ${code}`);
      }
    });
    await t.test('without the scope, or with more than the role', async () => {
      const bearers = await bearersWith([other, 'dangerous'], owner);
      for (const [kind, bearer] of Object.entries(bearers))
        assert.equal(await codeOf(bearer, as), 'auth.forbidden', kind);
      if (permissionsOf.observer.includes(access)) return;
      const observer = { ...owner, userId: world.alpha.users.observer };
      const weak = await bearersWith([access, 'dangerous'], observer);
      for (const kind of ['personal', 'access'] as const)
        assert.equal(await codeOf(weak[kind], observer.userId), 'auth.forbidden', kind);
    });
    if (declared.isForService === true) {
      await t.test('of the tenant, for nothing else', async () => {
        const bearer = await provisionerOf(world, world.alpha);
        assert.equal(await codeOf(bearer, as), 'allowed');
        const foreign = await provisionerOf(world, world.beta);
        assert.equal(await codeOf(foreign, as), 'request.not-found');
        if (!declared.url.includes(':id')) return;
        const thing = await call(declared, as, { tenant: world.alpha, thing: world.beta, bearer });
        assert.equal(thing.statusCode, 404);
        const missing = await world.server.inject({
          method: declared.method,
          url: declared.url.replace(':tenant', world.alpha.slug).replace(':id', newId()),
          headers: { authorization: `Bearer ${bearer}` },
          ...(sample?.body ? { payload: await sample.body(world.alpha, as) } : {}),
        });
        assert.equal(missing.statusCode, 404);
        assert.equal(thing.json().error.message, missing.json().error.message);
      });
    }
    await t.test('of another tenant', async () => {
      const foreign = await bearersWith([access, 'dangerous'], {
        userId: world.beta.users.admin,
        tenant: world.beta.tenant,
      });
      for (const [kind, bearer] of Object.entries(foreign))
        assert.equal(await codeOf(bearer, as), 'request.not-found', kind);
    });
    if (declared.isDangerous === true)
      await t.test('without the scope for dangerous acts', async () => {
        const bearers = await bearersWith([access], owner);
        for (const [kind, bearer] of Object.entries(bearers))
          assert.equal(await codeOf(bearer, as), 'auth.forbidden', kind);
      });
  });
}

test('the live feed lets in who may read scans, by whatever credential, and nobody else', async () => {
  const url = `/api/tenants/alpha/scans/${world.alpha.ids.scans}/live`;
  const codeOf = async (headers: Record<string, string>) =>
    (await world.server.inject({ url, headers })).json().error.code;
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const owner = { userId: world.alpha.users.observer, tenant: world.alpha.tenant };
  // It gets as far as hearing that this address speaks WebSocket.
  const isLetIn = 'request.invalid';
  for (const token of Object.values(await bearersWith(['scan.read'], owner)))
    assert.equal(await codeOf(bearer(token)), isLetIn);
  for (const token of Object.values(await bearersWith(['asset.read'], owner)))
    assert.equal(await codeOf(bearer(token)), 'auth.forbidden');
  const foreign = { userId: world.beta.users.admin, tenant: world.beta.tenant };
  for (const token of Object.values(await bearersWith(['scan.read'], foreign)))
    assert.equal(await codeOf(bearer(token)), 'request.not-found');
  assert.equal(await codeOf({ cookie: await world.signIn(world.alpha.users.observer) }), isLetIn);
  assert.equal(await codeOf({ cookie: await world.signIn(world.beta.users.admin) }), 'request.not-found');
  assert.equal(await codeOf({}), 'auth.sign-in-required');
});

test('ids of another tenant inside a body name nothing', async () => {
  const cookie = await world.signIn(world.alpha.users.admin);
  const send = (path: string, payload: object) =>
    world.server.inject({
      method: 'POST',
      url: `/api/tenants/alpha/${path}`,
      headers: { cookie },
      payload,
    });
  assert.equal((await send('scans', { targetId: world.beta.ids.targets })).statusCode, 404);
  assert.equal((await send('reports', { scanId: world.beta.ids.scans })).statusCode, 404);
});

test('nothing of another tenant shows in lists, counts, searches and filters', async () => {
  const cookie = await world.signIn(world.alpha.users.admin);
  const get = async (path: string) =>
    world.server.inject({ method: 'GET', url: `/api/tenants/alpha/${path}`, headers: { cookie } });
  const { ids } = world.beta;
  const paths = [
    'overview',
    'targets',
    'scans?q=corp',
    'reports',
    'assets?scope=all&pageSize=200',
    'assets?q=corp',
    'findings?pageSize=200',
    'findings?q=corp',
  ];
  for (const path of paths) {
    const { body, statusCode } = await get(path);
    assert.equal(statusCode, 200, path);
    assert.match(body, /alpha/, path);
    assert.doesNotMatch(body, /beta/, path);
    for (const id of Object.values(ids)) assert.ok(!body.includes(id), path);
  }
  for (const path of [
    'assets?q=beta',
    `assets?scope=all&scanId=${ids.scans}`,
    'findings?q=beta',
    `findings?assetId=${ids.assets}`,
    `findings?scanId=${ids.scans}`,
  ]) {
    assert.deepEqual((await get(path)).json(), { items: [], total: 0 }, path);
  }
  assert.deepEqual((await get('assets/counts')).json(), (await get('overview')).json().assets);
});

test('a platform administrator has no rights inside a tenant that did not ask for support', async () => {
  await world.platform.database.query('delete from control.support_grant');
  const id = newId();
  await world.platform.database.control
    .insertInto('control.user_account')
    .values({ id, email: 'root@platform.test', password_hash: null, is_platform_admin: true })
    .execute();
  const { statusCode } = await world.server.inject({
    method: 'GET',
    url: '/api/tenants/alpha/assets',
    headers: { cookie: await world.signIn(id) },
  });
  assert.equal(statusCode, 404);
});

test('a suspended tenant and a removed member are out at once', async () => {
  const { control } = world.platform.database;
  const cookie = await world.signIn(world.beta.users.observer);
  const get = async () =>
    (await world.server.inject({ method: 'GET', url: '/api/tenants/beta/assets', headers: { cookie } }))
      .statusCode;
  assert.equal(await get(), 200);
  const setState = (state: 'active' | 'suspended') =>
    control.updateTable('control.tenant').set({ state }).where('slug', '=', 'beta').execute();
  await setState('suspended');
  assert.equal(await get(), 404);
  await setState('active');
  assert.equal(await get(), 200);
  await control.deleteFrom('control.membership').where('user_id', '=', world.beta.users.observer).execute();
  assert.equal(await get(), 404);
});

test('a route without a permission stops the server', () => {
  const undeclared = {
    method: 'GET',
    url: '/x',
    summary: '',
    answer: 'none',
    handle: async () => {},
  } as unknown as Route;
  assert.throws(() => createHttpServer(world.platform, [undeclared]), /GET \/x declares no permission/);
  const server = createHttpServer(world.platform, []);
  assert.throws(() => server.get('/y', () => 'open'), /GET \/y declares no permission/);
});
