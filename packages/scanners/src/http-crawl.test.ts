import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { coverageOf, keysOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import httpCrawl from './http-crawl.ts';

const practice = usePractice('http-crawl');
const closers: (() => void)[] = [];
after(() => closers.forEach(close => close()));
const crawl = (key: string, settings: Record<string, unknown> = {}) =>
  runScanner(httpCrawl, [{ kind: 'website', key }], practice().terrain, { settings });

test('pages, hosts and addresses of a site are found, by links, scripts, robots and sitemap', async () => {
  const key = 'http://www.larkspur.test:8080';
  const seen = await crawl(key);
  const { assets } = practice().net.truth;
  const pages = assets.filter(asset => asset.kind === 'url' && asset.key.startsWith(`${key}/`));
  assert.ok(pages.length > 5);
  const found = keysOf(seen, 'url');
  for (const page of pages) assert.ok(found.includes(page.key), page.key);
  const hosts = keysOf(seen, 'hostname');
  for (const label of ['shop', 'bulkdata', 'swing', 'pixelcache', 'beacon-intake'])
    assert.ok(hosts.includes(`${label}.larkspur.test`), label);
  assert.ok(!hosts.some(host => host.endsWith('bystander.test')));
  assert.deepEqual(keysOf(seen, 'email'), ['hello@larkspur.test', 'press@larkspur.test']);
  assert.equal(practice().net.counters().total, 0);
});

test('limits on pages and depth hold and are reported', async () => {
  const key = 'http://www.larkspur.test:8080';
  const few = await crawl(key, { maxPages: 3 });
  assert.equal(keysOf(few, 'url').length, 3);
  assert.deepEqual(coverageOf(few), { [key]: 'limited' });
  const shallow = await crawl(key, { maxDepth: 0 });
  assert.deepEqual(keysOf(shallow, 'url'), [`${key}/`]);
});

test('a trap of endless links, queries and hostile markup ends at the limits', async () => {
  const address = `127.${practice().net.world.plan.block}.200.10`;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const path = request.url ?? '/';
    response.setHeader('content-type', 'text/html');
    const links = Array.from(
      { length: 50 },
      (_, index) =>
        `<a href="${path.split('?')[0]?.replace(/\/$/, '')}/${index}">x</a><a href="?q=${index}">y</a>`,
    );
    response.end(
      `<html><a href="javascript:alert(1)">${links.join('')}<a href="http://[bad">${'<div>'.repeat(5000)}`,
    );
  });
  await new Promise<void>(resolve => server.listen({ host: address, port: 0 }, resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  const key = `http://${address}:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const { terrain } = practice();
  const scope = { ...terrain.scope, networks: [`${address}/32`] };
  const run = () => runScanner(httpCrawl, [{ kind: 'website', key }], { ...terrain, scope });
  const first = await run();
  assert.equal(keysOf(first, 'url').length, 50);
  assert.deepEqual(coverageOf(first), { [key]: 'limited' });
  assert.ok(requests <= 55, String(requests));
  assert.deepEqual(keysOf(await run(), 'url'), keysOf(first, 'url'));
});
