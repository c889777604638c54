import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewriteStyle } from './rewrite.ts';

const codesOf = (css: string): string[] =>
  rewriteStyle(css).messages.map(({ code, location }) => `${code} ${location?.line}`);

test('what Chromium does not print of pages is said, with the line', () => {
  assert.deepEqual(codesOf('@page {\n  size: A6;\n}'), ['page-size-unknown 2']);
  assert.deepEqual(codesOf('@page wide {\n  background: linear-gradient(red, blue);\n}'), [
    'page-background 2',
  ]);
  assert.deepEqual(codesOf('h1 {\n  break-before: right;\n}'), ['break-side 2']);
});

test('what it prints is not', () => {
  const css = `@page { size: A4 landscape; background: #eee; } @page a { size: 10cm 20.5cm; } @page b { size: auto; }
    @page c { size: JIS-B5; } @page d { size: var(--w) var(--h); } h1 { break-before: page; } h2 { break-after: avoid; }`;
  assert.deepEqual(codesOf(css), []);
});
