import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoreScan } from '@glacis/app-practice-net';
import { scanners } from '../src/index.ts';
import { usePractice } from './practice.ts';
import { scanInMemory } from './scan-in-memory.ts';

const practice = usePractice('whole-network');

test('all scanners together find everything that is true of the practice network, and nothing else', async () => {
  const { net, terrain } = practice();
  const seeds = net.truth.domains.map(key => ({ kind: 'domain' as const, key }));
  const result = await scanInMemory(
    seeds,
    scanners.filter(scanner => !scanner.needsBrowser),
    terrain,
  );
  const assets = [...result.assets.values()].map(({ kind, key, isInScope }) => ({
    kind,
    key,
    inScope: isInScope,
  }));
  const score = scoreScan(net.truth, assets, result.findings, net.counters().total);
  assert.deepEqual(score.missed, []);
  assert.deepEqual(score.unexpected, []);
  assert.equal(score.packetsOutsideScope, 0);
  assert.ok(score.passed);
  for (const [what, outcomes] of result.coverage) assert.equal(outcomes.length, 1, what);
});
