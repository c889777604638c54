import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributesOf, coverageOf, findingsOf, keysOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import httpProbe from './http-probe.ts';

const practice = usePractice('http-probe');
const probe = (...keys: string[]) =>
  runScanner(
    httpProbe,
    keys.map(key => ({ kind: 'endpoint', key, attributes: { tls: /:[489]443$/.test(key) } })),
    practice().terrain,
  );

test('a start page tells status, title, server and technologies', async () => {
  const seen = await probe('blog.larkspur.test:8080');
  const key = 'http://blog.larkspur.test:8080';
  assert.deepEqual(keysOf(seen, 'website'), [key]);
  const { faviconHash, ...found } = attributesOf(seen, 'website', key);
  assert.equal(typeof faviconHash, 'number');
  assert.deepEqual(found, {
    status: 200,
    title: 'Field Notes · the Larkspur blog',
    server: 'Apache/2.4.65 (Debian)',
    contentType: 'text/html; charset=utf-8',
    technologies: ['apache/2.4.65', 'jquery/1.12.4', 'php/5.6.40', 'wordpress/5.8.1'],
    isCatchAll: false,
  });
  assert.deepEqual(keysOf(seen, 'technology'), found['technologies']);
});

test('a page behind a redirect of the site is read, one of another site is not', async () => {
  const seen = await probe('portal.larkspur.test:9443', 'daylight.larkspur.test:8080');
  const portal = attributesOf(seen, 'website', 'https://portal.larkspur.test:9443');
  assert.equal(portal['status'], 302);
  assert.match(String(portal['title']), /^Sign in/);
  const promo = attributesOf(seen, 'website', 'http://daylight.larkspur.test:8080');
  assert.equal(promo['status'], 301);
  assert.equal(promo['location'], 'http://promo.bystander.test:8080/');
  assert.equal(practice().net.counters().total, 0);
});

test('a site that answers every path is told by paths that cannot exist', async () => {
  const seen = await probe('summerlight.larkspur.test:8080', 'shop.larkspur.test:8080');
  assert.deepEqual(findingsOf(seen), ['http.catch-all http://summerlight.larkspur.test:8080']);
  assert.equal(attributesOf(seen, 'website', 'http://summerlight.larkspur.test:8080')['isCatchAll'], true);
});

test('TLS without HTTP, an endless page, a slow one and nobody at all each have their outcome', async () => {
  const seen = await probe(
    'vpn.larkspur.test:9443',
    'bulkdata.larkspur.test:8080',
    'status.larkspur.test:8080',
    'ftp.larkspur.test:8080',
  );
  assert.deepEqual(coverageOf(seen), {
    'vpn.larkspur.test:9443': 'looked',
    'bulkdata.larkspur.test:8080': 'limited',
    'status.larkspur.test:8080': 'looked',
    'ftp.larkspur.test:8080': 'unreachable',
  });
  assert.deepEqual(keysOf(seen, 'website'), [
    'http://bulkdata.larkspur.test:8080',
    'http://status.larkspur.test:8080',
  ]);
});
