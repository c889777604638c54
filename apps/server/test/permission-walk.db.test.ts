import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { errorBody, errorCatalogue, permissionsOf, type Role } from '@glacis/contract';
import { routes, type Route } from '@glacis/domain';
import { newId } from '@glacis/foundation';
import { createHttpServer } from '../src/http.ts';
import { createWorld, MAILED_CODE, type Surface, type World } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

interface Sample {
  /** Id for the `:id` of the path; left out: the surface's own thing. */
  readonly id?: (of: Surface) => Promise<string>;
  readonly body?: (of: Surface) => Promise<object>;
}

/** What a valid call sends. A new route with a body, or one that changes what others need, has to be added here. */
const samples: Readonly<Record<string, Sample>> = {
  'POST /api/session': { body: async () => ({ link: 'x'.repeat(43) }) },
  'PUT /api/session/password': { body: async () => ({ password: 'a long enough password' }) },
  'POST /api/tenants/:tenant/targets': { body: async of => ({ domain: `${newId()}.${of.domain}` }) },
  'DELETE /api/tenants/:tenant/targets/:id': { id: of => world.freshTarget(of) },
  'POST /api/tenants/:tenant/targets/:id/verify': { body: async () => ({ method: 'dns' }) },
  'DELETE /api/tenants/:tenant/targets/:id/proof': { id: of => world.freshTarget(of) },
  'POST /api/tenants/:tenant/targets/:id/mail-proof': {
    id: of => world.freshTarget(of),
    body: async () => ({ mailbox: 'postmaster' }),
  },
  'POST /api/tenants/:tenant/targets/:id/mail-proof/confirm': {
    id: of => world.mailedTarget(of),
    body: async () => ({ code: MAILED_CODE }),
  },
  'POST /api/tenants/:tenant/scans': {
    body: async of => ({ targetId: await world.freshTarget(of) }),
  },
  'POST /api/tenants/:tenant/scans/:id/cancel': { id: of => world.runningScan(of) },
  'PATCH /api/tenants/:tenant/findings/:id': { body: async () => ({ state: 'confirmed' }) },
  'POST /api/tenants/:tenant/reports': { body: async of => ({ scanId: of.ids.scans }) },
};

const nameOf = (of: Route): string => `${of.method} ${of.url}`;

async function idFor(of: Route, surface: Surface): Promise<string> {
  const own = samples[nameOf(of)]?.id;
  if (own) return own(surface);
  const [, kind = ''] = /:tenant\/(\w+)\/:id/.exec(of.url) ?? [];
  const known: Readonly<Record<string, string>> = surface.ids;
  const id = known[kind];
  assert.ok(id, `the walk knows no ${kind} for ${nameOf(of)}`);
  return id;
}

async function call(
  of: Route,
  as: string | undefined,
  where: { tenant: Surface; thing?: Surface; method?: string },
) {
  const id = of.url.includes(':id') ? await idFor(of, where.thing ?? where.tenant) : '';
  const body = await samples[nameOf(of)]?.body?.(where.tenant);
  assert.equal(body !== undefined, of.body !== undefined, `${nameOf(of)} needs a sample body in the walk`);
  const response = await world.server.inject({
    method: (where.method ?? of.method) as 'GET',
    url: of.url.replace(':tenant', where.tenant.slug).replace(':id', id),
    headers: as ? { cookie: await world.signIn(as) } : {},
    ...(body ? { payload: body } : {}),
  });
  if (response.statusCode >= 400 && response.body !== '') {
    const { error } = errorBody.parse(response.json());
    const catalogue: Readonly<Record<string, { status: number }>> = errorCatalogue;
    assert.equal(catalogue[error.code]?.status, response.statusCode, error.code);
  }
  return response;
}

const roles: readonly Role[] = ['observer', 'operator', 'admin'];

for (const declared of routes) {
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
        const response = await call(declared, world.beta.users.admin, { tenant: world.alpha });
        assert.equal(response.statusCode, 404);
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
        const { statusCode } = await call(declared, world.alpha.users[role], { tenant: world.alpha });
        const isAllowed = !isGuarded || permissionsOf[role].includes(access);
        if (isAllowed) assert.ok(statusCode >= 200 && statusCode < 300, `answered ${statusCode}`);
        else assert.equal(statusCode, 403);
      });
    }
    if (declared.url.includes(':id')) {
      await t.test('admin with a thing of another tenant, and with one that does not exist', async () => {
        const as = world.alpha.users.admin;
        const foreign = await call(declared, as, { tenant: world.alpha, thing: world.beta });
        assert.equal(foreign.statusCode, 404);
        const url = declared.url.replace(':tenant', world.alpha.slug).replace(':id', newId());
        const body = await samples[nameOf(declared)]?.body?.(world.alpha);
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

test('a platform administrator has no rights inside a tenant', async () => {
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
