import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { compileRegex } from './regex.ts';
import { requiredRun } from './required-run.ts';

test('the run that every match is', () => {
  const cases: readonly [string, number | undefined][] = [
    ['\\b4[0-9]{12}(?:[0-9]{3})?\\b', 13],
    ['([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})', 36],
    ['[0-9]{16}|[a-z]{9}', 9],
    ['(?i)\\b([a-z0-9]{20})\\b', 20],
    ['[\\w.]{10,}x?', 10],
    ['abcdefgh+', 8],
    ['short', undefined],
    ['[^a]{40}', undefined],
    ['.{40}', undefined],
    ['\\D{40}', undefined],
    ['[[:alpha:]]{40}', undefined],
    ['\\pL{40}', undefined],
    ['\xc3\xa4{40}', undefined],
    ['[a-z]{40', undefined],
    ['[a-z]*[0-9]{12}', 12],
    ['(?:[0-9]{4}){3}', 12],
  ];
  for (const [pattern, length] of cases) assert.equal(requiredRun(pattern)?.length, length, pattern);
  const set = requiredRun('(?i)[ck-l]{9}')?.set ?? [];
  const codes = [...set.keys()].filter(code => set[code] === 1);
  assert.deepEqual(codes, [67, 75, 76, 99, 107, 108, 0x84, 0xaa, 0xbf, 0xc5, 0xe2]);
});

test('the run never changes a verdict', () => {
  const atom = fc.constantFrom(
    '[0-9]{4}',
    '[a-c]{3,5}',
    '(?:[0-9]{2}){2}',
    '\\w+',
    '[a-]',
    '[]a]{2}',
    '[\\d-]{3}',
    '(a|[0-9]{2})',
    '(?i)',
    'k{3}',
    '\\b',
    '|',
    '[0-9]*',
    'ab?',
    '\\.',
    '^',
    '$',
    '\\s?',
  );
  const piece = fc.constantFrom('0', '12', '345', 'a', 'abc', 'K', 'k', '\u212a', '-', ']', ' ', '.', '0000');
  fc.assert(
    fc.property(
      fc.array(atom, { minLength: 2, maxLength: 6 }),
      fc.array(piece, { maxLength: 30 }),
      (atoms, pieces) => {
        const pattern = atoms.join('');
        const input = Buffer.from(pieces.join('').padEnd(70, '\n')).toString('latin1');
        let plain: boolean;
        try {
          plain = RE2JS.compile(pattern).matcher(Buffer.from(input, 'latin1').toString()).find();
        } catch {
          return;
        }
        assert.equal(compileRegex(pattern).test(input), plain, `${pattern} on ${JSON.stringify(input)}`);
      },
    ),
    { numRuns: 8000 },
  );
});
