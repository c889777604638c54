/** Texts without marks take a short way: it must end where the parser's does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderMarkdown } from './html.ts';
import { readProse } from './prose.ts';

const PIECES = [
  'An attacker can read it',
  'über alle',
  'naïve',
  'Table: one',
  'A. b',
  'a',
  ' ',
  '  ',
  '\n',
  '\n\n',
  '\n\n\n',
  '.',
  ':',
  '-',
  '=',
  '+',
  '(c)',
  '“so”',
  "it's",
  '12%',
  '1. one',
  '- x',
  '---',
  '===',
  'a@b.example',
  'x/y',
  '…',
  '!',
  '?',
  'TODO',
  'Todo',
];

/** By the parser: marked lines are what the short way does not give. */
const parsed = (text: string): string =>
  renderMarkdown(text, { hasLines: true }).html.replaceAll(/ data-line="\d+"/g, '');

test('texts without marks give what the parser gives', () => {
  let seed = 7;
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  let short = 0;
  for (let round = 0; round < 4_000; round++) {
    const text = Array.from({ length: 1 + next(7) }, () => PIECES[next(PIECES.length)] ?? '').join('');
    if (readProse(text) === undefined) continue;
    short += 1;
    assert.equal(renderMarkdown(text).html, parsed(text), JSON.stringify(text));
  }
  assert.ok(short > 200, `only ${short} texts took the short way`);
});

test('a text with any mark is left to the parser', () => {
  for (const text of [
    '*a*',
    'a\n- b',
    '# a',
    'a `b`',
    'a <b>',
    'a [b](c)',
    '1. a',
    'a  \nb',
    'a\n===',
    'a {{ b }}',
    'a $b$',
    'a & b',
  ])
    assert.equal(readProse(text), undefined, text);
});
