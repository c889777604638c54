import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safeNextPath } from './next-path.ts';

test('only paths inside the app are followed after signing in', () => {
  assert.equal(safeNextPath('/t/practice/findings?state=open'), '/t/practice/findings?state=open');
  for (const bad of [
    'https://evil.test/',
    '//evil.test',
    '/\\evil.test',
    'javascript:alert(1)',
    '/sign-in?next=/',
    '/api/session',
    undefined,
    ['/'],
  ])
    assert.equal(safeNextPath(bad), '/');
});
