import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_ATTRIBUTES_BYTES, type AssetRef } from '@glacis/contract';
import { networkProfile } from '@glacis/foundation';
import { z } from 'zod';
import { parseEngine } from './engine-config.ts';
import { findingIdentity } from './identity.ts';
import { canonicalRef, cutText, sortObservations } from './observation-batch.ts';
import { createRegistry } from './registry.ts';
import { createScopeJudge } from './scope-judge.ts';
import type { AssetObservation, FindingObservation } from './scanner.ts';
import { fakeScanner } from '../test/world.ts';

const link = (
  asset: AssetObservation['asset'],
  from: AssetRef,
  relation: AssetObservation['relation'] = 'contains',
): AssetObservation => ({ type: 'asset', asset, from, ...(relation ? { relation } : {}), reason: 'x' });
const domain = { kind: 'domain', key: 'corp.test' } as const;

test('references are canonical or refused', () => {
  assert.deepEqual(canonicalRef({ kind: 'hostname', key: 'WWW.Corp.Test.' }), {
    kind: 'hostname',
    key: 'www.corp.test',
  });
  assert.equal(canonicalRef({ kind: 'ip', key: '2001:DB8:0::1' })?.key, '2001:db8::1');
  for (const key of ['', ' ', 'a b', '-a.test', 'a..b', '1.2.3.4', 'x'.repeat(300), 'a\u0000.test'])
    assert.equal(canonicalRef({ kind: 'hostname', key }), undefined, key);
  for (const key of ['', '256.1.1.1', 'host', '1.2.3'])
    assert.equal(canonicalRef({ kind: 'ip', key }), undefined, key);
  assert.equal(canonicalRef({ kind: 'url', key: '\u0000' }), undefined);
  assert.equal(canonicalRef({ kind: 'url', key: '€'.repeat(700) }), undefined);
  assert.equal(canonicalRef({ kind: 'url', key: 'a\u0000\ud800' })?.key, 'a\ufffd');
});

test('observations of one asset merge; malformed ones are named', () => {
  const batch = sortObservations([
    link({ kind: 'hostname', key: 'A.corp.test', attributes: { one: 1 } }, domain),
    link({ kind: 'hostname', key: 'a.corp.test.', attributes: { two: 'x\u0000y\ud800' } }, domain),
    link({ kind: 'hostname', key: 'not a name' }, domain),
    link(
      { kind: 'hostname', key: 'b.corp.test', attributes: { big: 'x'.repeat(MAX_ATTRIBUTES_BYTES) } },
      domain,
    ),
    {
      type: 'finding',
      ruleId: 'no.such-rule' as FindingObservation['ruleId'],
      asset: domain,
      confidence: 'firm',
      evidence: [],
    },
  ]);
  assert.deepEqual(batch.assets.get('hostname|a.corp.test')?.attributes, { one: 1, two: 'xy\ufffd' });
  assert.deepEqual(Object.keys(batch.assets.get('hostname|b.corp.test')?.attributes ?? {}), [
    'attributesDropped',
  ]);
  assert.deepEqual(batch.rejected, ['hostname "not a name"', 'rule no.such-rule']);
  assert.equal(batch.findings.length, 0);
});

test('a text is never cut through a character', () => {
  assert.equal(cutText('ab🏰', 3), 'ab\ufffd');
  assert.ok(cutText('🏰'.repeat(10), 7).isWellFormed());
});

test('identity rests on rule, asset and parameter alone, and the parts do not run together', () => {
  const of = (ruleId: string, key: string, parameter: string) =>
    findingIdentity({ ruleId, asset: { kind: 'website', key }, parameter });
  assert.match(of('a', 'b', 'c'), /^v1:[0-9a-f]{64}$/);
  assert.equal(of('a', 'b', 'c'), of('a', 'b', 'c'));
  assert.equal(
    new Set([of('a', 'b', 'c'), of('a', 'bc', ''), of('ab', '', 'c'), of('a', '","', 'c')]).size,
    4,
  );
});

test('scope follows names, addresses that names in scope resolve to, and what ours led to', () => {
  const rules = {
    domains: ['corp.test'],
    networks: ['203.0.113.0/28'],
    excluded: ['secret.corp.test', '198.51.100.9'],
    allowedPrivateRanges: [],
    profile: networkProfile.parse({ zones: ['*'] }),
  };
  const stranger = { kind: 'hostname', key: 'www.stranger.test' } as const;
  const www = { kind: 'hostname', key: 'www.corp.test' } as const;
  const ip = (key: string) => ({ kind: 'ip', key }) as const;
  const batch = sortObservations([
    link(ip('8.8.4.4'), www, 'resolves_to'),
    link(ip('8.8.8.8'), stranger, 'resolves_to'),
    link(ip('10.0.0.1'), www, 'resolves_to'),
    link({ kind: 'technology', key: 'nginx' }, www, 'runs'),
    link({ kind: 'technology', key: 'apache' }, stranger, 'runs'),
  ]);
  const judge = createScopeJudge(rules, batch);
  const inside: AssetRef[] = [
    domain,
    www,
    ip('8.8.4.4'),
    { kind: 'website', key: 'https://www.corp.test:443' },
    { kind: 'endpoint', key: 'www.corp.test:443' },
    { kind: 'email', key: 'a@corp.test' },
    { kind: 'technology', key: 'nginx' },
  ];
  const outside: AssetRef[] = [
    stranger,
    { kind: 'hostname', key: 'notcorp.test' },
    { kind: 'hostname', key: 'corp.test.evil.org' },
    { kind: 'hostname', key: 'a.secret.corp.test' },
    ip('8.8.8.8'),
    ip('10.0.0.1'),
    ip('127.0.0.1'),
    { kind: 'website', key: 'https://evil.org/?corp.test' },
    { kind: 'website', key: 'https://corp.test@elsewhere.test/' },
    { kind: 'url', key: 'not a url' },
    { kind: 'service', key: '169.254.169.254:80/tcp' },
    { kind: 'service', key: '198.51.100.9:80/tcp' },
    { kind: 'email', key: 'a@corp.test@elsewhere.test' },
    { kind: 'technology', key: 'apache' },
  ];
  for (const asset of inside) assert.ok(judge(asset), asset.key);
  for (const asset of outside) assert.ok(!judge(asset), asset.key);
});

test('an engine is checked against the registry, with every mistake in one sentence', () => {
  const scanner = fakeScanner({
    id: 'known',
    consumes: ['domain'],
    options: z.object({ depth: z.number().int().max(5).default(2) }),
    run: async function* () {},
  });
  const registry = createRegistry([scanner]);
  assert.deepEqual(parseEngine(undefined, registry), { options: {} });
  assert.deepEqual(parseEngine({ options: { known: { depth: 3 } } }, registry).options, {
    known: { depth: 3 },
  });
  const mistakes: [unknown, RegExp][] = [
    [{ scanners: ['unknown'] }, /no scanner “unknown”; there are known/],
    [{ options: { unknown: {} } }, /no scanner “unknown”/],
    [{ options: { known: { depth: 9 } } }, /options of known/],
    [{ options: { known: { width: 1 } } }, /width/],
    [{ scanners: 'known' }, /not valid/],
    ['known', /not valid/],
  ];
  for (const [engine, message] of mistakes) assert.throws(() => parseEngine(engine, registry), message);
  assert.throws(() => createRegistry([scanner, scanner]), /Two scanners are called known/);
});
