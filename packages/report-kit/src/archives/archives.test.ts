import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { isJsonObject } from '../fields/index.ts';
import type { JsonObject } from '../fields/index.ts';
import {
  archiveToFolder,
  ArchiveError,
  fileFromBytes,
  folderToArchive,
  parseObject,
  readArchive,
  readBytes,
  readFolder,
  writeArchive,
} from './index.ts';
import {
  ALL,
  bytesOf,
  DESIGN,
  DESIGN_ID,
  design,
  filesOf,
  json,
  notes,
  only,
  packed,
  PROJECT,
  PROJECT_ID,
  project,
  template,
} from './archives.sample.ts';
import type { Member } from './archives.sample.ts';
import type { ArchiveEntry } from './index.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archives-test-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('designs, templates, projects and notes are read with their files', async () => {
  await using archive = await readArchive(await packed([...ALL, ['NOTICE', 'x'], ['./README/x.txt', 'x']]));
  assert.deepEqual(
    archive.entries.map(({ kind }) => kind),
    ['design', 'template', 'notes'],
  );
  assert.deepEqual(
    archive.entries.map(({ data }) => data),
    [design, template, notes],
  );
  assert.deepEqual(await filesOf(archive.entries[0] as ArchiveEntry), { 'assets/logo.png': 'logo' });
  assert.deepEqual(
    archive.messages.map(({ code }) => code),
    ['member-ignored', 'member-ignored'],
  );
});

test('a project brings its design and all its files', async () => {
  const entry = await only(PROJECT, folder);
  assert.ok(entry.kind === 'project');
  assert.deepEqual(entry.data, project);
  assert.equal(entry.design.name, design.name);
  assert.deepEqual(await filesOf(entry), {
    'assets/logo.png': 'logo',
    'images/a b.png': 'picture',
    'files/f.txt': 'text',
  });
});

test('what is written again is the same data byte for byte, and the same archive each time', async () => {
  const strange = `{"format":"notes/v1","id":"x","big":12345678901234567890,"float":1.0,"notes":[],\n "\\u0061":"\\ud800","2":1,"1":2}`;
  await using archive = await readArchive(await packed([...PROJECT, ...ALL.slice(2), ['x.json', strange]]));
  const first = await bytesOf(writeArchive(archive.entries));
  const second = await bytesOf(writeArchive(archive.entries));
  assert.ok(first.equals(second));
  const plain = gunzipSync(first);
  for (const text of [json(project), json(template), json(notes), strange]) assert.ok(plain.includes(text));
  await using again = await readArchive(first);
  assert.deepEqual(
    again.entries.map(({ data }) => data),
    archive.entries.map(({ data }) => data),
  );
  assert.deepEqual(
    await Promise.all(again.entries.map(filesOf)),
    await Promise.all(archive.entries.map(filesOf)),
  );
});

test('only files that are referred to are written, and notes and files can stay behind', async () => {
  const more = { ...project, images: [...project.images, { name: 'unused.png' }] };
  const members: Member[] = [
    ...PROJECT.filter(([name]) => !name.endsWith('.json')),
    [`${PROJECT_ID}.json`, json(more)],
    [`${PROJECT_ID}-images/unused.png`, 'x'],
  ];
  const entry = await only(members, folder);
  const written = await readArchive(await bytesOf(writeArchive([entry])), { spoolFolder: folder });
  assert.deepEqual(Object.keys(await filesOf(written.entries[0] as ArchiveEntry)), [
    'assets/logo.png',
    'images/a b.png',
    'files/f.txt',
  ]);
  const bare = await readArchive(await bytesOf(writeArchive([entry], { isWithoutNotes: true })), {
    spoolFolder: folder,
  });
  const [without] = bare.entries;
  assert.ok(without?.kind === 'project');
  assert.ok(!('notes' in without.data) && !('files' in without.data));
  assert.deepEqual(Object.keys(await filesOf(without)), ['assets/logo.png', 'images/a b.png']);
});

