import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { a, portOf, startResponder, type Responder } from '../../test/dns-responder.ts';
import { silentLogger } from '../log.ts';
import { networkProfile } from '../network-profile.ts';
import { createEgress, type Egress } from './egress.ts';
import { EgressError } from './guard.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import { LocalBudget } from './local-budget.ts';

const OURS = '127.1.3.1';
const OTHERS = '127.1.4.1';
let site: Server;
let others: Server;
let rude: ReturnType<typeof createTcpServer>;
let dns: Responder;
let egress: Egress;
let client: HttpClient;
let port = 0;
let rudePort = 0;
let foreignRequests = 0;
const seen: { path: string; host: string; agent: string; method: string }[] = [];
const controller = new AbortController();

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  seen.push({
    path,
    host: request.headers.host ?? '',
    agent: request.headers['user-agent'] ?? '',
    method: request.method ?? '',
  });
  if (path === '/hop') response.writeHead(302, { location: '/hop2' }).end();
  else if (path === '/hop2')
    response.writeHead(307, { location: `http://other.ours.test:${port}/plain` }).end();
  else if (path === '/out')
    response.writeHead(302, { location: `http://www.elsewhere.test:${port}/` }).end('leaving');
  else if (path === '/address') response.writeHead(302, { location: `http://${OTHERS}:${port}/` }).end();
  else if (path === '/file') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
  else if (path === '/loop') response.writeHead(302, { location: '/loop' }).end();
  else if (path === '/cookies') response.setHeader('set-cookie', ['a=1', 'b=2']).end('x');
  else if (path === '/bomb') {
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(Buffer.alloc(50 * 1024 * 1024)));
  } else if (path === '/gzip') {
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync('packed text'));
  } else if (path === '/broken-gzip') {
    response.setHeader('content-encoding', 'gzip');
    response.end('not packed at all');
  } else if (path === '/endless') {
    const timer = setInterval(() => response.write(Buffer.alloc(256 * 1024)), 1);
    response.on('close', () => clearInterval(timer));
  } else if (path === '/drip') {
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(timer));
  } else if (path !== '/silent') response.end('plain');
}

before(async () => {
  site = createServer(answer);
  await new Promise<void>(resolve => site.listen({ host: OURS, port: 0 }, resolve));
  port = portOf(site);
  others = createServer((_request, response) => {
    foreignRequests += 1;
    response.end('foreign');
  });
  await new Promise<void>(resolve => others.listen({ host: OTHERS, port }, resolve));
  rude = createTcpServer(socket => {
    socket.on('error', () => socket.destroy());
    socket.once('data', bytes => {
      const path = bytes.toString('latin1').split(' ')[1];
      if (path === '/reset') socket.resetAndDestroy();
      else if (path === '/headers')
        socket.end(`HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(200)}\r\n`);
      else if (path === '/garbage') socket.end('\x00\x01 this is no HTTP\r\n\r\n');
      else socket.end();
    });
  });
  await new Promise<void>(resolve => rude.listen({ host: OURS, port: 0 }, resolve));
  rudePort = portOf(rude);
  dns = await startResponder((name, type) => {
    if (type !== 'A') return {};
    return name.endsWith('ours.test') || name.endsWith('elsewhere.test')
      ? { answers: [a(name, OURS)] }
      : { rcode: 3 };
  });
  egress = createEgress({
    scope: { domains: ['ours.test'], networks: [], excluded: [], allowedPrivateRanges: ['127.1.3.0/24'] },
    profile: networkProfile.parse({
      zones: ['*'],
      resolvers: [dns.resolver],
      ctSearchUrl: `http://${OURS}:${port}`,
    }),
    budget: new LocalBudget({ ratePerAddress: 10_000, burstPerAddress: 10_000 }),
    signal: controller.signal,
    log: silentLogger,
  });
  client = createHttpClient(egress, { userAgent: 'test-agent' });
});

after(async () => {
  await client.close();
  egress.close();
  for (const server of [site, others]) server.closeAllConnections();
  await Promise.all(
    [site, others, rude].map(server => new Promise<void>(resolve => server.close(() => resolve()))),
  );
  await dns.close();
});

const url = (path: string, host = 'www.ours.test', at = port) => `http://${host}:${at}${path}`;

function failsAs(code: string) {
  return (error: unknown) => error instanceof EgressError && error.code === code;
}

