import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { createToken, openAuditTrail, openRateLimiter, routes } from '@glacis/domain';
import { createTokenRequest } from '@glacis/contract';
import { createLogger, DEFAULT_RATE_LIMITS, newId, type Logger } from '@glacis/foundation';
import type { FastifyInstance } from 'fastify';
import { createHttpServer } from '../src/http.ts';
import { createWorld, type World } from './world.ts';

let world: World;
let server: FastifyInstance;
let lines = '';
before(async () => {
  world = await createWorld();
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      lines += String(chunk);
      done();
    },
  });
  const log: Logger = createLogger({ name: 'server', level: 'trace', destination: sink });
  const { database } = world.platform;
  server = createHttpServer({
    ...world.platform,
    log,
    audit: openAuditTrail(database, log),
    limiter: openRateLimiter(database, log, { limits: DEFAULT_RATE_LIMITS }),
  });
});
after(async () => {
  await server.close();
  await world.close();
});

/** Text that a caller would not want to see in a log, one for each place in which it may stand. */
const planted = {
  password: 'planted-password-4f7a',
  link: 'planted-link-9d1c0000000000000000000000000',
  agent: 'planted-agent-77aa',
  query: 'planted-query-31fe',
  header: 'planted-header-8b2d',
} as const;

test('no password, token, cookie or key gets into the log, whatever route it is sent to and however it ends', async () => {
  const cookie = await world.signIn(world.alpha.users.operator);
  const request = createTokenRequest.parse({ name: 'log', scopes: ['asset.read'] });
  const { secret } = await createToken(
    world.platform.database,
    { tenant: world.alpha.tenant },
    request,
    null,
  );
  const bodies = [
    { email: 'admin@alpha.test', password: planted.password },
    { link: planted.link },
    { token: planted.link, password: planted.password, name: planted.password },
    { current: planted.password, password: planted.password },
    { refreshToken: planted.link },
    { name: planted.password, scopes: ['asset.read'] },
    `{"password":"${planted.password}`,
  ];
  const broken = new Set(['/api/tenants/:tenant/assets']);
  for (const route of routes) {
    const url = `${route.url.replace(':tenant', 'alpha').replace(':id', newId())}?q=${planted.query}&token=${planted.query}`;
    const attempts = route.body ? bodies : [undefined];
    for (const credential of [{ cookie }, { authorization: `Bearer ${secret}` }, {}])
      for (const payload of attempts)
        await server.inject({
          method: route.method,
          url,
          headers: {
            ...credential,
            'user-agent': planted.agent,
            'x-api-key': planted.header,
            ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(payload === undefined ? {} : { payload }),
        });
    if (broken.has(route.url)) await failAll(url, cookie, secret);
  }
  assert.match(lines, /a request failed/, 'there was something to log');
  for (const secretText of [...Object.values(planted), cookie.split('=')[1] ?? '', secret]) {
    assert.ok(secretText.length > 10);
    const at = lines.indexOf(secretText);
    assert.equal(at, -1, lines.slice(Math.max(0, at - 300), at + 100));
  }
});

/** Makes the database fail under requests that carry secrets, so that errors of the inside are logged. */
async function failAll(url: string, cookie: string, secret: string): Promise<void> {
  const { database } = world.platform;
  await database.query('alter table control.user_account rename to hidden_account');
  try {
    for (const headers of [{ cookie }, { authorization: `Bearer ${secret}` }])
      await server.inject({ url, headers });
    const answer = await server.inject({
      method: 'POST',
      url: '/api/session',
      payload: { email: `${newId()}@alpha.test`, password: planted.password },
    });
    assert.equal(answer.statusCode, 500);
    assert.ok(!answer.body.includes('hidden_account') && !answer.body.includes('user_account'));
  } finally {
    await database.query('alter table control.hidden_account rename to user_account');
  }
}

test('the keys that the logger knows are hidden even when somebody logs them', () => {
  let text = '';
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  const log = createLogger({ name: 'test', level: 'info', destination: sink });
  log.info(
    { password: 'one-1', headers: { authorization: 'two-2', cookie: 'three-3' }, token: 'four-4' },
    'x',
  );
  assert.match(text, /redacted/);
  assert.doesNotMatch(text, /one-1|two-2|three-3|four-4/);
});
