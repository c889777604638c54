import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  asDefaultNotes,
  fileFromBytes,
  parseObject,
  readArchive,
  renameFiles,
  renewIds,
  writeArchive,
} from './index.ts';
import { bytesOf, design, filesOf, FINDING_ID, only, PROJECT, project } from './archives.sample.ts';
import type { ArchiveEntry } from './index.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rename-test-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('ids and file names can be made new, and what refers to them follows', async () => {
  const entry = await only(PROJECT, folder);
  const renewed = renewIds(entry);
  assert.ok(renewed.kind === 'project' && entry.kind === 'project');
  const finding = renewed.data.findings[0];
  assert.ok(finding && finding.id !== FINDING_ID);
  assert.equal(renewed.data.report_data.summary, `![](/images/name/a%20b.png) [](#${finding.id})`);
  assert.equal(renewed.data.comments?.[0]?.path, `findings.${finding.id}.data.title`);
  const renamed = renameFiles(entry, (_, name) => `new ${name}`);
  assert.ok(renamed.kind === 'project');
  assert.match(String(renamed.data.report_data.summary), /\/images\/name\/new%20a%20b\.png/);
  assert.deepEqual(await filesOf(renamed), {
    'assets/new logo.png': 'logo',
    'images/new a b.png': 'picture',
    'files/new f.txt': 'text',
  });
  const both = await readArchive(await bytesOf(writeArchive([renewIds(renamed), renamed])), {
    spoolFolder: folder,
  });
  assert.equal(both.entries.length, 2);
});

const WRITTEN: readonly (readonly [string, string, string])[] = [
  ['Bild (1).png', '![](/images/name/Bild%20%281%29.png)', '![](/images/name/new%20Bild%20%281%29.png)'],
  ['Bild (1).png', '![](/images/name/Bild%20(1).png)', '![](/images/name/new%20Bild%20%281%29.png)'],
  ['a b.png', '![](</images/name/a b.png> "t")', '![](</images/name/new%20a%20b.png> "t")'],
  ['ü.png', '![](/images/name/%c3%bc.png)', '![](/images/name/new%20%C3%BC.png)'],
  ['ü.png', '![](/images/name/ü.png)', '![](/images/name/new%20%C3%BC.png)'],
  ['a_b.png', String.raw`![](/images/name/a\_b.png)`, '![](/images/name/new%20a_b.png)'],
  ['a&b.png', '<img src="/images/name/a&amp;b.png">', '<img src="/images/name/new%20a%26b.png">'],
  ['a.png', 'see /images/name/a.png.', 'see /images/name/new%20a.png.'],
];

test('a file is found however its name is written, so that none is left behind or lost by another name', async () => {
  for (const [name, text, renamed] of WRITTEN) {
    const object = parseObject(
      {
        ...project,
        project_type: { ...design, assets: [] },
        report_data: { text: `${text} /images/name/${name}x` },
        images: [{ name }],
        files: [],
      },
      'p.json',
    );
    const images = new Map([[name, fileFromBytes(name, Buffer.from('x'))]]);
    const entry: ArchiveEntry = { ...object, files: { assets: new Map(), images, files: new Map() } };
    const written = await readArchive(await bytesOf(writeArchive([entry])), { spoolFolder: folder });
    assert.deepEqual([...(written.entries[0]?.files.images.keys() ?? [])], [name], text);
    const { data } = renameFiles(entry, (_, old) => `new ${old}`);
    assert.ok('report_data' in data);
    assert.deepEqual(data.report_data, { text: `${renamed} /images/name/${name}x` });
  }
});

test('an id that is no UUID is only looked for where an id is meant', () => {
  const object = parseObject(
    {
      ...project,
      project_type: { ...design, assets: [] },
      id: '1',
      report_data: { count: '2', text: '[](#2) <ref to="2"/> 2' },
      findings: [{ id: '2', data: { title: '1' } }],
      notes: [
        { id: '3', text: '2' },
        { id: '4', parent: '3', title: '4' },
      ],
      images: [],
      files: [],
      comments: [{ path: 'findings.2.data.title', text: '2' }],
    },
    'p.json',
  );
  const files = { assets: new Map(), images: new Map(), files: new Map() };
  let count = 0;
  const { data } = renewIds({ ...object, files }, () => `new${(count += 1)}`);
  assert.ok('report_data' in data);
  assert.deepEqual(data.report_data, { count: '2', text: '[](#new3) <ref to="new3"/> 2' });
  assert.deepEqual(data.findings, [{ id: 'new3', data: { title: '1' } }]);
  assert.deepEqual(data.notes, [
    { id: 'new4', text: '2' },
    { id: 'new5', parent: 'new4', title: '4' },
  ]);
  assert.deepEqual(data.comments, [{ path: 'findings.new3.data.title', text: '2' }]);
});

test('notes become the default notes of a design, their files its assets', () => {
  const object = parseObject(
    {
      format: 'notes/v1',
      id: 'n',
      notes: [
        {
          id: 'a',
          type: 'text',
          title: 'A',
          text: '![](/images/name/x.png) /files/name/x.png',
          parent: null,
        },
        { id: 'b', type: 'excalidraw', title: 'B', parent: 'a' },
        { id: 'c', type: 'text', title: 'C', text: null, parent: 'b' },
      ],
      images: [{ name: 'x.png' }],
      files: [{ name: 'x.png' }],
    },
    'n.json',
  );
  assert.ok(object.kind === 'notes');
  const file = (name: string) => new Map([[name, fileFromBytes(name, Buffer.from(name))]]);
  const files = { assets: new Map(), images: file('x.png'), files: file('x.png') };
  const { notes, assets } = asDefaultNotes({ ...object, files }, new Set(['x.png']));
  assert.deepEqual(notes, [
    {
      id: 'a',
      type: 'text',
      title: 'A',
      text: '![](/assets/name/2-x.png) /assets/name/3-x.png',
      parent: null,
    },
    { id: 'c', type: 'text', title: 'C', text: null, parent: 'a' },
  ]);
  assert.deepEqual([...assets.keys()], ['2-x.png', '3-x.png']);
});
