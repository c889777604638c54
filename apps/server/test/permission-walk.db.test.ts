import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTokenRequest, errorBody, errorCatalogue, permissionsOf, type Role } from '@glacis/contract';
import { createToken, isRecorded, readHead, routes, type Route } from '@glacis/domain';
import { newId } from '@glacis/foundation';
import { createHttpServer } from '../src/http.ts';
import { platformSamples } from './platform-samples.ts';
import { signInSamples } from './sign-in-samples.ts';
import { createWorld, MAILED_CODE, type Surface, type World } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

interface Sample {
  /** Id for the `:id` of the path, for a caller; left out: the surface's own thing. */
  readonly id?: (of: Surface, as: string) => Promise<string>;
  readonly body?: (of: Surface, as: string) => Promise<object>;
  /** Error that who is allowed gets in this world, where the call needs something it has not. */
  readonly refusal?: string;
  /** Somebody of their own who calls, where the call changes who calls. */
  readonly caller?: (of: Surface, role: Role) => Promise<string>;
}

const PASSWORD = 'a long enough password';

/** A member who leads the surface's project. */
async function walkLead(of: Surface, role: Role): Promise<string> {
  const userId = await world.freshMember(of, role);
  await world.platform.database.inTenant(of.tenant, tx =>
    tx.sql
      .insertInto('project_member')
      .values({ project_id: of.ids.projects, user_id: userId, level: 'lead' })
      .execute(),
  );
  return userId;
}

/** What a valid call sends. A new route with a body, or one that changes what others need, has to be added here. */
const samples: Readonly<Record<string, Sample>> = {
  'POST /api/session': { body: async () => ({ link: 'x'.repeat(43) }) },
  'PUT /api/session/password': { body: async () => ({ current: PASSWORD, password: PASSWORD }) },
  'POST /api/session/reauthentication': {
    body: async (_, as) => {
      await givePassword(as);
      return { password: PASSWORD };
    },
  },
  ...signInSamples(() => world),
  'DELETE /api/sessions/:id': { id: async (of, as) => newSessionOf(as || of.users.admin) },
  'POST /api/tokens': { body: async () => ({ name: 'walk', scopes: ['asset.read'] }) },
  'DELETE /api/tokens/:id': { id: async (of, as) => newTokenOf(as || of.users.admin) },
  'POST /api/tenants/:tenant/tokens': { body: async () => ({ name: 'walk', scopes: ['asset.read'] }) },
  'DELETE /api/tenants/:tenant/tokens/:id': {
    id: async of => {
      const { database } = world.platform;
      const request = createTokenRequest.parse({ name: 'walk', scopes: ['asset.read'] });
      return (await createToken(database, { tenant: of.tenant }, request, null)).id;
    },
  },
  'POST /api/access-tokens': { body: async () => ({}) },
  'POST /api/access-tokens/refresh': { body: async () => ({ refreshToken: 'x'.repeat(43) }) },
  'POST /api/access-tokens/revoke': { body: async () => ({ refreshToken: 'x'.repeat(43) }) },
  'POST /api/invitations/look': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/invitations/accept': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/password-reset': { body: async () => ({ email: 'nobody@walk.test' }) },
  'POST /api/password-reset/complete': {
    body: async () => ({ token: 'x'.repeat(43), password: 'a long enough password' }),
  },
  'POST /api/session/email': {
    body: async (_, as) => {
      await givePassword(as);
      return { email: `${newId()}@walk.test`, password: PASSWORD };
    },
  },
  'POST /api/email-change/confirm': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/sign-up': { body: async () => ({ email: 'nobody@walk.test' }) },
  'POST /api/sign-up/look': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/sign-up/complete': {
    body: async () => ({
      token: 'x'.repeat(43),
      organisation: 'Walk',
      slug: 'walkers',
      planId: newId(),
    }),
  },
  'POST /api/sign-up/enter': { body: async () => ({ token: 'x'.repeat(43) }) },
  'POST /api/tenants/:tenant/plan/checkout': {
    body: async () => ({ planId: newId() }),
    refusal: 'payment.by-hand',
  },
  'POST /api/tenants/:tenant/plan/portal': { refusal: 'payment.by-hand' },
  'POST /api/tenants/:tenant/support': { body: async () => ({ role: 'observer', hours: 1 }) },
  'DELETE /api/tenants/:tenant/support/:id': { id: of => world.freshSupport(of) },
  'PATCH /api/tenants/:tenant/members/:id': {
    id: of => world.freshMember(of),
    body: async () => ({ role: 'operator' }),
  },
  'DELETE /api/tenants/:tenant/members/:id': { id: of => world.freshMember(of) },
  'POST /api/tenants/:tenant/leave': { caller: (of, role) => world.freshMember(of, role) },
  'POST /api/tenants/:tenant/invitations': {
    body: async of => ({ email: `${newId()}@${of.slug}.test`, role: 'observer' }),
  },
  'POST /api/tenants/:tenant/invitations/:id/renew': { id: of => world.freshInvitation(of) },
  'DELETE /api/tenants/:tenant/invitations/:id': { id: of => world.freshInvitation(of) },
  'POST /api/tenants/:tenant/targets': { body: async of => ({ domain: `${newId()}.${of.domain}` }) },
  'DELETE /api/tenants/:tenant/targets/:id': { id: of => world.freshTarget(of) },
  'PATCH /api/tenants/:tenant/targets/:id': { body: async () => ({ note: 'walked' }) },
  'POST /api/tenants/:tenant/organisations': { body: async () => ({ name: `Organisation ${newId()}` }) },
  'PATCH /api/tenants/:tenant/organisations/:id': { body: async () => ({ name: `Organisation ${newId()}` }) },
  'DELETE /api/tenants/:tenant/organisations/:id': {
    id: async of => (await world.freshGroup(of)).organisationId,
  },
  'POST /api/tenants/:tenant/organisations/:id/groups': { body: async () => ({ name: `Group ${newId()}` }) },
  'DELETE /api/tenants/:tenant/groups/:id': { id: async of => (await world.freshGroup(of)).id },
  'POST /api/tenants/:tenant/projects': { body: async () => ({ name: `Project ${newId()}` }) },
  'PATCH /api/tenants/:tenant/projects/:id': {
    caller: walkLead,
    body: async () => ({ note: 'walked' }),
  },
  'DELETE /api/tenants/:tenant/projects/:id': { id: of => world.freshProject(of) },
  'PUT /api/tenants/:tenant/projects/:id/members': {
    caller: walkLead,
    body: async (_, as) => ({ members: as ? [{ userId: as, level: 'lead' }] : [] }),
  },
  'POST /api/tenants/:tenant/projects/:id/targets': {
    caller: walkLead,
    body: async of => ({ add: [of.ids.targets] }),
  },
  'PUT /api/tenants/:tenant/members/:id/scope': {
    id: of => world.freshMember(of),
    body: async () => ({ scope: 'projects' }),
  },
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

