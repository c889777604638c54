import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import type { TargetView } from '@glacis/contract';
import { createDomainWorld, type DomainWorld } from '../../test/world.ts';
import { createTarget } from './service.ts';
import { verifyTarget } from './verify.ts';

const OURS = '127.1.9.1';
/** Loopback, but in no range that the network profile allows. */
const PRIVATE = '127.1.10.1';
let world: DomainWorld;
let tenant: Awaited<ReturnType<DomainWorld['tenant']>>;
let site: Server;
let elsewhere: Server;
let port = 0;
let foreignRequests = 0;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let counter = 0;

async function listen(server: Server, host: string, at = 0): Promise<number> {
  await new Promise<void>(resolve => server.listen({ host, port: at }, resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

before(async () => {
  world = await createDomainWorld();
  tenant = await world.tenant();
  site = createServer((request, response) => answer(request, response));
  port = await listen(site, OURS);
  elsewhere = createServer((_request, response) => {
    foreignRequests += 1;
    response.end('foreign');
  });
  await listen(elsewhere, PRIVATE, port);
});
beforeEach(() => {
  foreignRequests = 0;
});
after(async () => {
  for (const server of [site, elsewhere]) {
    server.closeAllConnections();
    server.close();
  }
  await world.close();
});

/** A fresh target whose names lead to the web server. HTTPS is asked at a port where nobody listens. */
async function target(address = OURS): Promise<TargetView> {
  const domain = `site-${(counter += 1)}.test`;
  for (const name of [domain, `www.${domain}`, `other.${domain}`]) world.zone.set(name, { a: [address] });
  return tenant.within(tx => createTarget(tx, domain, null));
}

function verify(of: TargetView, method: 'file' | 'meta', https = 1): Promise<TargetView> {
  return verifyTarget({ ...world.platform, webPorts: { https, http: port } }, tenant.within, of.id, method);
}

test('the file proves, whichever white space surrounds its line', async () => {
  const one = await target();
  const paths: string[] = [];
  answer = (request, response) => {
    paths.push(`${request.headers.host} ${request.url}`);
    response.end(`${one.proof.file.content}\r\n`);
  };
  const { proof } = await verify(one, 'file');
  assert.equal(proof.state, 'proven');
  assert.equal(proof.method, 'file');
  assert.ok(proof.expiresAt && Date.parse(proof.expiresAt) > Date.now() + 80 * 86_400_000);
  assert.deepEqual(paths, [`${one.domain}:${port} /.well-known/glacis-challenge.txt`]);
});

test('another status, other content, and a page that repeats what it is asked prove nothing', async () => {
  const one = await target();
  const tries: readonly [(response: ServerResponse) => void, RegExp][] = [
    [response => response.writeHead(404).end(one.proof.file.content), /status 404 instead of 200/],
    [response => response.writeHead(500).end(), /status 500/],
    [response => response.end('glacis-verification=other'), /another content/],
    [response => response.end(`Not found: ${one.proof.file.content}`), /another content/],
    [response => response.end(`${'x'.repeat(10_000)}\n${one.proof.file.content}`), /another content/],
  ];
  for (const [send, expected] of tries) {
    answer = (_request, response) => send(response);
    const { proof } = await verify(one, 'file');
    assert.equal(proof.state, 'unproven');
    assert.match(proof.detail, expected);
  }
});

test('a redirect to another host is not followed, one within the host is', async () => {
  const one = await target();
  const file = one.proof.file.content;
  for (const host of [`www.${one.domain}`, `other.${one.domain}`, 'foreign.test', PRIVATE]) {
    const asked: string[] = [];
    answer = (request, response) => {
      asked.push(String(request.headers.host));
      if (request.headers.host?.startsWith(one.domain))
        response.writeHead(302, { location: `http://${host}:${port}/x` }).end();
      else response.end(file);
    };
    const { proof } = await verify(one, 'file');
    assert.equal(proof.state, 'unproven', host);
    assert.match(proof.detail, /redirects to another host/);
    assert.ok(
      asked.every(name => name.startsWith(one.domain)),
      asked.join(),
    );
  }
  assert.equal(foreignRequests, 0);
  answer = (request, response) => {
    if (request.url === '/moved') response.end(file);
    else response.writeHead(301, { location: '/moved' }).end();
  };
  assert.equal((await verify(one, 'file')).proof.state, 'proven');
});

test('a redirect without end and a server on another port of the host are not followed', async () => {
  const one = await target();
  answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
  assert.match((await verify(one, 'file')).proof.detail, /more than 3 times/);
  answer = (_request, response) => response.writeHead(302, { location: `http://${one.domain}:9/` }).end();
  assert.match((await verify(one, 'file')).proof.detail, /redirects to another host/);
});

test('private addresses are asked only where the network profile allows them', async () => {
  const one = await target(PRIVATE);
  const { proof } = await verify(one, 'file');
  assert.equal(proof.state, 'unproven');
  assert.match(proof.detail, /special-purpose address/);
  assert.equal(foreignRequests, 0);
});

test('the meta element proves from the home page or its www, and not from elsewhere', async () => {
  const one = await target();
  const page = `<!doctype html><head>${one.proof.meta.element}</head><body>hello`;
  answer = (_request, response) => response.end(page);
  assert.equal((await verify(one, 'meta')).proof.method, 'meta');

  const two = await target();
  const pageOfTwo = `<head>${two.proof.meta.element}</head>`;
  answer = (request, response) => {
    if (request.headers.host?.startsWith('www.')) response.end(pageOfTwo);
    else response.writeHead(301, { location: `http://www.${two.domain}:${port}/` }).end();
  };
  assert.equal((await verify(two, 'meta')).proof.state, 'proven');

  const three = await target();
  answer = (request, response) => {
    if (request.headers.host?.startsWith('other.')) response.end(`<head>${three.proof.meta.element}</head>`);
    else response.writeHead(301, { location: `http://other.${three.domain}:${port}/` }).end();
  };
  assert.match((await verify(three, 'meta')).proof.detail, /redirects to another host/);
  answer = (_request, response) =>
    response.end(`<head></head><body><p>A visitor wrote: ${three.proof.meta.element}`);
  assert.match((await verify(three, 'meta')).proof.detail, /no such meta element in the head/);
});

test('a TLS failure is said plainly, and the proof by HTTP still counts', async () => {
  const one = await target();
  answer = (_request, response) => response.writeHead(404).end();
  const failed = await verify(one, 'file', port);
  assert.equal(failed.proof.state, 'unproven');
  assert.match(
    failed.proof.detail,
    /^HTTPS at site-\d+\.test could not be asked: the server does not speak TLS .+ Nothing was changed/,
  );
  answer = (_request, response) => response.end(one.proof.file.content);
  assert.equal((await verify(one, 'file', port)).proof.state, 'proven');
});

test('a server that does not answer is no missing proof', async () => {
  const one = await target();
  answer = (_request, response) => response.end(one.proof.file.content);
  assert.equal((await verify(one, 'file')).proof.state, 'proven');
  answer = request => request.socket.resetAndDestroy();
  const { proof } = await verify(one, 'file');
  assert.equal(proof.state, 'proven');
  assert.equal(proof.missingSince, null);
  assert.match(proof.detail, /Nothing was changed/);
});

test('the challenge of one tenant proves nothing for another', async () => {
  const one = await target();
  const rival = await world.tenant();
  const same = await rival.within(tx => createTarget(tx, one.domain, null));
  assert.notEqual(same.proof.file.content, one.proof.file.content);
  answer = (_request, response) => response.end(one.proof.file.content);
  const platform = { ...world.platform, webPorts: { https: 1, http: port } };
  const refused = await verifyTarget(platform, rival.within, same.id, 'file');
  assert.equal(refused.proof.state, 'unproven');
  assert.equal((await verify(one, 'file')).proof.state, 'proven');
});
