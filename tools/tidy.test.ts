import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { allPaths, root, textFiles, type TextFile } from './repository/files.ts';
import * as tidy from './tidy.ts';

const files = textFiles();

test('names are kebab-case and say something', () => {
  assert.deepEqual(allPaths().flatMap(tidy.nameViolations), []);
});

for (const [name, rule] of tidy.rules) {
  test(`${name}: the whole repository`, () => {
    assert.deepEqual(files.flatMap(rule), []);
  });
}

test('the lockfile names no registry', () => {
  assert.doesNotMatch(readFileSync(join(root, 'package-lock.json'), 'utf8'), /"resolved" *: *"[a-z]+:/);
});

function file(text: string, path = 'packages/domain/src/a.ts'): TextFile {
  return { path, text };
}

const bad: readonly (readonly [what: string, found: readonly string[], expected: RegExp])[] = [
  ['a name in camel case', tidy.nameViolations('packages/a/src/myFile.ts'), /kebab-case/],
  ['a name that says nothing', tidy.nameViolations('packages/a/src/utils.ts'), /what it holds/],
  ['a folder that says nothing', tidy.nameViolations('packages/a/src/helpers/dns.ts'), /what it holds/],
  ['a long file', tidy.lengthViolations(file('\n'.repeat(501))), /501 lines/],
  ['a long function', tidy.functionViolations(file(`function a() {${'\n'.repeat(70)}}`)), /71 lines/],
  ['a long method', tidy.functionViolations(file(`const a = { b() {${'\n'.repeat(70)}} };`)), /71 lines/],
  [
    'a long function around short ones',
    tidy.functionViolations(file(`function a() {${'\n'.repeat(70)}const b = () => {\n\n};}`)),
    /72 lines/,
  ],
  ['a default export', tidy.defaultExportViolations(file('export default 1;')), /:1 a default/],
  ['a default class', tidy.defaultExportViolations(file('export default class A {}')), /a default/],
  [
    'a renamed default',
    tidy.defaultExportViolations(file('const a = 1; export { a as default };')),
    /a default/,
  ],
  ['a bare marker', tidy.todoViolations(file(`// ${'TO'}DO later`)), /without an issue/],
  ['any', tidy.typeViolations(file('let a: Record<string, any>;')), /unknown/],
  ['a non-null assertion', tidy.typeViolations(file('a!.b();')), /missing case/],
  ['an enum', tidy.typeViolations(file('enum A { B }')), /union/],
  ['an undocumented function', tidy.docViolations(file('export function a() {}')), /a has no doc/],
  ['an undocumented constant', tidy.docViolations(file('// note\nexport const a = 1;')), /:2 a has no doc/],
  ['a path of a machine', tidy.privacyViolations(file(`const a = '/${'home'}/someone/x';`)), /one machine/],
  ['an address', tidy.privacyViolations(file(`someone@${'company'}.com`)), /address of a person/],
];

for (const [what, found, expected] of bad) {
  test(`${what} is found`, () => {
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.match(found.join(), expected);
  });
}

test('what the style allows is left alone', () => {
  assert.deepEqual(tidy.nameViolations('packages/db/migrations/tenant/0001-surface.sql'), []);
  assert.deepEqual(tidy.nameViolations('docs/ARCHITECTURE.md'), []);
  assert.deepEqual(tidy.lengthViolations(file(`/** Table: words. */${'\n'.repeat(900)}`)), []);
  assert.deepEqual(tidy.functionViolations(file(`function a() { return [${'\n'.repeat(90)}]; }`)), []);
  assert.deepEqual(tidy.todoViolations(file(`// ${'TO'}DO (#12) when Node can`)), []);
  assert.deepEqual(
    tidy.docViolations(file('/** A. */\nexport const a = z.string();\nexport type A = z.infer<typeof a>;')),
    [],
  );
  assert.deepEqual(
    tidy.defaultExportViolations(file('export default {};', 'packages/scanners/src/dns-a.ts')),
    [],
  );
  assert.deepEqual(tidy.privacyViolations(file('mail security@larkspur.test or me@example.org')), []);
});
