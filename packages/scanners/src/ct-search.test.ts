import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer, type ServerResponse } from 'node:http';
import { after } from 'node:test';
import { coverageOf, keysOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import ctSearch from './ct-search.ts';

const practice = usePractice('ct-search');
const closers: (() => void)[] = [];
after(() => closers.forEach(close => close()));

/** Runs the scanner against a search of our own. */
async function against(answer: (request: number, response: ServerResponse) => void) {
  let requests = 0;
  const server = createServer((_request, response) => answer((requests += 1), response));
  await new Promise<void>(resolve => server.listen({ host: '127.1.8.1', port: 0 }, resolve));
  closers.push(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { terrain } = practice();
  const profile = { ...terrain.profile, ctSearchUrl: `http://127.1.8.1:${port}` };
  const seen = await runScanner(ctSearch, [{ kind: 'domain', key: 'larkspur.test' }], {
    ...terrain,
    profile,
  });
  return { seen, requests };
}

test('names of the logs are found; what is gone, foreign, a wildcard or malformed is left out', async () => {
  const seen = await runScanner(ctSearch, [{ kind: 'domain', key: 'larkspur.test' }], practice().terrain);
  const found = keysOf(seen, 'hostname');
  const names = practice().net.world.names.filter(({ name }) => name.endsWith('larkspur.test'));
  for (const { name, foundBy } of names)
    if (foundBy.includes('ct-search')) assert.ok(found.includes(name), name);
  const existing = new Set(names.map(({ name }) => name));
  for (const name of found) assert.ok(existing.has(name), name);
});

test('a search that fails at first is asked again', async () => {
  const { seen, requests } = await against((request, response) => {
    if (request < 3) response.writeHead(502).end();
    else response.end(JSON.stringify([{ name_value: 'shop.larkspur.test' }, { name_value: 7 }, null]));
  });
  assert.equal(requests, 3);
  assert.deepEqual(keysOf(seen, 'hostname'), ['shop.larkspur.test']);
});

test('the public search does not hear of a name that exists only in private networks', async () => {
  const { terrain } = practice();
  const { ctSearchUrl: _, ...profile } = terrain.profile;
  const seen = await runScanner(ctSearch, [{ kind: 'domain', key: 'larkspur.test' }], {
    ...terrain,
    profile,
  });
  assert.deepEqual(coverageOf(seen), { 'larkspur.test': 'skipped' });
  assert.deepEqual(keysOf(seen, 'hostname'), []);
});

test('a search that does not work makes the domain unreachable, not empty', async () => {
  const failing = await against((_request, response) => response.writeHead(503).end());
  assert.deepEqual(coverageOf(failing.seen), { 'larkspur.test': 'unreachable' });
  const garbled = await against((_request, response) => response.end('<html>'));
  assert.deepEqual(coverageOf(garbled.seen), { 'larkspur.test': 'unreachable' });
});
