import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';
import { PROJECT, packed } from '../archives/archives.sample.ts';
import { readArchive, readBytes } from '../archives/index.ts';
import { servePreview } from '../preview/server.ts';
import { runCommand } from './run.ts';

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

/** The command within this process: starting another one for each wrong word takes a second. */
async function runHere(t: TestContext, ...args: string[]) {
  let stderr = '';
  const place = process.cwd();
  process.chdir(folder);
  const errors = t.mock.method(process.stderr, 'write', (text: string) => (stderr += text) !== '');
  try {
    const status = await runCommand(args);
    return { status, stderr };
  } finally {
    errors.mock.restore();
    process.chdir(place);
  }
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

/** One sentence on standard error and nothing else, the exit code of wrong use. */
const WRONG_USE: readonly (readonly [string, RegExp])[] = [
  ['dance', /no command dance: use render, preview, validate, convert, new/],
  ['render', /Say what to render/],
  ['render --bad', /no option --bad here/],
  ['render --design', /--design wants a value/],
  ['render --design mine more --out a.pdf', /“more” is a word too many/],
  ['render --design mine --json=yes --out a.pdf', /--json takes no value/],
  ['render --design mine --out a.odt', /must end in \.pdf or \.html/],
  ['render --design mine --out a.pdf --engine prince', /no engine prince/],
  ['render --design mine --out a.html --engine weasyprint', /WeasyPrint writes PDF only/],
  ['render --design mine --out a.docx --password x', /Only a PDF can have a password/],
  ['render --design mine --out a.md --password-file x', /Only a PDF can have a password/],
  ['render --design mine --out a.pdf --password=', /password is empty/],
  ['render --design mine --out a.pdf --password x --password-file y', /not both/],
  ['render --design mine --out a.pdf --template x.docx', /--template gives a Word document/],
  ['render --design mine --out a.pdf --language no-such-thing-at-all', /is no language/],
  ['render --out a.pdf', /Say which design/],
  ['convert a.tar.gz b c', /Say: report-kit convert/],
  ['convert a b', /Say: report-kit convert/],
  ['new design', /Say: report-kit new design/],
  ['new design x --bad', /no option --bad/],
  ['new design x y', /Say: report-kit new design/],
  ['validate', /Say what to check/],
  ['preview', /Say what to show/],
  ['preview --design mine --port 99999', /is no port/],
];

test('wrong use is answered with one sentence and code 64', async t => {
  for (const [line, wanted] of WRONG_USE) {
    const { status, stderr } = await runHere(t, ...line.split(' '));
    assert.match(stderr, wanted, line);
    assert.deepEqual([status, stderr.trim().split('\n').length], [64, 1], line);
  }
});

test('what is not there, or has no place, is named with its path and code 1', async t => {
  await writeFile(join(folder, 'list.json'), '[]');
  const cases: readonly (readonly [string, RegExp])[] = [
    ['render --design none --out a.pdf', /There is no design at .*none: name its folder .* attack-surface/],
    ['render --design mine --project none.json --out a.pdf', /There is no project at .*none\.json/],
    ['render --design mine --out none/a.pdf', /There is no folder .*none: make it first/],
    ['render --design mine --out mine.pdf --password-file none', /none is not there: check its path/],
    ['render --design mine --out a.docx --template none.docx', /none\.docx is not there|defines no fields/],
    ['render --design pentest --project list.json --out a.docx', /list\.json holds no object/],
    ['render --design none.tar.gz --out a.pdf', /There is no file none\.tar\.gz/],
    ['convert none.tar.gz somewhere', /There is no file none\.tar\.gz/],
    ['convert none none.tar.gz', /none is no folder/],
    ['new design mine', /mine is there already/],
    ['new design none/x', /There is no folder .*none: make it first/],
    ['preview --design none', /There is no design at/],
  ];
  for (const [line, wanted] of cases) {
    const { status, stderr } = await runHere(t, ...line.split(' '));
    assert.match(stderr, wanted, line);
    assert.equal(status, 1, line);
  }
  const { status, stdout, stderr } = run('render', '--design', 'none', '--out', 'a.pdf', '--json');
  assert.deepEqual([status, stderr], [1, '']);
  const { messages } = JSON.parse(stdout) as { messages: { code: string }[] };
  assert.deepEqual(
    messages.map(({ code }) => code),
    ['design-missing'],
  );
});

test('--data takes the place of a project’s data and keeps its design and pictures', async () => {
  await writeFile(join(folder, 'with-data.tar.gz'), await packed(PROJECT));
  const data = { report: { title: 'In its place', summary: '![](/images/name/a%20b.png)' }, findings: [] };
  await writeFile(join(folder, 'other.json'), JSON.stringify(data));
  const made = run('render', '--project', 'with-data.tar.gz', '--data', 'other.json', '--out', 'other.md');
  assert.equal(made.status, 0, made.stderr);
  assert.match(await readFile(join(folder, 'other.md', 'report.md'), 'utf8'), /^# In its place/);
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
    const { port } = new URL(preview.url);
    await assert.rejects(
      servePreview({ design: join(folder, 'mine'), port: Number(port) }),
      /The port \d+ is taken .* choose another/,
    );
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
