import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { errorBody, errorCatalogue, scimError } from '@glacis/contract';
import { routes } from '@glacis/domain';
import { newId } from '@glacis/foundation';
import type { InjectOptions } from 'fastify';
import { z } from 'zod';
import { isScim, provisionerOf } from './provisioning.ts';
import { createWorld, type World } from './world.ts';

let world: World;
let admin: string;
let platformAdmin: string;
let provisioner: string;
before(async () => {
  world = await createWorld();
  admin = await world.signIn(world.alpha.users.admin);
  platformAdmin = await world.signIn(await world.platformAdmin());
  provisioner = await provisionerOf(world, world.alpha);
  mkdirSync(join(world.webFolder, 'assets'), { recursive: true });
  writeFileSync(join(world.webFolder, 'index.html'), '<!doctype html><title>app</title>');
  writeFileSync(join(world.webFolder, 'assets', 'app.js'), 'export {}');
  writeFileSync(join(world.webFolder, '..', 'outside.txt'), 'a private file');
});
after(() => world.close());

async function send(options: InjectOptions) {
  const response = await world.server.inject({ ...options, headers: { cookie: admin, ...options.headers } });
  // A changed password goes on under a new secret.
  const [cookie] = String(response.headers['set-cookie'] ?? '').split(';');
  if (cookie !== undefined && cookie !== '') admin = cookie;
  return response;
}

/** A failure must carry a code of the catalogue, its status, a sentence and the request id. */
function assertError(response: { statusCode: number; body: string }, status?: number): void {
  const body: object = JSON.parse(response.body);
  const { error } = ('schemas' in body ? scimError : errorBody).strict().parse(body);
  const catalogue: Readonly<Record<string, { status: number }>> = errorCatalogue;
  assert.equal(catalogue[error.code]?.status, response.statusCode, error.code);
  if (status !== undefined) assert.equal(response.statusCode, status, error.message);
  assert.match(error.requestId, /^[0-9a-f-]{36}$/);
  assert.doesNotMatch(error.message, /invalid byte|syntax error|node_modules|\.ts:/);
}

const HOSTILE = [
  `' or 1=1 --`,
  `'; drop table finding; --`,
  `"; reset role; select 1; --`,
  `\\'; select pg_sleep(60); --`,
  `$$; commit; $$`,
  `%' union select null,null --`,
  `a\u0000b`,
  '\ud800',
  '%_\\',
  '\u202e\u200b',
  '🏰'.repeat(60),
  `{"$ne":null}`,
  '../../../etc/passwd',
  '${7*7}{{7*7}}',
];

interface Field {
  readonly name: string;
  readonly where: 'query' | 'body';
}

/** The text fields of a route, from its schemas: whatever takes a string at the top level. */
function textFields(schema: z.ZodType | undefined, where: Field['where']): Field[] {
  if (!schema) return [];
  const json = z
    .object({ properties: z.record(z.string(), z.unknown()).default({}) })
    .parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return Object.entries(json.properties)
    .filter(([, value]) => JSON.stringify(value).includes('"string"'))
    .map(([name]) => ({ name, where }));
}

async function counts(): Promise<unknown> {
  return world.platform.database.inTenant(world.alpha.tenant, async tx => {
    const names = ['target', 'scan', 'asset', 'finding', 'report'] as const;
    const all = names.map(name =>
      tx.sql
        .selectFrom(name)
        .select(eb => eb.fn.countAll<string>().as('n'))
        .executeTakeFirst(),
    );
    return Promise.all(all);
  });
}

for (const route of routes) {
  const fields = [...textFields(route.query, 'query'), ...textFields(route.body, 'body')];
  const path = ['tenant', 'id', 'feature', 'name'].filter(name => route.url.includes(`:${name}`));
  test(`hostile text in every field of ${route.method} ${route.url}`, async () => {
    const before = await counts();
    const headers = isScim(route.url)
      ? { authorization: `Bearer ${provisioner}` }
      : route.access === 'platform.manage'
        ? { cookie: platformAdmin }
        : undefined;
    for (const text of HOSTILE) {
      for (const name of path) {
        const url = route.url
          .replace(`:${name}`, encodeURIComponent(text.toWellFormed()))
          .replace(':tenant', 'alpha')
          .replace(':id', newId());
        const response = await send({ method: route.method, url, ...(headers ? { headers } : {}) });
        assertError(response, 404);
      }
      for (const field of fields) {
        const url = route.url.replace(':tenant', 'alpha').replace(':id', newId());
        const response = await send({
          method: route.method,
          ...(headers ? { headers } : {}),
          url:
            field.where === 'query' ? `${url}?${field.name}=${encodeURIComponent(text.toWellFormed())}` : url,
          ...(field.where === 'body' ? { payload: { [field.name]: text } } : {}),
        });
        assert.ok(response.statusCode < 500, `${field.name}: ${response.body}`);
        if (response.statusCode >= 400) assertError(response);
      }
    }
    assert.deepEqual(await counts(), before);
  });
}

test('search takes its text literally', async () => {
  for (const q of [`' or 1=1 --`, '%', '_', '\\']) {
    for (const list of ['assets', 'findings', 'scans']) {
      const response = await send({ url: `/api/tenants/alpha/${list}?q=${encodeURIComponent(q)}` });
      assert.deepEqual(response.json(), { items: [], total: 0 }, `${list} ${q}`);
    }
  }
});

