import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatUserAgent } from './user-agent.ts';

test('browsers are named with their system', () => {
  const mozilla = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)';
  assert.equal(formatUserAgent(`${mozilla} Chrome/147.0.7727.0 Safari/537.36`), 'Chrome 147 · Linux');
  assert.equal(
    formatUserAgent('Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:131.0) Gecko/20100101 Firefox/131.0'),
    'Firefox 131 · macOS',
  );
});

test('what is no browser keeps the name that it gives itself', () => {
  assert.equal(formatUserAgent('curl/8.9.1'), 'curl/8.9.1');
  assert.equal(formatUserAgent(''), '');
  assert.equal(formatUserAgent('x'.repeat(500)).length, 80);
});