test('a request says who asks, and keeps repeated headers apart', async () => {
  const response = await client.request({ url: url('/cookies') });
  assert.equal(response.status, 200);
  assert.deepEqual(response.headers.get('set-cookie'), ['a=1', 'b=2']);
  assert.equal(response.remoteAddress, OURS);
  const request = seen.find(one => one.path === '/cookies');
  assert.deepEqual(request, {
    path: '/cookies',
    host: `www.ours.test:${port}`,
    agent: 'test-agent',
    method: 'GET',
  });
});

test('redirects are followed inside the scope as far as was asked', async () => {
  assert.equal((await client.request({ url: url('/hop') })).status, 302);
  const response = await client.request({ url: url('/hop'), maxRedirects: 5 });
  assert.equal(response.url, url('/plain', 'other.ours.test'));
  assert.equal(response.body.toString(), 'plain');
  assert.equal((await client.request({ url: url('/loop'), maxRedirects: 3 })).status, 302);
});

test('a redirect out of scope, to an address or to another scheme ends the request', async () => {
  const before = foreignRequests;
  for (const path of ['/out', '/address', '/file']) {
    const response = await client.request({ url: url(path), maxRedirects: 5 });
    assert.equal(response.status, 302);
    assert.equal(response.url, url(path));
  }
  assert.equal(foreignRequests, before);
});

test('names and addresses out of scope are refused', async () => {
  for (const target of [
    url('/', 'www.elsewhere.test'),
    url('/', OTHERS),
    url('/', OURS.replace('3.1', '3.2')),
  ])
    await assert.rejects(client.request({ url: target }), failsAs('out-of-scope'));
  for (const target of ['ftp://www.ours.test/', 'nonsense', `http://www.ours.test/${'x'.repeat(5000)}`])
    await assert.rejects(client.request({ url: target }), failsAs('protocol'));
});

test('bodies are bounded, packed ones too', async () => {
  const endless = await client.request({ url: url('/endless'), maxBodyBytes: 100_000 });
  assert.equal(endless.body.length, 100_000);
  assert.ok(endless.isTruncated);
  const bomb = await client.request({ url: url('/bomb'), maxBodyBytes: 10_000 });
  assert.equal(bomb.body.length, 10_000);
  assert.ok(bomb.isTruncated);
  const packed = await client.request({ url: url('/gzip') });
  assert.equal(packed.body.toString(), 'packed text');
  assert.ok(!packed.isTruncated);
  assert.ok((await client.request({ url: url('/broken-gzip') })).isTruncated);
});

test('time is bounded: no answer is a timeout, a slow body is cut', async () => {
  await assert.rejects(client.request({ url: url('/silent'), timeoutMs: 100 }), failsAs('timeout'));
  const drip = await client.request({ url: url('/drip'), timeoutMs: 200 });
  assert.ok(drip.isTruncated);
  assert.ok(drip.body.length > 0);
});

test('rude servers end in the guard’s terms', async () => {
  await assert.rejects(client.request({ url: url('/reset', 'www.ours.test', rudePort) }), failsAs('reset'));
  await assert.rejects(client.request({ url: url('/headers', 'www.ours.test', rudePort) }), failsAs('limit'));
  await assert.rejects(
    client.request({ url: url('/garbage', 'www.ours.test', rudePort) }),
    failsAs('protocol'),
  );
  await assert.rejects(client.request({ url: url('/', 'www.ours.test', 1) }), failsAs('refused'));
  await assert.rejects(client.request({ url: `https://www.ours.test:${port}/` }), EgressError);
});

test('a service is reached at its configured origin only', async () => {
  assert.equal((await client.service({ url: `http://${OURS}:${port}/plain` })).status, 200);
  await assert.rejects(client.service({ url: url('/plain') }), failsAs('out-of-scope'));
  const leaving = await client.service({ url: `http://${OURS}:${port}/out`, maxRedirects: 3 });
  assert.equal(leaving.status, 302);
});

test('cancellation ends requests at once', async () => {
  const own = new AbortController();
  const other = createEgress({
    scope: { domains: ['ours.test'], networks: [], excluded: [], allowedPrivateRanges: ['127.1.3.0/24'] },
    profile: networkProfile.parse({ zones: ['*'], resolvers: [dns.resolver] }),
    budget: new LocalBudget({ ratePerAddress: 10_000, burstPerAddress: 10_000 }),
    signal: own.signal,
    log: silentLogger,
  });
  const hasty = createHttpClient(other, { userAgent: 'x' });
  const pending = [url('/silent'), url('/silent', 'b.ours.test')].map(target =>
    assert.rejects(hasty.request({ url: target, timeoutMs: 60_000 }), failsAs('cancelled')),
  );
  setTimeout(() => own.abort(), 50);
  await Promise.all(pending);
  await hasty.close();
});
