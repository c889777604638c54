import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileRegex } from './regex.ts';
import { requiredLiteral } from './required-literal.ts';
import { RE2JS } from 're2js';

test('literals that every match holds', () => {
  const cases: readonly [string, readonly string[] | undefined][] = [
    ['version: ([0-9.]+)', ['version: ']],
    ['(?i)Fatal Error', ['fatal error']],
    ['abc|defg', ['abc', 'defg']],
    ['abc|d', ['abc', 'd']],
    ['x?abcd*e', ['abc']],
    ['(?:foo|barbar)[a-z]+', ['foo', 'barbar']],
    ['(foo)?bar', ['bar']],
    ['(foo)+b', ['foo']],
    ['a{0,3}bcd', ['bcd']],
    ['\\d+\\.php\\?id', ['.php?id']],
    ['[abc]+', undefined],
    ['\\Qa.b\\E', undefined],
  ];
  for (const [pattern, expected] of cases)
    assert.deepEqual(requiredLiteral(pattern)?.anyOf, expected, pattern);
});

test('the prefilter never changes a verdict', () => {
  const atom = fc.constantFrom(
    'a',
    'b',
    'abc',
    'B',
    '.',
    '\\d',
    '[ab]',
    '(abc)',
    '(?:ab|c)',
    '(?i)',
    'a?',
    'b*',
    'c+',
    '(abc)?',
    'abc{0,2}',
    '|',
    '^',
    '$',
    '\\.',
    '(a|b|abc)',
  );
  const text = fc.array(
    fc.constantFrom('a', 'b', 'c', 'A', 'B', 'C', '1', '.', 'abc', 'ABC', '\n', '\u212a'),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(fc.array(atom, { minLength: 1, maxLength: 6 }), text, (atoms, parts) => {
      const pattern = atoms.join('');
      const input = Buffer.from(parts.join('').padEnd(80, 'z')).toString('latin1');
      let plain: boolean;
      try {
        plain = RE2JS.compile(pattern).matcher(Buffer.from(input, 'latin1').toString()).find();
      } catch {
        return;
      }
      assert.equal(compileRegex(pattern).test(input), plain, `${pattern} on ${JSON.stringify(input)}`);
    }),
    { numRuns: 5000 },
  );
});
