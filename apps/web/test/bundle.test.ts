import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';

const APP = join(import.meta.dirname, '..');
const VITE = join(APP, '..', '..', 'node_modules', 'vite', 'bin', 'vite.js');
/** Most JavaScript that any page may need before it shows, gzipped. */
const MAX_INITIAL_BYTES = 250_000;

const manifestFile = z.record(
  z.string(),
  z.object({
    file: z.string(),
    isEntry: z.boolean().default(false),
    imports: z.array(z.string()).default([]),
    dynamicImports: z.array(z.string()).default([]),
  }),
);

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function build(): string {
  const folder = mkdtempSync('/tmp/glacis-web-build-');
  folders.push(folder);
  const result = spawnSync(
    process.execPath,
    [VITE, 'build', '--outDir', folder, '--emptyOutDir', '--logLevel', 'error'],
    { cwd: APP, encoding: 'utf8' },
  );
  assert.equal(result.status, 0, result.stderr);
  return folder;
}

const folder = build();
const manifest = manifestFile.parse(JSON.parse(readFileSync(join(folder, '.vite', 'manifest.json'), 'utf8')));

function chunksOf(name: string, known = new Set<string>()): Set<string> {
  if (known.has(name)) return known;
  known.add(name);
  for (const imported of manifest[name]?.imports ?? []) chunksOf(imported, known);
  return known;
}
function gzippedBytes(names: Iterable<string>): number {
  let bytes = 0;
  for (const name of names)
    bytes += gzipSync(readFileSync(join(folder, manifest[name]?.file ?? ''))).byteLength;
  return bytes;
}
const entry = Object.keys(manifest).find(name => manifest[name]?.isEntry) ?? '';
const shell = Object.keys(manifest).find(name => name.endsWith('shell/app-shell.vue')) ?? '';

test('the JavaScript before each page shows stays within its budget', t => {
  const pages = Object.keys(manifest).filter(name => /features\/.*-page\.vue$/.test(name));
  assert.ok(pages.length >= 9);
  for (const page of pages) {
    const chunks = new Set([...chunksOf(entry), ...chunksOf(shell), ...chunksOf(page)]);
    const bytes = gzippedBytes(chunks);
    t.diagnostic(`${page.replace(/.*features\//, '')}: ${(bytes / 1000).toFixed(1)} kB gzip`);
    assert.ok(bytes <= MAX_INITIAL_BYTES, `${page} needs ${bytes} bytes`);
  }
});

test('the page needs no inline script and names no other origin', () => {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  assert.doesNotMatch(html, /https?:\/\//);
  for (const [tag] of html.matchAll(/<script[^>]*>/g)) assert.match(tag, / src="\/[^"]+"/);
  assert.doesNotMatch(html, /<style| style=| on[a-z]+=/);
  for (const file of readdirSync(join(folder, 'assets')).filter(name => name.endsWith('.css')))
    assert.doesNotMatch(readFileSync(join(folder, 'assets', file), 'utf8'), /url\(["']?(https?:)?\/\//);
});

test('a second build is the same', () => {
  const again = build();
  const list = (of: string) =>
    readdirSync(of, { recursive: true, withFileTypes: true })
      .filter(file => file.isFile())
      .map(file => join(file.parentPath, file.name).slice(of.length))
      .sort();
  assert.deepEqual(list(again), list(folder));
  for (const file of list(folder))
    assert.ok(readFileSync(join(again, file)).equals(readFileSync(join(folder, file))), file);
});
