import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverageOf, findingsOf, keysOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import dnsAxfr from './dns-axfr.ts';

const practice = usePractice('dns-axfr');
const transfer = (key: string) => runScanner(dnsAxfr, [{ kind: 'domain', key }], practice().terrain);

test('the server that gives its zone is reported, and every host in it found', async () => {
  const seen = await transfer('larkspur-labs.test');
  assert.deepEqual(findingsOf(seen), ['dns.zone-transfer-allowed larkspur-labs.test ns3.larkspur-labs.test']);
  const names = practice().net.world.names.filter(({ name }) => name.endsWith('larkspur-labs.test'));
  assert.deepEqual(keysOf(seen, 'hostname'), names.map(({ name }) => name).sort());
  assert.deepEqual(coverageOf(seen), { 'larkspur-labs.test': 'looked' });
});

test('servers that refuse are no finding; those of others are not asked', async () => {
  const seen = await transfer('larkspur.test');
  assert.deepEqual(findingsOf(seen), []);
  assert.deepEqual(keysOf(seen, 'hostname'), []);
  assert.deepEqual(coverageOf(seen), { 'larkspur.test': 'looked' });
  assert.equal(practice().net.counters().total, 0);
});

test('silent servers make the domain unreachable', async () => {
  const { terrain } = practice();
  const profile = { ...terrain.profile, nameServerPort: 1 };
  const seen = await runScanner(dnsAxfr, [{ kind: 'domain', key: 'larkspur.test' }], { ...terrain, profile });
  assert.deepEqual(findingsOf(seen), []);
});
