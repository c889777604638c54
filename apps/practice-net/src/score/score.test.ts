import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { buildTruth } from '../truth/build.ts';
import type { Truth } from '../truth/schema.ts';
import { buildWorld } from '../world/build.ts';
import { InputError, scoreFiles } from './score-files.ts';
import { scoreScan } from './score.ts';
import type { ExportedAsset, ExportedFinding } from './score.ts';

const base = buildTruth(buildWorld({ hosts: 40, seed: '1' }));
const made: Truth = {
  ...base,
  optionalPaths: ['/robots.txt'],
  assets: [
    { kind: 'hostname', key: 'a.larkspur.test', inScope: true, foundBy: ['dns-brute'] },
    { kind: 'hostname', key: 'b.larkspur.test', inScope: true, foundBy: ['ct-search'] },
    { kind: 'hostname', key: 'www.bystander.test', inScope: false, foundBy: [] },
    { kind: 'technology', key: 'openssh', inScope: true, foundBy: [], isOptional: true },
    { kind: 'website', key: 'http://a.larkspur.test:8080', inScope: true, foundBy: ['http-probe'] },
    { kind: 'url', key: 'http://a.larkspur.test:8080/', inScope: true, foundBy: ['http-crawl'] },
  ],
  findings: [
    { ruleId: 'r.one', assetKind: 'website', assetKey: 'w', parameter: '', foundBy: ['http-headers'] },
    { ruleId: 'r.one', assetKind: 'website', assetKey: 'w', parameter: 'sid', foundBy: ['http-headers'] },
    { ruleId: 'r.unclaimed', assetKind: 'url', assetKey: 'u', parameter: 'q', foundBy: [] },
  ],
};
const asset = (kind: string, key: string, inScope = true): ExportedAsset => ({ kind, key, inScope });
const finding = (ruleId: string, parameter: string | null = null): ExportedFinding => ({
  ruleId,
  assetKind: 'website',
  assetKey: 'w',
  parameter,
});
const allAssets = [
  asset('hostname', 'a.larkspur.test'),
  asset('hostname', 'b.larkspur.test'),
  asset('website', 'http://a.larkspur.test:8080'),
  asset('url', 'http://a.larkspur.test:8080/?page=2'),
];
const allFindings = [finding('r.one'), finding('r.one', 'sid')];

describe('scoreScan', () => {
  it('passes a perfect scan, with optional and out-of-scope assets besides', () => {
    const score = scoreScan(
      made,
      [
        ...allAssets,
        asset('hostname', 'www.bystander.test', false),
        asset('technology', 'openssh'),
        asset('url', 'http://a.larkspur.test:8080/robots.txt'),
      ],
      [...allFindings, { ruleId: 'r.unclaimed', assetKind: 'url', assetKey: 'u', parameter: 'q' }],
      0,
    );
    assert.deepEqual(score.unexpected, []);
    assert.deepEqual(score.missed, []);
    assert.equal(score.passed, true);
    assert.equal(score.totals.assets.expected, 4);
  });
  it('counts what is missed and what is made up, per kind and rule', () => {
    const score = scoreScan(
      made,
      [asset('hostname', 'a.larkspur.test'), asset('hostname', 'c.larkspur.test')],
      [finding('r.one', 'sid'), finding('r.two')],
      0,
    );
    assert.deepEqual(score.assets['hostname'], {
      expected: 2,
      found: 1,
      missed: 1,
      unexpected: 1,
      recall: 0.5,
      precision: 0.5,
    });
    assert.equal(score.assets['url']?.recall, 0);
    assert.equal(score.assets['url']?.precision, 1);
    assert.equal(score.findings['r.one']?.recall, 0.5);
    assert.equal(score.findings['r.two']?.precision, 0);
    assert.ok(score.missed.includes('hostname b.larkspur.test'));
    assert.ok(score.unexpected.includes('hostname c.larkspur.test'));
    assert.equal(score.passed, false);
  });
  it('does not count an asset of ours that is marked out of scope, nor forgive a foreign one marked in', () => {
    const [, ...others] = allAssets;
    const missed = scoreScan(made, [asset('hostname', 'a.larkspur.test', false), ...others], allFindings, 0);
    assert.deepEqual(missed.missed, ['hostname a.larkspur.test']);
    const foreign = scoreScan(made, [...allAssets, asset('hostname', 'www.bystander.test')], allFindings, 0);
    assert.deepEqual(foreign.unexpected, ['hostname www.bystander.test']);
  });
  it('fails doubles and packets', () => {
    const doubled = scoreScan(made, [...allAssets, asset('hostname', 'a.larkspur.test')], allFindings, 0);
    assert.equal(doubled.assets['hostname']?.unexpected, 1);
    assert.equal(scoreScan(made, allAssets, [...allFindings, finding('r.one')], 0).passed, false);
    assert.equal(scoreScan(made, allAssets, allFindings, 1).passed, false);
  });
});

describe('scoreFiles', () => {
  it('reads exports line by line, writes the score, and names a line that is wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'score-'));
    const path = (name: string): string => join(folder, name);
    const lines = (items: readonly unknown[]): string =>
      items.map(item => `${JSON.stringify(item)}\n`).join('');
    try {
      await writeFile(path('truth.json'), JSON.stringify(made));
      await writeFile(path('assets.jsonl'), lines(allAssets.map(one => ({ ...one, attributes: {} }))));
      await writeFile(path('findings.jsonl'), lines(allFindings));
      await writeFile(path('counters.json'), JSON.stringify({ total: 0, dnsQueries: 3, bystanders: [] }));
      const files = {
        truth: path('truth.json'),
        assets: path('assets.jsonl'),
        findings: path('findings.jsonl'),
        counters: { file: path('counters.json') },
        out: path('score.json'),
      };
      assert.equal((await scoreFiles(files)).passed, true);
      assert.equal(JSON.parse(await readFile(path('score.json'), 'utf8')).passed, true);
      await writeFile(path('assets.jsonl'), '{"kind":"hostname"}\n');
      await assert.rejects(scoreFiles(files), (error: unknown) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, /assets\.jsonl, line 1: key/);
        return true;
      });
      await writeFile(path('assets.jsonl'), '');
      await assert.rejects(scoreFiles({ ...files, findings: path('none') }), /none cannot be read/);
      const closed = { control: 'http://127.0.0.1:9' };
      await assert.rejects(scoreFiles({ ...files, counters: closed }), /does not answer/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
