import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slug } from '@glacis/contract';
import { suggestedSlug } from './suggested-slug.ts';

test('a suggestion is a short name that the server takes', () => {
  for (const [name, expected] of [
    ['Larkspur & Söhne GmbH', 'larkspur-sohne-gmbh'],
    ['  Überall / Überall  ', 'uberall-uberall'],
    ['x'.repeat(60), 'x'.repeat(40)],
    ['a'.repeat(39) + ' bc', 'a'.repeat(39)],
  ] as const) {
    assert.equal(suggestedSlug(name), expected);
    assert.ok(slug.safeParse(suggestedSlug(name)).success);
  }
  assert.equal(suggestedSlug('日本'), '');
});
