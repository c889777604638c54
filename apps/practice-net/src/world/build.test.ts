import assert from 'node:assert/strict';
import { it } from 'node:test';
import { buildTruth } from '../truth/build.ts';
import { truth as truthSchema } from '../truth/schema.ts';
import { buildWorld } from './build.ts';
import { compareVersions, isOutdated, technologiesOf } from './products.ts';

it('gives the same truth for the same seed, and another for another', () => {
  const make = (seed: string): string => JSON.stringify(buildTruth(buildWorld({ hosts: 120, seed })));
  assert.equal(make('1'), make('1'));
  assert.notEqual(make('1'), make('2'));
});

it('writes a truth that its schema reads', () => {
  const made = buildTruth(buildWorld({ hosts: 60, seed: '3' }));
  assert.deepEqual(truthSchema.parse(structuredClone(made)), made);
});

it('names every asset and finding once', () => {
  const made = buildTruth(buildWorld({ hosts: 400, seed: '1' }));
  const assets = made.assets.map(asset => `${asset.kind} ${asset.key}`);
  const findings = made.findings.map(one =>
    [one.ruleId, one.assetKind, one.assetKey, one.parameter].join(' '),
  );
  for (const list of [assets, findings]) {
    assert.deepEqual(
      list.filter((item, index) => list.indexOf(item) !== index),
      [],
    );
  }
});

it('has as many hosts as asked for, each with an address of its own, and grows evenly', () => {
  const sizes = [200, 400, 800].map(hosts => {
    const world = buildWorld({ hosts, seed: '1' });
    assert.equal(new Set(world.hosts.map(host => host.address)).size, hosts);
    return buildTruth(world).findings.length / hosts;
  });
  for (const perHost of sizes) assert.ok(perHost > 1.5 && perHost < 4.5, String(sizes));
});

it('keeps what only one scanner can reveal out of the others’ sight', () => {
  const { names } = buildWorld({ hosts: 40, seed: '1' });
  for (const scanner of [
    'dns-brute',
    'ct-search',
    'dns-axfr',
    'dns-permute',
    'tls-inspect',
    'http-crawl',
  ] as const) {
    const only = names.filter(({ foundBy }) => foundBy.length === 1 && foundBy[0] === scanner);
    assert.notEqual(only.length, 0, scanner);
  }
});

it('says what is wrong with a size or block', () => {
  assert.throws(() => buildWorld({ hosts: 39, seed: '1' }), /between 40 and 10000/);
  assert.throws(() => buildWorld({ hosts: 40, seed: '1', block: 7 }), /no address block 7/);
});

it('reads versions from what servers say', () => {
  const found = technologiesOf(
    {
      make: 'apache',
      server: 'Apache/2.4.29 (Ubuntu)',
      poweredBy: 'PHP/7.4.3',
      generator: 'WordPress 5.8.1',
    },
    true,
  );
  assert.deepEqual(found, [
    { product: 'apache', version: '2.4.29' },
    { product: 'php', version: '7.4.3' },
    { product: 'wordpress', version: '5.8.1' },
  ]);
  assert.ok(compareVersions('1.9.0', '1.18.0') < 0);
  assert.ok(compareVersions('10.0', '7.5') > 0);
  assert.equal(isOutdated({ product: 'nginx' }), false);
});
