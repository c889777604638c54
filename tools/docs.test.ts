import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import {
  assetKinds,
  errorCatalogue,
  permissions,
  relations,
  roles,
  severities,
} from '../packages/contract/src/index.ts';
import * as documents from './documents.ts';
import { isCode, isTest, root, textFiles, type TextFile } from './repository/files.ts';
import { readManifests } from './repository/manifests.ts';
import { parse, walk } from './repository/syntax.ts';

const files = textFiles();
const pages = files.filter(file => documents.isDocument(file.path));
const scriptsOf = (room: string): Set<string> =>
  new Set(Object.keys(JSON.parse(read(join(room, 'package.json'))).scripts ?? {}));
const settings = new Set(
  read('packages/foundation/src/config.ts')
    .match(/^ {2}[A-Z][A-Z_]+(?=:)/gm)
    ?.map(name => name.trim()),
);

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

test('links and images lead somewhere', () => {
  assert.deepEqual(
    pages.flatMap(page => documents.brokenLinks(page, pages)),
    [],
  );
});

test('every script that is named exists', () => {
  assert.deepEqual(
    pages.flatMap(page => documents.unknownScripts(page, scriptsOf)),
    [],
  );
});

test('every option that is named exists', () => {
  const commandLine = files
    .filter(file => file.path.startsWith('apps/cli/src/'))
    .map(file => file.text)
    .join('\n');
  assert.deepEqual(
    pages.flatMap(page => documents.unknownOptions(page, commandLine)),
    [],
  );
});

test('commands that take a path are given one that has something to run', () => {
  const named = pages.flatMap(page => documents.pathsToRun(page).map(run => ({ ...run, page: page.path })));
  assert.ok(named.length > 10);
  const empty = named.filter(
    run =>
      !files.some(file => file.path.startsWith(run.path) && (run.command === 'check' || isTest(file.path))),
  );
  assert.deepEqual(empty, []);
});

test('every path that is named exists', () => {
  assert.deepEqual(pages.flatMap(documents.missingPaths), []);
});

test('settings in the documents and in the help are those of the configuration, and all are in the table', () => {
  assert.ok(settings.size >= 6);
  const help = files.filter(file => file.path.startsWith('apps/cli/src/') && !isTest(file.path));
  assert.deepEqual(
    [...pages, ...help].flatMap(page => documents.unknownVariables(page, settings)),
    [],
  );
  const table = read('docs/operations.md');
  for (const name of settings)
    assert.ok(table.includes(`\`${name}\``), `docs/operations.md does not explain ${name}`);
});

test('error codes in the code, the catalogue and the page are the same', () => {
  const codes = Object.keys(errorCatalogue);
  const page = [...read('docs/errors.md').matchAll(/^\| `([a-z.-]+)`/gm)].map(match => match[1] ?? '');
  assert.deepEqual(page.sort(), [...codes].sort());
  const sources = files.filter(
    file => isCode(file.path) && !isTest(file.path) && /^(packages|apps)\//.test(file.path),
  );
  const thrown = sources.flatMap(thrownCodes);
  assert.ok(thrown.length > 30, `only ${thrown.length} codes were found`);
  assert.deepEqual(
    thrown.filter(entry => !codes.includes(entry.code)),
    [],
  );
  const text = sources
    .filter(file => file.path !== 'packages/contract/src/errors.ts')
    .map(file => file.text)
    .join('\n');
  assert.deepEqual(
    codes.filter(code => !text.includes(`'${code}'`)),
    [],
    'codes that nothing uses',
  );
});

/** Literal codes of errors that a file constructs. */
function thrownCodes(file: TextFile): { code: string; path: string }[] {
  const found: { code: string; path: string }[] = [];
  walk(parse(file), node => {
    const isError = ts.isNewExpression(node) && /^(User|Operational)Error$/.test(node.expression.getText());
    const isSuper = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword;
    if (!isError && !isSuper) return;
    const [code] = node.arguments ?? [];
    if (code && ts.isStringLiteral(code) && /^[a-z]+\.[a-z-]+$/.test(code.text))
      found.push({ code: code.text, path: file.path });
  });
  return found;
}

test('the glossary has every kind, relation, severity, role and permission', () => {
  const glossary = read('docs/GLOSSARY.md');
  for (const word of [...assetKinds, ...relations, ...severities, ...roles, ...permissions])
    assert.ok(glossary.includes(`\`${word}\``), `docs/GLOSSARY.md does not explain ${word}`);
});

test('every package and app has a README that names its door or command', () => {
  for (const manifest of readManifests()) {
    if (!files.some(file => file.path.startsWith(`${manifest.room}/src/`))) continue;
    const readme = pages.find(page => page.path === `${manifest.room}/README.md`);
    // It is written together with the package’s first release.
    if (manifest.room === 'packages/checks' && !readme) continue;
    assert.ok(readme, `${manifest.room} has no README.md`);
    assert.ok(readme.text.split('\n').length >= 8, `${readme.path} says too little`);
  }
});

test('every document can be reached from the README', () => {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    const page = pages.find(entry => entry.path === path);
    if (!page || reached.has(path)) return;
    reached.add(path);
    for (const [, link = ''] of page.text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) visit(join(path, '..', link));
  };
  visit('README.md');
  const lost = pages.map(page => page.path).filter(path => path.startsWith('docs/') && !reached.has(path));
  assert.deepEqual(lost, []);
});

test('what is wrong is found', () => {
  const page: TextFile = {
    path: 'docs/a.md',
    text: '# A\n[b](nowhere.md) [c](#gone) ![d](e.png)\n`npm run nothing` GLACIS_NOTHING `tools/nothing.ts`\n`npm start -- --nothing`\n',
  };
  assert.equal(documents.brokenLinks(page, [page]).length, 2 + 1);
  assert.match(documents.unknownScripts(page, scriptsOf).join(), /a\.md:3 there is no script nothing/);
  assert.match(documents.unknownVariables(page, settings).join(), /GLACIS_NOTHING/);
  assert.match(documents.unknownOptions(page, "exit: { type: 'boolean' }").join(), /--nothing/);
  assert.deepEqual(
    documents.unknownOptions({ ...page, text: 'npm start -- --exit' }, "exit: { type: 'boolean' }"),
    [],
  );
  assert.match(documents.missingPaths(page).join(), /tools\/nothing\.ts/);
  assert.deepEqual(
    [...documents.anchorsOf('## The life of a scan\n### `x`: y')],
    ['the-life-of-a-scan', 'x-y'],
  );
});
