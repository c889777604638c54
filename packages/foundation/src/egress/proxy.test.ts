import assert from 'node:assert/strict';
import { createServer, request as sendRequest, type Server } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { a, portOf, startResponder, type Responder } from '../../test/dns-responder.ts';
import { silentLogger } from '../log.ts';
import { networkProfile } from '../network-profile.ts';
import { createEgress, type Egress } from './egress.ts';
import { LocalBudget } from './local-budget.ts';
import { createGuardedProxy, type GuardedProxy } from './proxy.ts';

const OURS = '127.1.5.1';
const OTHERS = '127.1.6.1';
let site: Server;
let others: Server;
let dns: Responder;
let egress: Egress;
let proxy: GuardedProxy;
let port = 0;
let foreignRequests = 0;
const controller = new AbortController();

before(async () => {
  site = createServer((request, response) => {
    if (request.url === '/moved')
      response.writeHead(302, { location: `http://www.elsewhere.test:${port}/` }).end();
    else
      response.end(
        `you asked for ${request.headers.host} ${request.url} ${request.headers['proxy-connection'] ?? 'directly'}`,
      );
  });
  await new Promise<void>(resolve => site.listen({ host: OURS, port: 0 }, resolve));
  port = portOf(site);
  others = createServer((_request, response) => {
    foreignRequests += 1;
    response.end('foreign');
  });
  await new Promise<void>(resolve => others.listen({ host: OTHERS, port }, resolve));
  dns = await startResponder((name, type) =>
    type === 'A'
      ? { answers: [a(name, name === 'sneaky.ours.test' || name.includes('elsewhere') ? OTHERS : OURS)] }
      : {},
  );
  egress = createEgress({
    scope: { domains: ['ours.test'], networks: [], excluded: [], allowedPrivateRanges: ['127.1.5.0/24'] },
    profile: networkProfile.parse({ zones: ['*'], resolvers: [dns.resolver] }),
    budget: new LocalBudget({ ratePerAddress: 10_000, burstPerAddress: 10_000 }),
    signal: controller.signal,
    log: silentLogger,
  });
  proxy = await createGuardedProxy(egress);
});

after(async () => {
  await proxy.close();
  egress.close();
  for (const server of [site, others]) server.closeAllConnections();
  await Promise.all(
    [site, others].map(server => new Promise<void>(resolve => server.close(() => resolve()))),
  );
  await dns.close();
});

function get(target: string): Promise<{ status: number; body: string; location: string }> {
  const { hostname, port: proxyPort } = new URL(proxy.url);
  return new Promise((resolve, reject) => {
    const request = sendRequest(
      {
        host: hostname,
        port: proxyPort,
        path: target,
        headers: { host: new URL(target).host, 'proxy-connection': 'keep-alive' },
      },
      response => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body, location: response.headers.location ?? '' }),
        );
      },
    );
    request.once('error', reject);
    request.end();
  });
}

/** Opens a tunnel and sends a plain HTTP request through it. */
function tunnel(authority: string): Promise<string> {
  const { hostname, port: proxyPort } = new URL(proxy.url);
  return new Promise(resolve => {
    let received = '';
    const socket = connect(Number(proxyPort), hostname, () =>
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n`),
    );
    socket.setEncoding('latin1').on('data', (text: string) => {
      const isFirst = received === '';
      received += text;
      if (isFirst && text.startsWith('HTTP/1.1 200'))
        socket.write('GET /in HTTP/1.1\r\nhost: tunnelled\r\nconnection: close\r\n\r\n');
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => resolve(received));
  });
}

test('what is in scope passes, without the headers of the hop', async () => {
  const answer = await get(`http://www.ours.test:${port}/page?x=1`);
  assert.equal(answer.status, 200);
  assert.equal(answer.body, `you asked for www.ours.test:${port} /page?x=1 directly`);
});

test('what is out of scope is refused by name and by address', async () => {
  for (const host of [
    'www.elsewhere.test',
    'sneaky.ours.test',
    OTHERS,
    '127.1.5.2',
    '169.254.169.254',
    'localhost',
  ])
    assert.equal((await get(`http://${host}:${port}/`)).status, 403, host);
  assert.equal(foreignRequests, 0);
  assert.ok(proxy.refusedHosts.includes('www.elsewhere.test'));
});

test('a redirect is passed on for the browser to follow, through the guard again', async () => {
  const answer = await get(`http://www.ours.test:${port}/moved`);
  assert.equal(answer.status, 302);
  assert.equal((await get(answer.location)).status, 403);
  assert.equal(foreignRequests, 0);
});

test('tunnels open to targets in scope only', async () => {
  assert.match(await tunnel(`www.ours.test:${port}`), /you asked for tunnelled \/in/);
  for (const authority of [
    `www.elsewhere.test:${port}`,
    `sneaky.ours.test:${port}`,
    `${OTHERS}:${port}`,
    'nonsense',
    `[::1]:${port}`,
  ])
    assert.match(await tunnel(authority), /^HTTP\/1\.1 403/, authority);
  assert.equal(foreignRequests, 0);
});

test('cancellation ends tunnels and the proxy itself', async () => {
  const own = new AbortController();
  const short = createEgress({
    scope: { domains: ['ours.test'], networks: [], excluded: [], allowedPrivateRanges: ['127.1.5.0/24'] },
    profile: networkProfile.parse({ zones: ['*'], resolvers: [dns.resolver] }),
    budget: new LocalBudget({ ratePerAddress: 10_000, burstPerAddress: 10_000 }),
    signal: own.signal,
    log: silentLogger,
  });
  const mortal = await createGuardedProxy(short);
  const { hostname, port: proxyPort } = new URL(mortal.url);
  const socket = connect(Number(proxyPort), hostname);
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket.on('error', () => socket.destroy());
  await new Promise(resolve => socket.once('connect', resolve));
  own.abort();
  await closed;
  await assert.rejects(
    new Promise((resolve, reject) => {
      connect(Number(proxyPort), hostname).once('connect', resolve).once('error', reject);
    }),
  );
});