test('the first formats come out as the newest', () => {
  const field = (type: string, more = {}): object => ({ type, label: type, ...more });
  const {
    report_sections: _s,
    finding_fields: _f,
    finding_ordering: _o,
    finding_grouping: _g,
    ...common
  } = design;
  const old = {
    ...common,
    format: 'projecttypes/v1',
    report_fields: {
      title: field('string'),
      nested: field('object', {
        properties: { b: field('list', { items: field('object', { properties: { c: field('number') } }) }) },
      }),
      lonely: field('string'),
    },
    report_sections: [{ id: 'one', label: 'One', fields: ['nested', 'title'] }],
    finding_fields: { cvss: field('cvss'), title: field('string'), last: field('date') },
    finding_field_order: ['title', 'cvss'],
  };
  const upgraded = parseObject(old, 'old.json');
  assert.ok(upgraded.kind === 'design');
  assert.equal(upgraded.data.format, 'projecttypes/v2');
  assert.deepEqual(upgraded.data.report_sections, [
    {
      id: 'one',
      label: 'One',
      fields: [
        {
          id: 'nested',
          type: 'object',
          label: 'object',
          properties: [
            {
              id: 'b',
              type: 'list',
              label: 'list',
              items: {
                id: '',
                type: 'object',
                label: 'object',
                properties: [{ id: 'c', type: 'number', label: 'number' }],
              },
            },
          ],
        },
        { id: 'title', type: 'string', label: 'string' },
      ],
    },
    { id: 'other', label: 'Other', fields: [{ id: 'lonely', type: 'string', label: 'string' }] },
  ]);
  assert.deepEqual(
    upgraded.data.finding_fields.map(({ id }) => id),
    ['title', 'cvss', 'last'],
  );
  const first = parseObject(
    {
      format: 'templates/v1',
      id: 't',
      tags: ['a'],
      language: 'de-DE',
      status: 'finished',
      data: { title: 'x' },
      more: 1,
    },
    't.json',
  );
  assert.deepEqual(first.data, {
    format: 'templates/v2',
    id: 't',
    tags: ['a'],
    images: [],
    more: 1,
    translations: [{ is_main: true, language: 'de-DE', status: 'finished', data: { title: 'x' } }],
  });
  const { members, ...rest } = project;
  const named = parseObject(
    { ...rest, pentesters: members, format: 'projects/v1', project_type: old },
    'p.json',
  );
  assert.ok(named.kind === 'project');
  assert.deepEqual(named.data.members, members);
  assert.deepEqual(named.data.project_type, upgraded.data);
});

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing',
    (error: unknown) => (error instanceof ArchiveError ? error.code : String(error)),
  );

