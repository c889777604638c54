import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createToken, openRateLimiter, readAudit, type Platform } from '@glacis/domain';
import { createTokenRequest } from '@glacis/contract';
import { silentLogger, type RateLimits } from '@glacis/foundation';
import type { FastifyInstance } from 'fastify';
import { createHttpServer } from '../src/http.ts';
import { createWorld, type World } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

/** The middle of a window in which the clock stands still. */
const MIDDLE = Math.floor(Date.now() / 60_000) * 60_000 + 3_630_000;

/** Another server on the same database, with limits of its own. */
function serverWith(limits: RateLimits, more: Partial<Platform> = {}): FastifyInstance {
  const limiter = openRateLimiter(world.platform.database, silentLogger, { limits, now: () => MIDDLE });
  return createHttpServer({ ...world.platform, limiter, ...more });
}

let addresses = 0;
const freshAddress = (): string => `198.51.100.${(addresses += 1)}`;

function get(
  server: FastifyInstance,
  headers: Record<string, string>,
  remoteAddress: string,
  url = 'assets',
) {
  return server.inject({ url: `/api/tenants/alpha/${url}`, headers, remoteAddress });
}

test('an ordinary answer tells the limits, and the default ones are far away', async () => {
  const cookie = await world.signIn(world.alpha.users.admin);
  const answer = await world.server.inject({ url: '/api/tenants/alpha/assets', headers: { cookie } });
  assert.match(
    String(answer.headers['ratelimit-policy']),
    /^"address";q=12000;w=60, "user";q=6000;w=60, "tenant";q=30000;w=60$/,
  );
  assert.match(
    String(answer.headers['ratelimit']),
    /^"address";r=\d+;t=\d+, "user";r=\d+;t=\d+, "tenant";r=\d+;t=\d+$/,
  );
});

test('over the limit the answer is 429 with the time to wait, for that person alone', async () => {
  const [one, two] = [serverWith({ user: 6 }), serverWith({ user: 6 })];
  const cookie = await world.signIn(world.alpha.users.operator);
  const other = await world.signIn(world.alpha.users.observer);
  const codes: number[] = [];
  for (let count = 0; count < 5; count += 1)
    for (const server of [one, two]) codes.push((await get(server, { cookie }, freshAddress())).statusCode);
  assert.equal(codes.filter(code => code === 200).length, 6, 'both servers share the count');
  const refused = await get(one, { cookie }, freshAddress());
  assert.equal(refused.statusCode, 429);
  assert.equal(refused.json().error.code, 'request.rate-limited');
  assert.match(String(refused.headers['retry-after']), /^\d+$/);
  assert.ok(Number(refused.headers['retry-after']) <= 60);
  assert.match(String(refused.headers['ratelimit']), /"user";r=0/);
  assert.equal((await get(one, { cookie: other }, freshAddress())).statusCode, 200);
  await world.platform.audit.flush();
  let isRecorded = false;
  for await (const records of readAudit(world.platform.database, world.alpha.tenant, {}))
    isRecorded ||= records.some(record => record.body.includes('request.rate-limited'));
  assert.ok(isRecorded);
  await Promise.all([one.close(), two.close()]);
});

test('a token, a tenant and an address have limits of their own', async () => {
  const { database } = world.platform;
  const token = async () =>
    (
      await createToken(
        database,
        { tenant: world.alpha.tenant },
        createTokenRequest.parse({ name: 'limited', scopes: ['asset.read'] }),
        null,
      )
    ).secret;
  const byToken = serverWith({ token: 3 });
  const headers = { authorization: `Bearer ${await token()}` };
  const codes = async (server: FastifyInstance, of: Record<string, string>, address?: string) => {
    const all: number[] = [];
    for (let count = 0; count < 5; count += 1)
      all.push((await get(server, of, address ?? freshAddress())).statusCode);
    return all;
  };
  assert.deepEqual(await codes(byToken, headers), [200, 200, 200, 429, 429]);
  assert.equal(
    (await get(byToken, { authorization: `Bearer ${await token()}` }, freshAddress())).statusCode,
    200,
  );
  const byTenant = serverWith({ tenant: 4 });
  assert.deepEqual(await codes(byTenant, headers), [200, 200, 200, 200, 429]);
  const byAddress = serverWith({ address: 2 });
  assert.deepEqual(await codes(byAddress, {}, '203.0.113.5'), [401, 401, 429, 429, 429]);
  assert.equal((await get(byAddress, {}, '203.0.113.6')).statusCode, 401);
  assert.deepEqual(
    [
      (await get(byAddress, {}, '2001:db8::1')).statusCode,
      (await get(byAddress, {}, '2001:db8:0:0:ffff::2')).statusCode,
      (await get(byAddress, {}, '2001:db8::3')).statusCode,
      (await get(byAddress, {}, '2001:db8:0:1::3')).statusCode,
    ],
    [401, 401, 429, 401],
    'a /64 counts as one',
  );
  await Promise.all([byToken.close(), byTenant.close(), byAddress.close()]);
});

test('nobody hides behind a forged X-Forwarded-For unless the proxy is trusted', async () => {
  const plain = serverWith({ address: 1 });
  const send = (server: FastifyInstance, forwarded: string) =>
    get(server, { 'x-forwarded-for': forwarded }, '203.0.113.20');
  assert.equal((await send(plain, '1.1.1.1')).statusCode, 401);
  assert.equal((await send(plain, '2.2.2.2')).statusCode, 429);
  const proxied = serverWith({ address: 1 }, { trustedProxies: ['203.0.113.20/32'] });
  assert.equal((await send(proxied, '3.3.3.3')).statusCode, 401);
  assert.equal((await send(proxied, '4.4.4.4')).statusCode, 401);
  assert.equal((await send(proxied, '5.5.5.5, 4.4.4.4')).statusCode, 429, 'only the last hop is believed');
  await Promise.all([plain.close(), proxied.close()]);
});
