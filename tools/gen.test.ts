import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { scannerFiles } from './new-scanner.ts';

const root = join(import.meta.dirname, '..');

test('registry and docs are what the scanner files say', () => {
  const check = spawnSync(process.execPath, ['tools/gen.ts', '--check'], { cwd: root, encoding: 'utf8' });
  assert.equal(check.status, 0, check.stderr);
});

test('a new scanner is a file and its test', () => {
  const files = scannerFiles('mail-policy');
  assert.deepEqual(
    files.map(({ path }) => path),
    ['packages/scanners/src/mail-policy.ts', 'packages/scanners/src/mail-policy.test.ts'],
  );
  assert.match(files[0]?.text ?? '', /id: 'mail-policy',\n {2}title: 'Mail policy',/);
  assert.match(files[1]?.text ?? '', /import mailPolicy from '\.\/mail-policy\.ts'/);
});

test('an unfit id is refused with a sentence, and an existing one is not overwritten', () => {
  for (const id of ['', 'Mail', 'mail_policy', '../x', 'x.ts', '-a', 'index', 'a'.repeat(41)])
    assert.throws(() => scannerFiles(id), RangeError, id);
  const again = spawnSync(process.execPath, ['tools/new-scanner.ts', 'dns-brute'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(again.status, 2);
  assert.match(again.stderr, /exists already/);
});
