import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { scimSchemas } from '@glacis/contract';
import { routes } from '@glacis/domain';
import { Validator } from '@seriousme/openapi-schema-validator';
import { answersOf, openApi, type OpenApi } from './documented.ts';
import { freshPerson, freshProvidedGroup, isScim, provisionerOf } from './provisioning.ts';
import { createWorld, type World } from './world.ts';

let world: World;
let cookie: string;
let provisioner: string;
let api: OpenApi;
let answers: ReturnType<typeof answersOf>;
let text: string;
before(async () => {
  world = await createWorld();
  // Answers of the routes above tenants are checked too.
  await world.platform.database.control
    .updateTable('control.user_account')
    .set({ is_platform_admin: true })
    .where('id', '=', world.alpha.users.admin)
    .execute();
  cookie = await world.signIn(world.alpha.users.admin);
  provisioner = await provisionerOf(world, world.alpha);
  text = (await world.server.inject({ url: '/api/openapi.json' })).body;
  api = openApi.parse(JSON.parse(text));
  answers = answersOf(api);
});
after(() => world.close());

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(JSON.parse(text));
  assert.ok(result.valid, JSON.stringify(result.errors)?.slice(0, 1000));
  assert.match(api.openapi, /^3\.1\./);
});

test('the document has every route once, with its permission', () => {
  const described = Object.entries(api.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, operation]) => `${method.toUpperCase()} ${path} ${operation['x-permission']}`,
    ),
  );
  const declared = routes.map(
    route => `${route.method} ${route.url.replace(/:(\w+)/g, '{$1}')} ${route.access}`,
  );
  assert.deepEqual(described.sort(), declared.sort());
  const ids = Object.values(api.paths).flatMap(operations =>
    Object.values(operations).map(operation => operation.operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
});

/** Ids for the routes of SCIM that name one thing. */
async function scimThings(): Promise<Readonly<Record<string, string>>> {
  return {
    '/api/tenants/:tenant/scim/v2/Users/:id': await freshPerson(world, world.alpha),
    '/api/tenants/:tenant/scim/v2/Groups/:id': await freshProvidedGroup(world, world.alpha),
  };
}

for (const route of routes.filter(entry => entry.method === 'GET' && entry.answer !== 'file')) {
  test(`the answer and the refusal of GET ${route.url} fit the document`, async () => {
    const isOfPlatform = route.access === 'platform.manage';
    const kind = isOfPlatform ? '' : /:tenant\/(\w+)\/:id/.exec(route.url)?.[1];
    const ids: Readonly<Record<string, string>> = world.alpha.ids;
    const id = isOfPlatform ? world.alpha.tenant : (ids[kind ?? ''] ?? '');
    const url = route.url
      .replace(':tenant', 'alpha')
      .replace(':id', isScim(route.url) ? ((await scimThings())[route.url] ?? '') : id)
      .replace('Schemas/:name', `Schemas/${scimSchemas.group}`)
      .replace(':name', 'Group');
    const path = route.url.replace(/:(\w+)/g, '{$1}');
    const as = isOfPlatform ? await world.signIn(await world.platformAdmin()) : cookie;
    const headers = isScim(url) ? { authorization: `Bearer ${provisioner}` } : { cookie: as };
    const answer = await world.server.inject({ url, headers });
    assert.equal(answer.statusCode, 200);
    answers.check(path, api.paths[path]?.['get'], answer);
    if (route.access === 'public') return;
    const refused = await world.server.inject({ url });
    assert.equal(refused.statusCode, 401);
    answers.check(path, api.paths[path]?.['get'], refused);
  });
}

test('answers to changes fit the document', async () => {
  const send = async (method: 'POST' | 'PATCH', path: string, id: string, payload?: object) => {
    const url = path.replace('{tenant}', 'alpha').replace('{id}', id);
    const answer = await world.server.inject({
      method,
      url,
      headers: { cookie },
      ...(payload ? { payload } : {}),
    });
    assert.ok(answer.statusCode < 300, `${url}: ${answer.body}`);
    answers.check(path, api.paths[path]?.[method.toLowerCase()], answer);
  };
  const { ids } = world.alpha;
  await send('POST', '/api/tenants/{tenant}/targets', '', { domain: 'new.test' });
  await send('POST', '/api/tenants/{tenant}/targets/{id}/verify', ids.targets);
  await send('POST', '/api/tenants/{tenant}/scans', '', { targetId: await world.freshTarget(world.alpha) });
  await send('POST', '/api/tenants/{tenant}/scans/{id}/cancel', await world.runningScan(world.alpha));
  await send('PATCH', '/api/tenants/{tenant}/findings/{id}', ids.findings, { state: 'accepted' });
  await send('POST', '/api/tenants/{tenant}/reports', '', { scanId: ids.scans });
});

test('the page to browse it needs no script and names every route', async () => {
  const { body, headers } = await world.server.inject({ url: '/api/docs' });
  assert.match(String(headers['content-type']), /text\/html/);
  assert.doesNotMatch(body, /<script|https?:\/\//);
  for (const route of routes) assert.ok(body.includes(route.url), route.url);
});
