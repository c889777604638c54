import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const here = import.meta.dirname;

test('every rule of conformance.md names a test that exists', () => {
  const sources = readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.ts'))
    .map(file => readFileSync(join(here, file), 'utf8'))
    .join('\n');
  const table = readFileSync(join(here, '..', 'conformance.md'), 'utf8').split('## Kept apart')[0] ?? '';
  const titles = table
    .split('\n')
    .flatMap(line => /^\| (?!Rule |-).* \| (.+) \|$/.exec(line)?.[1]?.trim() ?? []);
  assert.ok(titles.length > 50);
  assert.deepEqual(
    titles.filter(title => !sources.includes(`'${title}'`) && !sources.includes(`"${title}"`)),
    [],
  );
});
