import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '@glacis/foundation';
import { metaOfHead } from './head-meta.ts';
import { ownableDomain } from './names.ts';

test('a domain has one spelling', () => {
  assert.equal(ownableDomain('Example.ORG.'), 'example.org');
  assert.equal(ownableDomain(' bücher.example '), 'xn--bcher-kva.example');
  assert.equal(ownableDomain('XN--BCHER-KVA.example'), 'xn--bcher-kva.example');
  assert.equal(ownableDomain('shop.example.co.uk'), 'shop.example.co.uk');
  assert.equal(ownableDomain('somebody.github.io'), 'somebody.github.io');
});

for (const name of [
  'com',
  'localhost',
  '192.0.2.1',
  'a b.test',
  'https://example.org',
  '',
  '.',
  '*.example.org',
])
  test(`“${name}” is no domain`, () =>
    assert.throws(() => ownableDomain(name), { code: 'target.not-a-domain' }));

for (const name of ['co.uk', 'github.io', 'CO.UK.', 'kawasaki.jp', 'foo.kawasaki.jp', 's3.amazonaws.com'])
  test(`${name} cannot be claimed`, () =>
    assert.throws(
      () => ownableDomain(name),
      (error: unknown) => error instanceof UserError && error.code === 'target.public-suffix',
    ));

const heads: readonly (readonly [what: string, html: string, isThere: boolean])[] = [
  ['in the head', '<html><head><meta name="glacis-verification" content="c"></head><body>', true],
  ['in upper case, single quotes', `<HTML><HEAD><META CONTENT='c' NAME='Glacis-Verification'/></HEAD>`, true],
  ['without head tags', '<!doctype html><title>x</title><meta name=glacis-verification content=c><p>', true],
  [
    'after scripts and styles',
    '<head><script>if (a < b) {}</script><style>p{}</style><meta name="glacis-verification" content="c">',
    true,
  ],
  ['in the body', '<head></head><body><meta name="glacis-verification" content="c">', false],
  ['after the head', '<head></head><meta name="glacis-verification" content="c">', false],
  ['after a tag that opens the body', '<head><p><meta name="glacis-verification" content="c">', false],
  ['after text that opens the body', '<head>hello<meta name="glacis-verification" content="c">', false],
  ['in a comment', '<head><!-- <meta name="glacis-verification" content="c"> -->', false],
  ['in a script', '<head><script>"<meta name=glacis-verification content=c>"</script>', false],
  ['in a title', '<head><title><meta name="glacis-verification" content="c"></title>', false],
  ['in a template', '<head><template><meta name="glacis-verification" content="c"></template>', false],
  ['of another name', '<head><meta name="description" content="c"></head>', false],
];
for (const [what, html, isThere] of heads)
  test(`a meta element ${what} ${isThere ? 'counts' : 'does not count'}`, () =>
    assert.deepEqual(metaOfHead(html, 'glacis-verification'), isThere ? ['c'] : []));
