import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InputAsset } from '@glacis/engine';
import { EgressError } from '@glacis/foundation';
import { eachAsset, mapBounded } from './each-asset.ts';
import { faviconHash, murmur3 } from './favicon-hash.ts';
import { emailsIn, isWildcardAnswer, namesIn, plainName } from './names.ts';
import { parsePage } from './page.ts';
import { splitEndpoint, websiteKey } from './site.ts';
import { technologiesOf, technologyKey } from './technologies.ts';

const assets = ['a', 'b', 'c', 'd'].map((key): InputAsset => ({ kind: 'hostname', key, attributes: {} }));

async function outcomes(
  look: Parameters<typeof eachAsset>[2],
  options: Partial<Parameters<typeof eachAsset>[1]> = {},
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const signal = new AbortController().signal;
  for await (const each of eachAsset(assets, { atOnce: 2, limitMs: 5000, signal, ...options }, look))
    if (each.type === 'coverage') {
      assert.equal(found[each.asset.key], undefined, 'covered once');
      found[each.asset.key] = each.outcome;
    }
  return found;
}

test('each asset ends in its own outcome', async () => {
  const found = await outcomes(async function* (asset) {
    if (asset.key === 'a') throw new EgressError('timeout', 'late');
    if (asset.key === 'b') throw new EgressError('out-of-scope', 'not ours');
    if (asset.key === 'c') return { outcome: 'limited' };
    yield* [];
    return undefined;
  });
  assert.deepEqual(found, { a: 'unreachable', b: 'skipped', c: 'limited', d: 'looked' });
});

test('an asset that never ends is cut off, the others are not', async () => {
  const found = await outcomes(
    async function* (asset) {
      if (asset.key === 'b') await new Promise(() => {});
      yield* [];
      return undefined;
    },
    { limitMs: 30 },
  );
  assert.deepEqual(found, { a: 'looked', b: 'limited', c: 'looked', d: 'looked' });
});

test('defects and cancellation end the whole', async () => {
  const look = async function* (asset: InputAsset) {
    if (asset.key === 'b') throw new TypeError('a defect');
    yield* [];
    return undefined;
  };
  await assert.rejects(outcomes(look), TypeError);
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(outcomes(look, { signal: controller.signal }), EgressError);
});

test('a slow consumer holds the producers back', async () => {
  let produced = 0;
  const signal = new AbortController().signal;
  const stream = eachAsset(assets, { atOnce: 1, limitMs: 60_000, signal }, async function* (asset) {
    for (; produced < 100_000; produced += 1)
      yield { type: 'asset', asset: { kind: 'hostname', key: 'x' }, from: asset, reason: 'test' };
    return undefined;
  });
  await stream.next();
  await new Promise(resolve => setTimeout(resolve, 50));
  assert.ok(produced < 2000, String(produced));
  await stream.return();
});

test('results of bounded work keep their order and the bound', async () => {
  let running = 0;
  let most = 0;
  const results = await mapBounded([5, 1, 3, 2, 4], 2, async number => {
    most = Math.max(most, (running += 1));
    await new Promise(resolve => setTimeout(resolve, number));
    running -= 1;
    return number * 10;
  });
  assert.deepEqual(results, [50, 10, 30, 20, 40]);
  assert.equal(most, 2);
});

test('names and addresses are found in any text, within bounds', () => {
  const text = 'fetch("https://api.example.org/v1"), mail Sales@Example.org. or x@y, see WWW.example.org.';
  assert.deepEqual([...namesIn(text)].sort(), ['api.example.org', 'example.org', 'www.example.org']);
  assert.deepEqual([...emailsIn(text)], ['sales@example.org']);
  const long = 'a'.repeat(3_000_000);
  assert.equal(namesIn(long).size, 0);
  assert.equal(emailsIn(`${'a@'.repeat(500_000)}`).size, 0);
  assert.equal(plainName('*.Example.org'), 'example.org');
  assert.equal(plainName('*.*.example.org'), undefined);
});

