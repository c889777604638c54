import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isListed, refuseBreachedPassword } from './breached-password.ts';

const folder = mkdtempSync(join(tmpdir(), 'glacis-breached-'));
after(() => rmSync(folder, { recursive: true }));

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase();

async function isRefused(password: string, list?: string): Promise<boolean> {
  try {
    await refuseBreachedPassword(password, list);
    return false;
  } catch {
    return true;
  }
}

test('common passwords are refused, also with digits and signs around them, and others are not', async () => {
  for (const bad of ['password', 'PassWord', 'password12345', '!!qwertyuiop1', '123456789012'])
    assert.ok(await isRefused(bad), bad);
  for (const good of ['correct horse battery', 'x7#kd92!mvQ01', 'a93847561029384', 'Mein Hund bellt nachts'])
    assert.ok(!(await isRefused(good)), good);
});

test('a sorted file is searched by halves and finds exactly what it holds', async () => {
  const words = Array.from({ length: 2000 }, (_, index) => `breached password ${index}`);
  const lines = words.map((word, index) => `${sha1(word)}:${index * 7}`).sort();
  for (const [name, text] of [
    ['unix', lines.join('\n')],
    ['ended', `${lines.join('\n')}\n`],
    ['windows', `${lines.join('\r\n')}\r\n`],
    ['one', `${sha1(words[0] ?? '')}:3`],
    ['empty', ''],
  ] as const) {
    const file = join(folder, name);
    writeFileSync(file, text);
    const held = name === 'empty' ? [] : name === 'one' ? words.slice(0, 1) : words;
    for (const word of held) assert.ok(await isListed(word, file), `${name}: ${word}`);
    for (let index = 0; index < 200; index += 1)
      assert.ok(!(await isListed(`unknown password ${index}`, file)), name);
  }
});

test('a folder of prefixes is read by prefix', async () => {
  const list = join(folder, 'prefixes');
  mkdirSync(list);
  const hash = sha1('breached password');
  writeFileSync(join(list, `${hash.slice(0, 5)}.txt`), `${'0'.repeat(35)}:1\r\n${hash.slice(5)}:12\r\n`);
  assert.ok(await isListed('breached password', list));
  assert.ok(await isRefused('breached password', list));
  await assert.rejects(isListed('a prefix that is missing', list), { code: 'config.invalid' });
});

test('a list that cannot be read stops the change instead of letting anything through', async () => {
  await assert.rejects(refuseBreachedPassword('correct horse battery', join(folder, 'missing')), {
    code: 'config.invalid',
  });
});
