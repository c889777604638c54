import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWebLink } from './web-link.ts';

test('only web addresses become links', () => {
  assert.ok(isWebLink('https://www.rfc-editor.org/rfc/rfc6797'));
  assert.ok(isWebLink('http://localhost/'));
  for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'CWE-79', '', '//x', 'file:///etc/passwd'])
    assert.ok(!isWebLink(bad), bad);
});
