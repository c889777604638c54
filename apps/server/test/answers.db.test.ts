import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { routes, type Route } from '@glacis/domain';
import { newId } from '@glacis/foundation';
import type { InjectOptions } from 'fastify';
import { answersOf, openApi, type OpenApi, type Operation } from './documented.ts';
import { valueOf, wrongOnes } from './generated-data.ts';
import { provisionerOf } from './provisioning.ts';
import { createWorld, type World } from './world.ts';

/** Every operation with data made from the document, good and bad: `npm run fuzz:api` does the same with chance and for longer. */
let world: World;
let api: OpenApi;
let answers: ReturnType<typeof answersOf>;
let owner: string;
let provisioner: string;
before(async () => {
  world = await createWorld({ limits: {} });
  owner = await world.freshMember(world.alpha, 'admin');
  await world.platform.database.control
    .updateTable('control.user_account')
    .set({ is_platform_admin: true })
    .where('id', '=', owner)
    .execute();
  provisioner = await provisionerOf(world, world.alpha);
  api = openApi.parse((await world.server.inject({ url: '/api/openapi.json' })).json());
  answers = answersOf(api);
});
after(() => world.close());

function operationOf(route: Route): Operation {
  const path = route.url.replace(/:(\w+)/g, '{$1}');
  const operation = api.paths[path]?.[route.method.toLowerCase()];
  assert.ok(operation, path);
  return operation;
}

/** Calls by somebody who may do everything; a call that ends their session does not hold up the next one. */
async function call(route: Route, what: string, of: { query?: string; body?: unknown }): Promise<number> {
  const kind = /:tenant\/(\w+)\/:id/.exec(route.url)?.[1] ?? '';
  const ids: Readonly<Record<string, string>> = world.alpha.ids;
  // What is there is read and changed, but not removed; proofs are not looked for where nobody answers.
  const isSpared = route.method === 'DELETE' || route.url.endsWith('/verify');
  const id = isSpared ? newId() : (ids[kind] ?? newId());
  const options: InjectOptions = {
    method: route.method,
    url:
      route.url
        .replace(':tenant', 'alpha')
        .replace(':id', id)
        .replace(':feature', 'active-scans')
        .replace(':name', 'User') + (of.query ? `?${of.query}` : ''),
    headers: {
      ...(route.isForService === true
        ? { authorization: `Bearer ${provisioner}` }
        : { cookie: await world.signIn(owner) }),
      ...(of.body === undefined ? {} : { 'content-type': route.upload ? 'text/csv' : 'application/json' }),
    },
    ...(of.body === undefined ? {} : { payload: route.upload ? String(of.body) : JSON.stringify(of.body) }),
  };
  const answer = await world.server.inject(options);
  answers.check(`${route.method} ${route.url}, ${what}`, operationOf(route), answer);
  return answer.statusCode;
}

/** The query of a route, with each parameter as the schema wants it. */
function queryOf(operation: Operation): string {
  const query = new URLSearchParams();
  for (const { name, schema } of operation.parameters.filter(one => one.in === 'query')) {
    const value = valueOf(schema, 'most');
    query.set(name, Array.isArray(value) ? String(value[0]) : String(value));
  }
  return query.toString();
}

for (const route of routes) {
  test(`${route.method} ${route.url} answers as the document says, whatever comes`, async () => {
    const operation = operationOf(route);
    const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
    const least = body === undefined ? undefined : valueOf(body, 'least');
    await call(route, 'the least', { body: least });
    await call(route, 'the most', {
      query: queryOf(operation),
      body: body === undefined ? undefined : valueOf(body, 'most'),
    });
    for (const { name, in: where } of operation.parameters) {
      if (where !== 'query') continue;
      for (const value of ['', '-1', '1e99', 'x', '99999999999999999999', '\u202e', "' or 1=1 --", 'null'])
        await call(route, `${name} = ${value}`, {
          query: new URLSearchParams({ [name]: value }).toString(),
          body: least,
        });
    }
    if (body === undefined || route.upload) return;
    for (const { what, value } of wrongOnes(body)) {
      const status = await call(route, what, { body: value });
      if (!answers.fits(body, value))
        assert.ok(status >= 400, `${what} was taken: ${JSON.stringify(value).slice(0, 200)}`);
    }
  });
}
