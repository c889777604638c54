import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textFiles } from './repository/files.ts';
import { seams, seamViolations, staleExceptions } from './seams.ts';

const files = textFiles();

test('every danger stays in its place', () => {
  assert.deepEqual(files.flatMap(seamViolations), []);
});

test('every exception is still needed and says why', () => {
  assert.deepEqual(staleExceptions(files), []);
  for (const exception of seams.flatMap(seam => seam.exceptions)) assert.ok(exception.reason.length > 10);
});

const path = 'packages/domain/src/a.ts';
const dangers: readonly (readonly [text: string, seam: string])[] = [
  ["import { connect } from 'node:net';", 'sockets'],
  ["import { lookup } from 'dns/promises';", 'sockets'],
  ["const { Agent } = await import('undici');", 'sockets'],
  ["await fetch('http://127.0.0.1');", 'fetch'],
  ["new globalThis.WebSocket('ws://127.0.0.1');", 'fetch'],
  ["import pg from 'pg';", 'database driver'],
  ["import type { Kysely } from 'kysely';", 'database driver'],
  ["import { createCipheriv } from 'node:crypto';", 'ciphers'],
  ['const sealed = await crypto.subtle.encrypt(a, b, c);', 'ciphers'],
  ["import { spawn } from 'node:child_process';", 'child processes'],
  ["import { execSync } from 'node:child_process';", 'shells'],
  ["spawn('ls', [], { shell: true });", 'shells'],
  ['const home = process.env.HOME;', 'environment variables'],
  ["const home = process['env'].HOME;", 'environment variables'],
  ['const { env } = process;', 'environment variables'],
  ["import { env } from 'node:process';", 'environment variables'],
  ["new Function('return 1')();", 'code made of text'],
  ['element.innerHTML = text;', 'markup made of text'],
  ['// oxlint-disable-next-line no-console', 'switched-off checks'],
  ['// @ts-expect-error', 'switched-off checks'],
];

for (const [text, seam] of dangers) {
  test(`${text} is ${seam}, and the answer names what to use`, () => {
    const found = seamViolations({ path, text }).filter(line => line.includes(` ${seam}: use `));
    assert.equal(found.length, 1, `found ${JSON.stringify(found)}`);
  });
}

test('types of a socket module, and words in strings, are no danger', () => {
  const text =
    "import type { Socket } from 'node:net'; import { type TLSSocket } from 'node:tls'; const a = 'fetch()';";
  assert.deepEqual(seamViolations({ path, text }), []);
});

test('tests may talk to what they test, but use no driver, cipher or shell', () => {
  const test = 'packages/domain/src/a.test.ts';
  assert.deepEqual(seamViolations({ path: test, text: "import { createServer } from 'node:http';" }), []);
  assert.equal(seamViolations({ path: test, text: "import pg from 'pg';" }).length, 1);
});

test('the script of a Vue component is read at its own lines', () => {
  const text =
    '<template>\n  <p>fetch()</p>\n</template>\n<script setup lang="ts">\nawait eval("1");\n</script>\n';
  assert.match(seamViolations({ path: 'apps/web/src/a.vue', text }).join(), /a\.vue:5 code made of text/);
});
