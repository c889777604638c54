import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assetQuery, findingQuery, paging } from '@glacis/contract';
import { readListState, toggled, writeListState } from './list-state.ts';

test('an empty address is the default list, and the default list is an empty address', () => {
  const state = readListState(assetQuery, {});
  assert.deepEqual(state, { page: 1, pageSize: 50, scope: 'in', sort: 'key', order: 'asc' });
  assert.deepEqual(writeListState(assetQuery, state), {});
});

test('a state survives the way through the address', () => {
  const state = readListState(findingQuery, {
    severity: 'critical,high',
    state: ['open', 'confirmed'],
    q: 'redis & <b>',
    page: '3',
    sort: 'lastSeen',
    order: 'desc',
  });
  assert.deepEqual(state.severity, ['critical', 'high']);
  assert.deepEqual(state.state, ['open', 'confirmed']);
  const written = writeListState(findingQuery, state);
  assert.equal(written['q'], 'redis & <b>');
  assert.deepEqual(readListState(findingQuery, written), state);
});

test('a part that does not fit is left out and the rest is kept', () => {
  const state = readListState(findingQuery, {
    severity: 'critical,terrible',
    page: '-4',
    sort: 'colour',
    q: 'x',
    assetId: 'no-id',
    surprise: 'y',
  });
  assert.deepEqual(state, { page: 1, pageSize: 50, q: 'x', sort: 'severity', order: 'asc' });
});

test('bounds of the API hold in the address too', () => {
  assert.equal(readListState(paging, { pageSize: '5000' }).pageSize, 50);
  assert.equal(readListState(paging, { q: 'a'.repeat(201) }).q, undefined);
});

test('a filter value is added, taken out, and an empty filter is none', () => {
  assert.deepEqual(toggled(undefined, 'a'), ['a']);
  assert.deepEqual(toggled(['a'], 'b'), ['a', 'b']);
  assert.deepEqual(toggled(['a', 'b'], 'a'), ['b']);
  assert.equal(toggled(['a'], 'a'), undefined);
});
