import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RATE_LIMITS, rateLimitSetting } from './rate-limits.ts';

test('a setting changes the defaults or switches the limits off', () => {
  assert.deepEqual(rateLimitSetting.parse('off'), {});
  assert.deepEqual(rateLimitSetting.parse('user=600, token=1200'), {
    ...DEFAULT_RATE_LIMITS,
    user: 600,
    token: 1200,
  });
  for (const bad of [
    '',
    'user',
    'user=0',
    'user=-1',
    'user=many',
    'planet=5',
    'user=1.5',
    'user=99999999999',
  ])
    assert.equal(rateLimitSetting.safeParse(bad).success, false, bad);
});