test('unknown keys of a body are refused', async () => {
  const tries: [InjectOptions['method'], string, object][] = [
    ['POST', '/api/session', { link: 'x'.repeat(43), isPlatformAdmin: true }],
    ['PUT', '/api/session/password', { password: 'long enough password', email: 'x@y.test' }],
    ['POST', '/api/tenants/alpha/targets', { domain: 'a.test', proof_state: 'proven' }],
    ['POST', '/api/tenants/alpha/scans', { targetId: world.alpha.ids.targets, isActive: true }],
    ['POST', '/api/tenants/alpha/scans', { targetId: world.alpha.ids.targets, engine: { isActive: true } }],
    ['PATCH', `/api/tenants/alpha/findings/${world.alpha.ids.findings}`, { state: 'open', severity: 'info' }],
    ['POST', '/api/tenants/alpha/reports', { scanId: world.alpha.ids.scans, state: 'ready' }],
  ];
  for (const [method, url, payload] of tries)
    assertError(await send({ method: method ?? 'POST', url, payload }), 400);
});

test('bodies that are too large, broken, too deep or of another type get a clear answer', async () => {
  const url = '/api/tenants/alpha/targets';
  const json = { 'content-type': 'application/json' };
  const post = (payload: string, headers: Record<string, string> = json, at = url) =>
    send({ method: 'POST', url: at, payload, headers });
  assertError(await post(JSON.stringify({ domain: 'x'.repeat(2_000_000) })), 413);
  for (const text of ['{', '', 'null', '[]', '"x"', '{"domain":1}', '{"domain":["a.test"]}', 'NaN'])
    assertError(await post(text), 400);
  assertError(await post('{"__proto__":{"domain":"a.test"}}'), 400);
  assertError(await post('{"constructor":{"prototype":{"x":1}},"domain":"a.test"}'), 400);
  for (const type of [
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    'x',
    'application/x-www-form-urlencoded',
  ])
    assertError(await post('domain=a.test', { 'content-type': type }), 400);
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const engine = `{"targetId":"${world.alpha.ids.targets}","engine":{"options":{"idle":{"words":${deep}}}}}`;
  assertError(await post(engine, json, '/api/tenants/alpha/scans'), 400);
});

test('an engine that names what does not exist is refused with every mistake', async () => {
  const response = await send({
    method: 'POST',
    url: '/api/tenants/alpha/scans',
    payload: {
      targetId: world.alpha.ids.targets,
      engine: { scanners: ['no-such'], options: { idle: { speed: 11 } } },
    },
  });
  assertError(response, 400);
  const { error } = response.json();
  assert.equal(error.code, 'engine.invalid');
  assert.match(error.message, /no-such.*idle/s);
  assert.match(error.message, /speed/);
});

test('odd addresses get a clear answer', async () => {
  assertError(await send({ url: '/api/tenants/alpha/%zz' }), 400);
  assertError(await send({ url: '/%E0%A4%A' }), 400);
  assertError(await send({ url: '/api/no-such-thing' }), 404);
  assertError(await send({ url: '/api/tenants/alpha/no-such-list' }), 404);
  assertError(await send({ url: `/api/tenants/${'x'.repeat(500)}/assets` }), 404);
  assertError(await send({ method: 'DELETE', url: '/api/tenants/alpha/assets' }), 405);
  const options = await send({ method: 'OPTIONS', url: '/api/session' });
  assertError(options, 405);
  assert.equal(options.headers.allow, 'DELETE, GET, HEAD, POST');
  for (const query of [
    'page=0',
    'page=x',
    'pageSize=100000',
    'sort=password',
    'order=up',
    'scanId=1',
    'q=a&q=b',
  ])
    assertError(await send({ url: `/api/tenants/alpha/assets?${query}` }), 400);
  for (const query of ['state=nothing', 'severity=worst', 'assetId=x'])
    assertError(await send({ url: `/api/tenants/alpha/findings?${query}` }), 400);
});

test('the web app’s files and nothing else are served', async () => {
  const get = (url: string) => world.server.inject({ url });
  assert.match((await get('/')).body, /<title>app/);
  assert.match((await get('/t/alpha/findings')).body, /<title>app/);
  assert.equal((await get('/assets/app.js')).body, 'export {}');
  for (const url of [
    '/../outside.txt',
    '/..%2foutside.txt',
    '/%2e%2e/outside.txt',
    '/assets/..%2f..%2foutside.txt',
    '/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '/..%5coutside.txt',
    '/assets/app.js%00.html',
    '//etc/passwd',
    '/....//outside.txt',
  ]) {
    const response = await get(url);
    assert.doesNotMatch(response.body, /a private file|root:/, url);
    assert.ok(response.statusCode < 500, url);
  }
  assertError(await get('/assets/missing.js'), 404);
});

test('every answer carries the security headers', async () => {
  for (const url of ['/', '/api/session', '/api/docs', '/api/tenants/alpha/assets', '/nowhere.js', '/%zz']) {
    const { headers } = await send({ url });
    assert.match(String(headers['content-security-policy']), /default-src 'self'/, url);
    assert.equal(headers['x-content-type-options'], 'nosniff', url);
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, url);
  }
});

test('bytes that are no HTTP get an error, and the server goes on', async () => {
  const address = new URL(await world.server.listen({ host: '127.0.0.1', port: 0 }));
  for (const bytes of [
    '\x16\x03\x01\x00\xa5garbage\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: -1\r\n\r\n',
  ]) {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(address.port), '127.0.0.1', () => socket.write(bytes));
      let text = '';
      socket
        .on('data', chunk => (text += chunk))
        .on('close', () => resolve(text))
        .on('error', reject);
    });
    assert.match(answer, /^HTTP\/1\.1 400/);
  }
  assert.equal((await fetch(new URL('/api/health', address))).status, 200);
});
