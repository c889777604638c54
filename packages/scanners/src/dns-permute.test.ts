import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverageOf, keysOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import dnsPermute from './dns-permute.ts';
import { permutationsOf } from './parts/permutations.ts';

const practice = usePractice('dns-permute');
const permute = (...keys: string[]) =>
  runScanner(
    dnsPermute,
    keys.map(key => ({ kind: 'hostname', key })),
    practice().terrain,
  );

test('variants of known names are found', async () => {
  const seen = await permute('shopfront1.larkspur.test', 'api.larkspur.test', 'portal.larkspur.test');
  const found = keysOf(seen, 'hostname');
  for (const label of ['shopfront2', 'api-uat', 'dev-portal'])
    assert.ok(found.includes(`${label}.larkspur.test`), label);
  const existing = new Set(practice().net.world.names.map(({ name }) => name));
  for (const name of found) assert.ok(existing.has(name), name);
});

test('apexes, missing names and names of a wildcard are skipped', async () => {
  const keys = ['larkspur.test', 'nothing.larkspur.test', 'demo.apps.larkspur.test'];
  const seen = await permute(...keys);
  assert.deepEqual(coverageOf(seen), Object.fromEntries(keys.map(key => [key, 'skipped'])));
});

test('below a wildcard no invented variant is believed', async () => {
  const seen = await permute('invoicing.apps.larkspur.test');
  assert.deepEqual(keysOf(seen, 'hostname'), []);
  assert.deepEqual(coverageOf(seen), { 'invoicing.apps.larkspur.test': 'looked' });
});

test('permutations are bounded, valid, without repeats, and the same each time', () => {
  for (const label of ['web', 'web2', 'db-01', 'api-dev', 'a', 'x'.repeat(63), 'eu-west-prod-3', '9']) {
    const variants = permutationsOf(label, 120);
    assert.ok(variants.length <= 120);
    assert.equal(new Set(variants).size, variants.length);
    assert.ok(!variants.includes(label));
    for (const variant of variants) assert.match(variant, /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
    assert.deepEqual(permutationsOf(label, 120), variants);
  }
  assert.deepEqual(permutationsOf('web09', 6), ['web06', 'web07', 'web08', 'web10', 'web11', 'web12']);
});
