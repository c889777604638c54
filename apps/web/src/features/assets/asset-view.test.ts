import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assetHint } from './asset-hint.ts';
import { attributeRows, humanised } from './attribute-rows.ts';
import { groupConnections } from './connection-groups.ts';

test('attributes come in reading order, without empty ones, each in its form', () => {
  const rows = attributeRows('certificate', {
    zebra: 'last',
    notAfter: '2026-11-29T10:00:00.000Z',
    names: ['a.test', '', 'b.test'],
    subject: 'CN=a.test',
    nothing: null,
    empty: [],
    isSelfSigned: false,
  });
  assert.deepEqual(
    rows.map(row => [row.name, row.form, row.values]),
    [
      ['subject', 'text', ['CN=a.test']],
      ['notAfter', 'instant', ['2026-11-29T10:00:00.000Z']],
      ['names', 'key', ['a.test', 'b.test']],
      ['isSelfSigned', 'flag', ['false']],
      ['zebra', 'text', ['last']],
    ],
  );
});

test('nested values are shown as JSON, long lists are cut, markup stays text', () => {
  const [nested, long] = attributeRows('url', {
    a: { b: '<script>alert(1)</script>' },
    c: Array.from({ length: 1000 }, (_, index) => index),
  });
  assert.deepEqual(nested?.values, ['{"b":"<script>alert(1)</script>"}']);
  assert.equal(long?.values.length, 200);
});

test('names without a text of their own are made readable', () => {
  assert.equal(humanised('tlsVersion'), 'Tls version');
  assert.equal(humanised('x_powered-by'), 'X powered by');
});

test('a hint says what tells an asset from its neighbours', () => {
  assert.equal(assetHint({ kind: 'hostname', attributes: { addresses: ['127.1.2.3'] } }), '127.1.2.3');
  assert.equal(
    assetHint({ kind: 'hostname', attributes: { cname: 'x.test', addresses: ['127.1.2.3'] } }),
    '→ x.test',
  );
  assert.equal(
    assetHint({ kind: 'service', attributes: { protocol: 'ssh', product: 'openssh', version: '9.6p1' } }),
    'ssh · openssh 9.6p1',
  );
  assert.equal(assetHint({ kind: 'website', attributes: { status: 200, title: 'Shop' } }), '200 · Shop');
  assert.equal(assetHint({ kind: 'ip', attributes: { anything: {} } }), '');
  assert.ok(assetHint({ kind: 'website', attributes: { title: 'x'.repeat(1000) } }).length <= 160);
});

test('connections are grouped by direction and relation', () => {
  const target = (key: string) => ({ id: key, kind: 'hostname' as const, key, inScope: true });
  const groups = groupConnections([
    { direction: 'out', relation: 'links_to', asset: target('a') },
    { direction: 'in', relation: 'links_to', asset: target('b') },
    { direction: 'out', relation: 'links_to', asset: target('c') },
  ]);
  assert.deepEqual(
    groups.map(group => [group.id, group.assets.map(asset => asset.key)]),
    [
      ['out:links_to', ['a', 'c']],
      ['in:links_to', ['b']],
    ],
  );
});
