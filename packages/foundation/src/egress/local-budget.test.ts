import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EgressError } from './guard.ts';
import { LocalBudget } from './local-budget.ts';

const never = new AbortController().signal;

test('a burst is free, what is beyond waits its turn, other addresses do not', async () => {
  const budget = new LocalBudget({ ratePerAddress: 100, burstPerAddress: 5 });
  const order: string[] = [];
  for (let index = 0; index < 5; index += 1) await budget.take('9.9.9.9', 1, never);
  const sixth = budget.take('9.9.9.9', 1, never).then(() => order.push('sixth'));
  const seventh = budget.take('9.9.9.9', 1, never).then(() => order.push('seventh'));
  await budget.take('9.9.9.8', 5, never);
  order.push('other');
  await Promise.all([sixth, seventh]);
  assert.deepEqual(order, ['other', 'sixth', 'seventh']);
});

test('more than a burst at once is taken in parts', async () => {
  const budget = new LocalBudget({ ratePerAddress: 2000, burstPerAddress: 10 });
  await budget.take('9.9.9.9', 35, never);
});

test('cancellation ends the waiting at once, also behind others', async () => {
  const budget = new LocalBudget({ ratePerAddress: 0.001, burstPerAddress: 1 });
  await budget.take('9.9.9.9', 1, never);
  const patient = new AbortController();
  const hasty = new AbortController();
  const first = assert.rejects(budget.take('9.9.9.9', 1, patient.signal), isCancelled);
  const second = assert.rejects(budget.take('9.9.9.9', 1, hasty.signal), isCancelled);
  hasty.abort();
  await second;
  patient.abort();
  await first;
  await assert.rejects(budget.take('9.9.9.9', 1, hasty.signal), isCancelled);
});

function isCancelled(error: unknown): boolean {
  return error instanceof EgressError && error.code === 'cancelled';
}
