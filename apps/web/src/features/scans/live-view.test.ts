import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScanNews } from '@glacis/contract';
import { reconnectWaitMs } from '../../api/live-scan.ts';
import { mergeNews, newsKey } from './news-feed.ts';
import { curvePath, extendCurve, type CurvePoint } from './scan-curve.ts';

const asset = (seq: number): ScanNews => ({
  type: 'asset',
  seq,
  id: '00000000-0000-4000-8000-000000000000',
  kind: 'hostname',
  key: `host${seq}.test`,
  inScope: true,
  scanner: 'dns-resolve',
});
const finding = (seq: number): ScanNews => ({
  type: 'finding',
  seq,
  id: '00000000-0000-4000-8000-000000000000',
  ruleId: 'http.exposed-git',
  title: 'Git repository is exposed',
  severity: 'high',
  assetKey: 'https://host.test',
  parameter: '',
});

test('news comes to the top, each once, and assets and findings are numbered apart', () => {
  const first = mergeNews([], [asset(1), finding(1), asset(2)]);
  assert.deepEqual(first.map(newsKey), ['asset:2', 'finding:1', 'asset:1']);
  const again = mergeNews(first, [asset(1), finding(1), asset(2), asset(3), asset(3)]);
  assert.deepEqual(again.map(newsKey), ['asset:3', 'asset:2', 'finding:1', 'asset:1']);
});

test('a message without anything new changes nothing', () => {
  const shown = mergeNews([], [asset(1)]);
  assert.equal(mergeNews(shown, [asset(1)]), shown);
});

test('the feed has a limit and drops the oldest', () => {
  const news = Array.from({ length: 30 }, (_, index) => asset(index));
  const shown = mergeNews([], news, 10);
  assert.equal(shown.length, 10);
  assert.equal(shown[0]?.seq, 29);
  assert.equal(shown.at(-1)?.seq, 20);
});

test('waits between attempts double up to a bound, with a fifth of jitter', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 100].map(attempt => reconnectWaitMs(attempt, 1)),
    [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000],
  );
  assert.equal(reconnectWaitMs(0, 0), 400);
});

test('the curve grows to the right, ignores what is not later, and keeps its ends when thinned', () => {
  const start: CurvePoint = { elapsedMs: 0, assets: 0, findings: 0 };
  let curve: readonly CurvePoint[] = [start];
  for (let ms = 1; ms <= 1000; ms += 1)
    curve = extendCurve(curve, { elapsedMs: ms, assets: ms, findings: 0 });
  assert.ok(curve.length <= 400);
  assert.deepEqual(curve[0], start);
  assert.equal(curve.at(-1)?.assets, 1000);
  assert.equal(extendCurve(curve, { elapsedMs: 999, assets: 5, findings: 0 }), curve);
});

test('the path of a curve stays inside its drawing', () => {
  const curve = [
    { elapsedMs: 0, assets: 0, findings: 0 },
    { elapsedMs: 500, assets: 5, findings: 0 },
    { elapsedMs: 1000, assets: 10, findings: 0 },
  ];
  const size = { width: 100, height: 40, endMs: 1000 };
  assert.equal(curvePath(curve, 'assets', size), 'M0 40H0.0V40.0H50.0V20.0H100.0V0.0');
  assert.equal(curvePath(curve, 'findings', size), 'M0 40H0.0V40.0H50.0V40.0H100.0V40.0');
});
