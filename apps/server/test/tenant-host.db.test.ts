import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { openJar } from './browser-jar.ts';
import { createWorld, type World } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld({ tenantDomain: 'tenants.test' });
});
after(() => world.close());

const get = (host: string, url: string, headers: Record<string, string> = {}) =>
  world.server.inject({ method: 'GET', url, headers: { host, ...headers } });
async function leadsTo(host: string, url: string): Promise<string | undefined> {
  const answer = await get(host, url);
  assert.equal(answer.headers['set-cookie'], undefined);
  assert.equal(answer.headers['cache-control'], 'no-store');
  if (answer.statusCode === 404) return undefined;
  assert.equal(answer.statusCode, 302, answer.body);
  return String(answer.headers['location']);
}

/** What the server answers to bytes as they are. */
function raw(of: URL, head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(of.port), of.hostname, () =>
      socket.end(`${head}Connection: close\r\n\r\n`),
    );
    socket.on('data', chunk => (text += chunk.toString('utf8')));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}

test('the host of a tenant leads to it at the public address, and to pages in it', async () => {
  const home = 'https://glacis.test/t/alpha';
  assert.equal(await leadsTo('alpha.tenants.test', '/'), home);
  assert.equal(await leadsTo('ALPHA.tenants.test:8443', '/'), home);
  assert.equal(await leadsTo('alpha.tenants.test.', '/'), home);
  assert.equal(await leadsTo('alpha.tenants.test', '/?a=b'), `${home}?a=b`);
  assert.equal(
    await leadsTo('alpha.tenants.test', '/findings?severity=high'),
    `${home}/findings?severity=high`,
  );
  assert.equal(await leadsTo('alpha.tenants.test', '/t/alpha/scans'), `${home}/scans`);
  assert.equal(await leadsTo('tenants.test', '/'), 'https://glacis.test/');
});

test('it says nothing about which tenants there are', async () => {
  assert.equal(await leadsTo('nobody-has-this.tenants.test', '/'), 'https://glacis.test/t/nobody-has-this');
});

test('nothing else is there: no other tenant, no API, no file, no other method', async () => {
  for (const url of [
    '/t/beta',
    '/t/beta/findings',
    '/t/alphabet',
    '/api/health',
    '/api/tenants/alpha/assets',
    '/assets/index.js',
    '/%2e%2e/t/beta',
  ])
    assert.equal(await leadsTo('alpha.tenants.test', url), undefined, url);
  for (const host of [
    'a.b.tenants.test',
    '-.tenants.test',
    'alpha_x.tenants.test',
    `${'a'.repeat(64)}.tenants.test`,
  ])
    assert.equal(await leadsTo(host, '/'), undefined, host);
  const posted = await world.server.inject({
    method: 'POST',
    url: '/api/session',
    headers: { host: 'alpha.tenants.test' },
    payload: { email: 'admin@alpha.test', password: 'x' },
  });
  assert.equal(posted.statusCode, 404);
});

test('paths that clients would tidy up lead nowhere else either', async () => {
  const address = await world.server.listen({ host: '127.0.0.1', port: 0 });
  for (const path of [
    '//evil.test/',
    '/\\evil.test',
    '/findings/../../beta',
    '/../api/health',
    'https://evil.test/',
  ]) {
    const answer = await raw(new URL(address), `GET ${path} HTTP/1.1\r\nHost: alpha.tenants.test\r\n`);
    assert.match(answer, /^HTTP\/1.1 (404|400) /, `${path} ${answer}`);
  }
  const twice = await raw(
    new URL(address),
    'GET / HTTP/1.1\r\nHost: alpha.tenants.test\r\nHost: evil.test\r\n',
  );
  assert.ok(!/location: (?!https:\/\/glacis\.test\/)/i.test(twice), twice);
});

test('a session counts for nothing at the host of a tenant, its own or another', async () => {
  const jar = openJar(world, await world.signIn(world.alpha.users.admin));
  for (const host of ['alpha.tenants.test', 'beta.tenants.test'])
    assert.equal((await jar.send('GET', '/api/tenants/alpha/assets', undefined, { host })).statusCode, 404);
  const host = 'glacis.test';
  assert.equal((await jar.send('GET', '/api/tenants/alpha/assets', undefined, { host })).statusCode, 200);
});

test('a page of a tenant’s host cannot call the API, and its cookies are no wider than the public host', async () => {
  const jar = openJar(world, await world.signIn(world.alpha.users.admin));
  const asTenantHost = { host: 'glacis.test', origin: 'https://alpha.tenants.test' };
  const answer = await jar.send('DELETE', '/api/session', undefined, asTenantHost);
  assert.equal(answer.json().error.code, 'auth.origin-refused');
  const ended = await jar.send('DELETE', '/api/session', undefined, { host: 'glacis.test' });
  assert.ok(!/domain=/i.test(String(ended.headers['set-cookie'])));
});

test('headers about hosts do not say where it leads', async () => {
  const forged = await get('alpha.tenants.test', '/', {
    'x-forwarded-host': 'evil.test',
    forwarded: 'host=evil.test',
    'x-original-url': 'https://evil.test/',
  });
  assert.equal(forged.headers['location'], 'https://glacis.test/t/alpha');
  const unknown = await get('evil.test', '/api/health', { 'x-forwarded-host': 'alpha.tenants.test' });
  assert.equal(unknown.statusCode, 200, 'no proxy is believed that was not named');
  assert.equal((await get('eviltenants.test', '/api/health')).statusCode, 200);
});
