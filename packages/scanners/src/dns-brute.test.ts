import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import { commonLabels } from './data/labels.ts';
import dnsBrute from './dns-brute.ts';

const practice = usePractice('dns-brute');

test('every name that a word list can reveal is found, and nothing else', async () => {
  const seen = await runScanner(dnsBrute, [{ kind: 'domain', key: 'larkspur.test' }], practice().terrain);
  const found = keysOf(seen, 'hostname');
  const names = practice().net.world.names.filter(({ name }) => name.endsWith('.larkspur.test'));
  for (const { name, foundBy } of names)
    if (foundBy.includes('dns-brute')) assert.ok(found.includes(name), name);
  const existing = new Set(names.map(({ name }) => name));
  for (const name of found) assert.ok(existing.has(name), name);
});

test('further labels are tried too', async () => {
  const settings = { labels: ['partnerhub', 'no-such-host'] };
  const seen = await runScanner(dnsBrute, [{ kind: 'domain', key: 'larkspur.test' }], practice().terrain, {
    settings,
  });
  assert.ok(keysOf(seen, 'hostname').includes('partnerhub.larkspur.test'));
  assert.ok(!keysOf(seen, 'hostname').includes('no-such-host.larkspur.test'));
});

test('below a wildcard only names with an answer of their own are found', async () => {
  const settings = { labels: ['invoicing', 'demo'] };
  const seen = await runScanner(
    dnsBrute,
    [{ kind: 'domain', key: 'apps.larkspur.test' }],
    practice().terrain,
    { settings },
  );
  assert.deepEqual(keysOf(seen, 'hostname'), ['invoicing.apps.larkspur.test']);
});

test('the list is sorted, without repeats, of valid labels', () => {
  assert.ok(commonLabels.length >= 500);
  assert.deepEqual([...new Set(commonLabels)].sort(), commonLabels);
  for (const label of commonLabels) assert.match(label, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
});
