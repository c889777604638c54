import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';
import { PROJECT, packed } from '../archives/archives.sample.ts';
import { readArchive, readBytes } from '../archives/index.ts';
import { servePreview } from '../preview/server.ts';

const BIN = fileURLToPath(new URL('../../bin/report-kit.mjs', import.meta.url));
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'report-kit-test-'));
});
after(async () => rm(folder, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('a new design renders to PDF and HTML without a message', async () => {
  assert.equal(run('new', 'design', 'mine').status, 0);
  const pdf = run('render', '--design', 'mine', '--out', 'a.pdf', '--json', '--timings');
  assert.equal(pdf.status, 0, pdf.stderr);
  const result = JSON.parse(pdf.stdout) as {
    pageCount: number;
    messages: unknown[];
    timings: Record<string, number>;
  };
  assert.equal(result.pageCount, 3);
  assert.deepEqual(result.messages, []);
  assert.ok('print' in result.timings);
  assert.equal(run('render', '--design', 'mine', '--out', 'a.html').status, 0);
  assert.match(await readFile(join(folder, 'a.html'), 'utf8'), /A first report/);
});

test('a broken template is reported with file and line, and an unknown name as a warning', async () => {
  const template = join(folder, 'mine', 'template.html');
  const good = await readFile(template, 'utf8');
  await writeFile(template, '<p>\n{{ findngs.length }}</p>');
  const warned = run('validate', '--design', 'mine', '--strict');
  assert.match(warned.stderr, /template\.html, line 2: "findngs" is not in the data/);
  await writeFile(template, '<p>\n{{ 1 + }}</p>');
  const broken = run('validate', '--design', 'mine');
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /error: template\.html, line 2/);
  await writeFile(template, good);
});

test('wrong use is answered with what to do', () => {
  assert.match(run('render', '--design', 'mine', '--out', 'a.odt').stderr, /must end in \.pdf or \.html/);
  assert.match(run('render', '--design', 'none', '--out', 'a.pdf').stderr, /There is no design at/);
  assert.equal(run('dance').status, 64);
});

test('the preview renders again when a file changes, and only answers on loopback names', async () => {
  const preview = await servePreview({ design: join(folder, 'mine'), port: 0 });
  try {
    const state = async () =>
      (await (await fetch(new URL('/state.json', preview.url))).json()) as { version: number };
    const first = await state();
    assert.equal(
      (await fetch(new URL('/document.pdf', preview.url))).headers.get('content-type'),
      'application/pdf',
    );
    const style = join(folder, 'mine', 'style.css');
    await writeFile(style, `${await readFile(style, 'utf8')}\nh1 { color: #123; }\n`);
    let now = first;
    for (let tries = 0; tries < 100 && now.version === first.version; tries++) {
      await new Promise(resolve => setTimeout(resolve, 100));
      now = await state();
    }
    assert.ok(now.version > first.version);
  } finally {
    await preview.close();
  }
});

for (const design of ['pentest', 'executive-summary', 'attack-surface']) {
  test(`the ${design} design becomes a Word document and a folder of Markdown`, async () => {
    const docx = run('render', '--design', design, '--out', `${design}.docx`);
    assert.equal(docx.status, 0, docx.stderr);
    const files = unzipSync(await readFile(join(folder, `${design}.docx`)));
    const document = strFromU8(files['word/document.xml'] ?? new Uint8Array());
    assert.match(document, /w:instrText[^>]*>TOC/);
    assert.match(document, /<w:tbl>/);
    const text = run('render', '--design', design, '--out', `${design}.md`);
    assert.equal(text.status, 0, text.stderr);
    assert.match(await readFile(join(folder, `${design}.md`, 'report.md'), 'utf8'), /^# \S/);
  });
}

test('an archive renders with the design it brings, and comes back from its folder byte for byte', async () => {
  await writeFile(join(folder, 'project.tar.gz'), await packed(PROJECT));
  assert.equal(run('convert', 'project.tar.gz', 'plain').status, 0);
  assert.equal(run('convert', 'plain', 'again.tar.gz').status, 0);
  assert.equal(run('convert', 'again.tar.gz', 'plain-again').status, 0);
  await using first = await readArchive(join(folder, 'project.tar.gz'));
  await using second = await readArchive(join(folder, 'again.tar.gz'));
  for (const [index, entry] of first.entries.entries()) {
    const again = second.entries[index];
    assert.ok(entry.source && again?.source);
    assert.deepEqual(await readBytes(again.source), await readBytes(entry.source));
  }
  for (const source of ['project.tar.gz', 'plain']) {
    const rendered = run('render', '--project', source, '--out', 'archived.pdf');
    assert.equal(rendered.status, 0, rendered.stderr);
    assert.match(rendered.stdout, /pages/);
  }
  assert.equal(run('render', '--project', 'project.tar.gz', '--out', 'archived.docx').status, 0);
  const refused = run('convert', 'project.tar.gz', 'plain');
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /is there already/);
});