test('what is wrong with an archive is said, and nothing of it stays', async () => {
  const spool = join(folder, 'spool');
  await mkdir(spool);
  const whole = await packed(DESIGN);
  const wrong: readonly (readonly [string, Buffer])[] = [
    ['not-an-archive', Buffer.from('hello')],
    ['not-an-archive', Buffer.alloc(0)],
    ['not-an-archive', Buffer.from('PK\u0003\u0004zip')],
    ['archive-damaged', whole.subarray(0, whole.length - 40)],
    ['archive-damaged', gzipSync(Buffer.from('x'.repeat(2000)))],
    ['archive-empty', await packed([['NOTICE', 'x']])],
    ['member-name', await packed([...DESIGN, ['../../etc/passwd', 'x']])],
    ['member-name', await packed([...DESIGN, ['/etc/passwd', 'x']])],
    ['member-name', await packed([...DESIGN, [`${DESIGN_ID}-assets/..`, 'x']])],
    ['member-name', await packed([...DESIGN, [`${DESIGN_ID}-assets/a\\b`, 'x']])],
    ['member-name', await packed([[`${DESIGN_ID}.json`, json({ ...design, assets: [{ name: '../x' }] })]])],
    [
      'member-name',
      await packed([[`${DESIGN_ID}.json`, json({ ...design, assets: [{ name: 'a\u0000b' }] })]]),
    ],
    [
      'member-kind',
      await packed([
        ...DESIGN,
        [{ name: `${DESIGN_ID}-assets/x`, type: 'symlink', linkname: '/etc/passwd' }],
      ]),
    ],
    [
      'member-kind',
      await packed([...DESIGN, [{ name: `${DESIGN_ID}-assets/x`, type: 'link', linkname: 'y' }]]),
    ],
    ['member-twice', await packed([...DESIGN, [`${DESIGN_ID}-assets/logo.png`, 'other']])],
    ['member-twice', await packed([...DESIGN, ['other.json', json(design)]])],
    ['json-invalid', await packed([['x.json', '{"format":']])],
    ['json-invalid', await packed([['x.json', Buffer.from([0x22, 0xff, 0x22])]])],
    ['format-unknown', await packed([['x.json', '{"id":"x"}']])],
    ['format-unknown', await packed([['x.json', '{"id":"x","format":"projects/v9"}']])],
    ['format-invalid', await packed([['x.json', '[]']])],
    ['format-invalid', await packed([['x.json', json({ ...template, translations: [] })]])],
    [
      'format-invalid',
      await packed([
        [
          'x.json',
          json({
            ...template,
            translations: [template.translations[0], { ...template.translations[0], is_main: false }],
          }),
        ],
      ]),
    ],
    ['format-invalid', await packed([['x.json', json({ ...design, id: '../x' })]])],
    ['format-invalid', await packed([['x.json', json({ ...project, findings: [{ id: 'x', data: 5 }] })]])],
    ['file-missing', await packed(DESIGN.slice(0, 1))],
    [
      'format-invalid',
      await packed([
        [
          'x.json',
          `{"format":"notes/v1","id":"x","notes":[],"z":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
        ],
      ]),
    ],
  ];
  for (const [code, bytes] of wrong)
    assert.equal(await codeOf(readArchive(bytes, { spoolFolder: spool })), code);
  assert.equal(
    await codeOf(readArchive(join(folder, 'no-such.tar.gz'), { spoolFolder: spool })),
    'not-an-archive',
  );
  assert.deepEqual(await readdir(spool), []);
});

test('an unknown format names those that are known', async () => {
  await assert.rejects(
    readArchive(await packed([['x.json', '{"format":"projects/v9"}']])),
    /x\.json has the format “projects\/v9”.*projecttypes\/v2, projecttypes\/v1/,
  );
});

test('limits end an archive that grows too large, also one that is packed to do harm', async () => {
  const bytes = await packed(PROJECT);
  const read = (limits: object, from = bytes): Promise<string> =>
    codeOf(readArchive(from, { limits, spoolFolder: folder }));
  assert.equal(await read({ compressedBytes: 100 }), 'archive-too-large');
  assert.equal(await read({ totalBytes: 2000 }), 'archive-too-large');
  assert.equal(await read({ fileBytes: 5 }), 'member-too-large');
  assert.equal(await read({ jsonBytes: 100 }), 'member-too-large');
  assert.equal(await read({ members: 2 }), 'too-many-members');
  const bomb = await packed([['x-files/zeros', Buffer.alloc(80 * 1024 ** 2)]]);
  assert.ok(bomb.byteLength < 200_000);
  assert.equal(await read({}, bomb), 'archive-bomb');
});

test('an archive that could not be read again is not written', async () => {
  const entry = await only(PROJECT, folder);
  const large = { ...fileFromBytes('f.txt', Buffer.from('x')), sizeBytes: 3 * 1024 ** 3 };
  assert.throws(
    () => writeArchive([{ ...entry, files: { ...entry.files, files: new Map([['f.txt', large]]) } }]),
    /f\.txt has 3072 MiB, and an archive that can be read again holds at most 2048 MiB: export fewer/,
  );
});

test('a file that is listed twice is one file, in an archive and in a folder', async () => {
  const twice = { ...design, assets: [{ name: 'logo.png' }, { name: 'logo.png' }] };
  const source = join(folder, 'twice.tar.gz');
  await writeFile(source, await packed([[`${DESIGN_ID}.json`, json(twice)], ...DESIGN.slice(1)]));
  await archiveToFolder(source, join(folder, 'twice'));
  const [entry] = await readFolder(join(folder, 'twice'));
  assert.deepEqual(entry?.data, twice);
});

test('a folder of plain files holds the same as the archive', async () => {
  const source = join(folder, 'in.tar.gz');
  await writeFile(source, await packed([...PROJECT, ...ALL.slice(2)]));
  const plain = join(folder, 'plain');
  await archiveToFolder(source, plain);
  assert.deepEqual((await readdir(plain)).sort(), ['notes', 'p', 'sql-injection']);
  assert.equal(await readFile(join(plain, 'p/design/template.html'), 'utf8'), design.report_template);
  assert.equal(await readFile(join(plain, 'p/notes/0001-n.md'), 'utf8'), 'see /files/name/f.txt');
  const target = join(folder, 'out.tar.gz');
  await folderToArchive(plain, target);
  await using before = await readArchive(source);
  await using again = await readArchive(target);
  const byId = (entries: readonly ArchiveEntry[]): ArchiveEntry[] =>
    entries.toSorted((a, b) => (a.data.id < b.data.id ? -1 : 1));
  assert.deepEqual(
    byId(again.entries).map(({ data }) => data),
    byId(before.entries).map(({ data }) => data),
  );
  assert.deepEqual(
    await Promise.all(byId(again.entries).map(filesOf)),
    await Promise.all(byId(before.entries).map(filesOf)),
  );
  assert.equal(await codeOf(archiveToFolder(source, plain)), 'folder-invalid');
});

test('a folder cannot bring in what lies outside it', async () => {
  const plain = join(folder, 'hostile');
  await mkdir(join(plain, 'assets'), { recursive: true });
  const put = (value: object): Promise<void> => writeFile(join(plain, 'object.json'), json(value));
  await put({ ...design, report_template: { $text: '../../../etc/passwd' } });
  assert.equal(await codeOf(readFolder(plain)), 'member-name');
  await symlink('/etc/passwd', join(plain, 'assets/logo.png'));
  await put(design);
  assert.equal(await codeOf(readFolder(plain)), 'folder-invalid');
  assert.equal(await codeOf(readFolder(join(folder, 'none'))), 'folder-invalid');
});

const value = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' });
const fields = fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), value, {
  noNullPrototype: true,
  maxKeys: 5,
});
const fileName = fc
  .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
  .filter(name => !/[/\\\p{Cc}]|^\.{1,2}$/u.test(name) && name.isWellFormed());

test('property: any data and files come back from an archive and from a folder as they were', async () => {
  await fc.assert(
    fc.asyncProperty(
      fields,
      fc.string({ unit: 'binary' }),
      fc.uniqueArray(fileName, { maxLength: 3, selector: name => name.normalize().toLowerCase() }),
      fc.uint8Array({ maxLength: 2000 }),
      async (data, text, names, bytes) => {
        const start = {
          ...project,
          report_data: JSON.parse(JSON.stringify(data)) as JsonObject,
          notes: [{ id: 'n', title: text, text }],
          findings: [{ id: 'f', data: JSON.parse(JSON.stringify(data)) as JsonObject }],
          images: names.map(name => ({ name })),
          comments: [{ path: 'x', text: names.map(name => `/${name}`).join(' ') }],
          files: [],
          project_type: { ...design, assets: [] },
        };
        const object = parseObject(start, 'p.json');
        const files = new Map(names.map(name => [name, fileFromBytes(name, bytes)]));
        const entry: ArchiveEntry = {
          ...object,
          files: { assets: new Map(), images: files, files: new Map() },
        };
        const place = join(folder, randomUUID());
        const archive = await bytesOf(writeArchive([entry]));
        await writeFile(`${place}.tar.gz`, archive);
        await using read = await readArchive(archive);
        await archiveToFolder(`${place}.tar.gz`, place);
        for (const [found] of [read.entries, await readFolder(place)]) {
          assert.ok(found);
          assert.equal(json(found.data), json(start));
          assert.ok(isJsonObject(JSON.parse(json(found.data))));
          for (const name of names) {
            const file = found.files.images.get(name);
            assert.ok(file && Buffer.from(bytes).equals(await readBytes(file)));
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
