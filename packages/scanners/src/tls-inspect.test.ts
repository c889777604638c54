import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributesOf, coverageOf, findingsOf, keysOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import tlsInspect from './tls-inspect.ts';

const practice = usePractice('tls-inspect');

test('certificates, names and weaknesses are those of the truth', async () => {
  const endpoints = practice()
    .assets('endpoint')
    .filter(({ attributes }) => attributes?.['tls'] === true);
  const seen = await runScanner(tlsInspect, endpoints, practice().terrain);
  const certificates = practice().assets('certificate');
  assert.deepEqual(keysOf(seen, 'certificate'), certificates.map(({ key }) => key).sort());
  for (const { key, attributes = {} } of certificates) {
    const found = attributesOf(seen, 'certificate', key);
    assert.deepEqual(found['names'], Array.isArray(attributes['names']) && [...attributes['names']].sort());
    assert.equal(found['selfSigned'], attributes['selfSigned']);
    assert.equal(found['notAfter'], attributes['notAfter']);
  }
  const expected = practice().net.truth.findings.filter(({ ruleId }) => ruleId.startsWith('tls.'));
  assert.deepEqual(findingsOf(seen), expected.map(({ ruleId, assetKey }) => `${ruleId} ${assetKey}`).sort());
});

test('names in a certificate are found when they are ours', async () => {
  const endpoint = { kind: 'endpoint' as const, key: 'www.larkspur.test:8443', attributes: { tls: true } };
  const seen = await runScanner(tlsInspect, [endpoint], practice().terrain);
  assert.deepEqual(keysOf(seen, 'hostname'), ['clubhouse.larkspur.test', 'larkspur.test']);
  const shared = { ...endpoint, key: 'partnerhub.larkspur.test:8443' };
  assert.deepEqual(keysOf(await runScanner(tlsInspect, [shared], practice().terrain), 'hostname'), []);
});

test('an endpoint without TLS or without anything is unreachable', async () => {
  const keys = ['www.larkspur.test:8080', 'www.larkspur.test:4443'];
  const assets = keys.map(key => ({ kind: 'endpoint' as const, key, attributes: { tls: true } }));
  const seen = await runScanner(tlsInspect, assets, practice().terrain);
  assert.deepEqual(coverageOf(seen), Object.fromEntries(keys.map(key => [key, 'unreachable'])));
});
