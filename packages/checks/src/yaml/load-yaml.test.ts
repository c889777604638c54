import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TemplateError } from '../errors.ts';
import { PlainScalar, loadYaml } from './load-yaml.ts';

test('keeps the source of plain scalars beside their YAML 1.1 value', () => {
  const value = loadYaml('a: 010\nb: "010"\nc: yes\nd: 1.10\ne:\n');
  assert.deepEqual(
    { ...(value as object) },
    {
      a: new PlainScalar('010', 8),
      b: '010',
      c: new PlainScalar('yes', true),
      d: new PlainScalar('1.10', 1.1),
      e: new PlainScalar('', null),
    },
  );
});

test('refuses an alias bomb, deep nesting, doubled keys and large files', () => {
  const bomb = [
    'a0: &a0 [x,x,x,x,x,x,x,x,x,x]',
    ...Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}*a${n}]`),
  ].join('\n');
  assert.throws(() => loadYaml(bomb), /expands to more than/);
  assert.throws(() => loadYaml('['.repeat(100) + ']'.repeat(100)), TemplateError);
  assert.throws(() => loadYaml('a: 1\na: 2'), /duplicat/i);
  assert.throws(() => loadYaml('a'.repeat(100), { maxChars: 50, maxNodes: 10, maxDepth: 5 }), /larger than/);
});

test('a key named __proto__ is a key like any other', () => {
  const value = loadYaml('__proto__:\n  polluted: yes\n');
  assert.equal(Object.getPrototypeOf(value), null);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('any text either parses or is refused with a TemplateError', () => {
  const piece = fc.constantFrom(
    'a: ',
    '- ',
    '\n',
    '  ',
    '&x ',
    '*x',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '|\n',
    '<<: ',
    '!!str ',
    '? ',
    '#',
    'b',
    ':',
    '\t',
    '%YAML 1.1\n',
    '---\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      try {
        loadYaml(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof TemplateError, String(error));
      }
    }),
    { numRuns: 3000 },
  );
});