/** Gives a person the password of the walk, unless they have it. */
async function givePassword(userId: string): Promise<void> {
  if (userId === '') return;
  const headers = { cookie: await world.signIn(userId) };
  const { user } = (await world.server.inject({ url: '/api/session', headers })).json();
  if (user.hasPassword) return;
  const payload = { password: PASSWORD };
  const set = await world.server.inject({ method: 'PUT', url: '/api/session/password', headers, payload });
  assert.equal(set.statusCode, 204);
}

/** Id of a fresh token of a person. */
async function newTokenOf(userId: string): Promise<string> {
  const { database } = world.platform;
  const request = createTokenRequest.parse({ name: 'walk', scopes: ['asset.read'] });
  return (await createToken(database, { userId, tenant: undefined }, request, userId)).id;
}

/** Id of a fresh session of a person. */
async function newSessionOf(userId: string): Promise<string> {
  const headers = { cookie: await world.signIn(userId) };
  const { items } = (await world.server.inject({ url: '/api/sessions', headers })).json();
  return items.find((entry: { isCurrent: boolean }) => entry.isCurrent).id;
}

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
  where: { tenant: Surface; thing?: Surface; method?: string },
) {
  // A thing of another tenant is that of somebody there.
  const owner = where.thing ? where.thing.users.admin : (as ?? '');
  const id = of.url.includes(':id') ? await idFor(of, where.thing ?? where.tenant, owner) : '';
  const body = await samples[nameOf(of)]?.body?.(where.tenant, as ?? '');
  assert.equal(body !== undefined, of.body !== undefined, `${nameOf(of)} needs a sample body in the walk`);
  const headers = as ? { cookie: await world.signIn(as) } : {};
  await world.platform.audit.flush();
  const before = await recordsOf(of, where.tenant);
  const response = await world.server.inject({
    method: (where.method ?? of.method) as 'GET',
    url: of.url.replace(':tenant', where.tenant.slug).replace(':id', id),
    headers,
    ...(body ? { payload: body } : {}),
  });
  await assertRecorded(of, response.statusCode, as !== undefined, {
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
  const [own, platform] = await Promise.all([
    readHead(database, tenant.tenant),
    readHead(database, undefined),
  ]);
  return of.url.includes(':tenant')
    ? { tenant: own.seq, platform: platform.seq }
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
    if (declared.url.includes(':id')) {
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
