import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatCount, formatShort } from './count.ts';
import { daysUntil, formatAgo, formatClock, formatInstant } from './time.ts';

const now = Date.parse('2026-05-01T12:00:00Z');
const before = (ms: number) => new Date(now - ms).toISOString();

test('counts are grouped, and short where there is no room', () => {
  assert.equal(formatCount(1234567), '1,234,567');
  assert.equal(formatShort(9999), '9,999');
  assert.equal(formatShort(12_500), '12.5K');
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(1500), '1.5 kB');
  assert.equal(formatBytes(812_345), '812 kB');
});

test('an age is given in the largest unit that fits', () => {
  assert.equal(formatAgo(before(3_000), now), 'now');
  assert.equal(formatAgo(before(42_000), now), '42s ago');
  assert.equal(formatAgo(before(5 * 60_000), now), '5m ago');
  assert.equal(formatAgo(before(23 * 3_600_000), now), '23h ago');
  assert.equal(formatAgo(before(9 * 86_400_000), now), '9d ago');
  assert.match(formatAgo(before(90 * 86_400_000), now), /^31 Jan 2026$/);
});

test('what is no time is shown as it is', () => {
  assert.equal(formatAgo('soon', now), 'soon');
  assert.equal(formatInstant('soon'), 'soon');
});

test('durations read like a clock', () => {
  assert.equal(formatClock(-5), '0:00');
  assert.equal(formatClock(7_900), '0:07');
  assert.equal(formatClock(761_000), '12:41');
  assert.equal(formatClock(3_723_000), '1:02:03');
});

test('days until an end are negative once it is past', () => {
  assert.equal(daysUntil('2026-05-03T12:00:00Z', now), 2);
  assert.equal(daysUntil('2026-05-01T11:59:00Z', now), -1);
});
