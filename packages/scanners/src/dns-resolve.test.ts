import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributesOf, coverageOf, findingsOf, keysOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import dnsResolve from './dns-resolve.ts';

const practice = usePractice('dns-resolve');
const resolve = (...keys: string[]) =>
  runScanner(
    dnsResolve,
    keys.map(key => ({ kind: 'hostname', key })),
    practice().terrain,
  );

test('a domain gives its apex, its records and the hosts they name', async () => {
  const seen = await runScanner(dnsResolve, [{ kind: 'domain', key: 'larkspur.test' }], practice().terrain);
  assert.deepEqual(keysOf(seen, 'hostname'), [
    'larkspur.test',
    'mail.larkspur.test',
    'mx.bystander.test',
    'ns1.larkspur.test',
    'ns2.larkspur.test',
  ]);
  const { mx, txt, caa, soa } = attributesOf(seen, 'domain', 'larkspur.test');
  assert.deepEqual(mx, ['10 mail.larkspur.test', '20 mx.bystander.test']);
  assert.deepEqual(txt, ['v=spf1 mx include:_spf.bystander.test -all']);
  assert.deepEqual(caa, [
    '0 iodef "mailto:hello@larkspur.test"',
    '0 issue "ca.practice.test"',
    '0 issuewild ";"',
  ]);
  assert.equal(Array.isArray(soa) && soa.length, 1);
});

test('a name gives its addresses, public or not, and its alias', async () => {
  const seen = await resolve('www.larkspur.test', 'store.larkspur.test', 'intranet.larkspur.test');
  const shop = practice().addressOf('shop.larkspur.test');
  assert.deepEqual(
    keysOf(seen, 'ip'),
    ['10.80.12.7', practice().addressOf('www.larkspur.test'), 'fd00:80::1', shop].sort(),
  );
  assert.deepEqual(keysOf(seen, 'hostname'), ['shop.larkspur.test']);
  assert.equal(attributesOf(seen, 'hostname', 'store.larkspur.test')['cname'], 'shop.larkspur.test');
  assert.deepEqual(findingsOf(seen), []);
});

test('names that only a wildcard answers are marked', async () => {
  const seen = await resolve('demo.apps.larkspur.test', 'invoicing.apps.larkspur.test', 'apps.larkspur.test');
  assert.equal(attributesOf(seen, 'hostname', 'demo.apps.larkspur.test')['wildcard'], true);
  assert.equal(attributesOf(seen, 'hostname', 'invoicing.apps.larkspur.test')['wildcard'], undefined);
  assert.equal(attributesOf(seen, 'hostname', 'apps.larkspur.test')['wildcard'], undefined);
});

test('an alias to a name that does not exist is reported, one to an existing name of others is not', async () => {
  const seen = await resolve('docs.larkspur.test', 'assets.larkspur.test', 'nothing.larkspur.test');
  assert.deepEqual(findingsOf(seen), ['dns.dangling-cname docs.larkspur.test larkspur-docs.cloudhost.test']);
  assert.equal(attributesOf(seen, 'hostname', 'nothing.larkspur.test')['status'], 'nxdomain');
  assert.equal(practice().net.counters().total, 0);
});

test('without an answer the name is unreachable, not gone', async () => {
  const { terrain } = practice();
  const deaf = { ...terrain, profile: { ...terrain.profile, resolvers: ['127.1.9.9:9'] } };
  const seen = await runScanner(dnsResolve, [{ kind: 'hostname', key: 'www.larkspur.test' }], deaf);
  assert.deepEqual(coverageOf(seen), { 'www.larkspur.test': 'unreachable' });
  assert.deepEqual(keysOf(seen, 'ip'), []);
});
