import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  layerViolations,
  narrower,
  refusal,
  roomOf,
  rows,
  scannerViolations,
  unusedGlacis,
  type Manifest,
} from './layers.ts';
import { isCode, textFiles } from './repository/files.ts';
import { readManifests } from './repository/manifests.ts';

const files = textFiles().filter(file => isCode(file.path) && roomOf(file.path));
const manifests = readManifests();

test('every workspace has a row in the table, and every room of the table exists', () => {
  const rooms = rows.flat();
  assert.deepEqual([...rooms].sort(), manifests.map(manifest => manifest.room).sort());
  for (const [room, limit] of Object.entries(narrower)) {
    for (const below of limit.rooms) assert.equal(refusal(room, below), undefined);
  }
});

test('imports point down, through doors, and are declared', () => {
  assert.ok(files.length > 200, `only ${files.length} source files were found`);
  assert.deepEqual(
    files.flatMap(file => layerViolations(file, manifests)),
    [],
  );
});

test('a scanner imports types, zod and its own parts', () => {
  assert.deepEqual(files.flatMap(scannerViolations), []);
});

test('package.json lists no package of Glacis in vain', () => {
  assert.deepEqual(
    manifests.flatMap(manifest => unusedGlacis(manifest, files)),
    [],
  );
});

const sample: readonly Manifest[] = [
  manifest('packages/foundation', '@glacis/foundation', []),
  manifest('packages/db', '@glacis/db', ['@glacis/foundation', '@glacis/queue', 'zod']),
  manifest('packages/storage', '@glacis/storage', ['@glacis/db']),
  manifest('packages/queue', '@glacis/queue', ['@glacis/db']),
  manifest('packages/scanners', '@glacis/scanners', ['@glacis/db', '@glacis/foundation']),
];

function manifest(room: string, name: string, dependencies: readonly string[]): Manifest {
  return { room, name, exports: ['.', './testing'], dependencies, devDependencies: [] };
}

const cases: readonly (readonly [path: string, text: string, problem: RegExp | undefined])[] = [
  ['packages/db/src/a.ts', "import { z } from 'zod'; import { x } from '@glacis/foundation';", undefined],
  ['packages/db/src/a.ts', "import { x } from '@glacis/queue';", /is above/],
  ['packages/storage/src/a.ts', "import type { X } from '@glacis/db';", /siblings/],
  ['packages/scanners/src/a.ts', "import { x } from '@glacis/db';", /every capability as an argument/],
  ['packages/queue/src/a.ts', "import { x } from '@glacis/db/src/secret.ts';", /not a door/],
  ['packages/queue/src/a.ts', "import { x } from '@glacis/db/testing';", /for tests only/],
  ['packages/queue/src/a.db.test.ts', "import { x } from '@glacis/db/testing';", undefined],
  ['packages/queue/src/a.ts', "import { x } from '../../db/src/database.ts';", /leaves packages\/queue/],
  ['packages/queue/src/a.ts', "const x = await import('left-pad');", /not among the dependencies/],
  ['packages/queue/src/a.ts', "export * from '@glacis/nothing';", /there is no package/],
];

for (const [path, text, problem] of cases) {
  test(`${path} with ${text}`, () => {
    const found = layerViolations({ path, text }, sample).join('\n');
    if (problem) assert.match(found, problem);
    else assert.equal(found, '');
  });
}

test('a scanner that reaches for a sibling or a socket is named', () => {
  const path = 'packages/scanners/src/a.ts';
  assert.match(scannerViolations({ path, text: "import b from './b.ts';" }).join(), /sibling/);
  assert.match(
    scannerViolations({ path, text: "import { createEgress } from '@glacis/foundation';" }).join(),
    /capability/,
  );
  assert.deepEqual(
    scannerViolations({ path, text: "import { EgressError } from '@glacis/foundation';" }),
    [],
  );
});
