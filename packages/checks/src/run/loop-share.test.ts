import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoopShare } from './loop-share.ts';

test('of many that ask at once, no more work than a slice holds before sockets get their turn', async () => {
  const share = new LoopShare();
  let immediates = 0;
  const sinceTurn: number[] = [0];
  const count = (): void => {
    immediates += 1;
    sinceTurn.push(0);
    if (immediates < 10_000) setImmediate(count);
  };
  setImmediate(count);
  const work = async (): Promise<void> => {
    await share.turn();
    const until = performance.now() + 6;
    while (performance.now() < until);
    sinceTurn[sinceTurn.length - 1] = (sinceTurn.at(-1) ?? 0) + 1;
  };
  await Promise.all(Array.from({ length: 20 }, work));
  immediates = 10_000;
  // Pieces of 6 ms in slices of 8 ms: the second one begins within the slice, the third does not.
  assert.ok(Math.max(...sinceTurn) <= 2, sinceTurn.filter(n => n > 0).join(' '));
});