test('wildcard answers are told by alias, addresses and restlessness', () => {
  const wildcard = {
    addresses: new Set(['9.9.9.9', '9.9.9.8']),
    aliases: new Set(['lb.test']),
    isUnstable: false,
  };
  assert.ok(isWildcardAnswer(wildcard, { addresses: ['9.9.9.9'], chain: [] }));
  assert.ok(!isWildcardAnswer(wildcard, { addresses: ['9.9.9.9', '9.9.9.7'], chain: [] }));
  assert.ok(isWildcardAnswer(wildcard, { addresses: ['1.1.1.1'], chain: ['lb.test'] }));
  assert.ok(!isWildcardAnswer(wildcard, { addresses: ['9.9.9.9'], chain: ['own.test'] }));
  assert.ok(!isWildcardAnswer(wildcard, { addresses: [], chain: [] }));
  assert.ok(isWildcardAnswer({ ...wildcard, isUnstable: true }, { addresses: ['1.1.1.1'], chain: [] }));
  assert.ok(!isWildcardAnswer(undefined, { addresses: ['9.9.9.9'], chain: [] }));
});

test('a page is read however broken it is', () => {
  const page = parsePage(
    '<title> A &amp; B </title><title>other</title><a href=/x>1<a href="/y"><form action=/go method=POST>' +
      '<input name=u><input type=PASSWORD name=p></form><script src=a.js></script><script>var s = "q"</script>' +
      '<link rel="shortcut icon" href=i.ico><meta name=Generator content="W 1"><a',
  );
  assert.equal(page.title, 'A & B');
  assert.deepEqual(page.links, ['/x', '/y']);
  assert.deepEqual(page.scripts, ['a.js']);
  assert.deepEqual(page.icons, ['i.ico']);
  assert.equal(page.meta.get('generator'), 'W 1');
  assert.deepEqual(page.forms, [{ action: '/go', method: 'POST', fields: ['u', 'p'], hasPassword: true }]);
  assert.match(page.inlineScript, /var s/);
  assert.equal(parsePage('<a href="/x">'.repeat(10_000)).links.length, 2000);
  assert.equal(parsePage(`<title>${'t'.repeat(10_000)}`).title.length, 200);
});

test('keys of endpoints and websites', () => {
  assert.equal(websiteKey(true, 'x.test', 443), 'https://x.test');
  assert.equal(websiteKey(false, 'x.test', 8080), 'http://x.test:8080');
  assert.equal(websiteKey(false, '2a00::1', 80), 'http://[2a00::1]');
  assert.deepEqual(splitEndpoint('[2a00::1]:443'), { host: '2a00::1', port: 443 });
});

test('technologies are read from headers, cookies, markup and scripts', () => {
  const html =
    '<meta name="generator" content="WordPress 6.8.3"><script src="/assets/jquery-3.7.1.min.js?x"></script>' +
    '<script src="https://cdn.test/bootstrap@5.3.2/dist/js/bootstrap.bundle.min.js"></script><div ng-version="17.1.0">';
  const headers = new Map<string, readonly string[]>([
    ['server', ['Apache/2.4.29 (Ubuntu) OpenSSL/1.1.1']],
    ['x-powered-by', ['PHP/7.4.3']],
    ['set-cookie', ['JSESSIONID=1; Path=/']],
  ]);
  const response = {
    url: 'http://x.test/',
    status: 200,
    headers,
    body: Buffer.from(html),
    isTruncated: false,
    remoteAddress: '',
    durationMs: 0,
  };
  assert.deepEqual(technologiesOf(response, parsePage(html)).map(technologyKey), [
    'angular/17.1.0',
    'apache/2.4.29',
    'bootstrap/5.3.2',
    'java-servlet',
    'jquery/3.7.1',
    'openssl/1.1.1',
    'php/7.4.3',
    'wordpress/6.8.3',
  ]);
});

test('favicon hashes are those of the published algorithm', () => {
  // Test vectors of MurmurHash3 x86 32 with seed 0.
  assert.equal(murmur3(Buffer.from('')), 0);
  assert.equal(murmur3(Buffer.from('test')) >>> 0, 0xba6bd213);
  assert.equal(murmur3(Buffer.from('Hello, world!')) >>> 0, 0xc0363e43);
  assert.equal(murmur3(Buffer.from('The quick brown fox jumps over the lazy dog')) >>> 0, 0x2e4ff723);
  assert.equal(faviconHash(Buffer.from('icon')), murmur3(Buffer.from('aWNvbg==\n')));
});
