import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bytesOf, filesOf } from './archives.sample.ts';
import { readArchive, readSource, writeArchive } from './index.ts';
import type { ArchiveEntry } from './index.ts';

const DESIGN = `
format = "projecttypes/v2"
id = "d1"
name = "Design"
language = "en-US"
report_template = """<h1>{{ report.title }}</h1>"""
report_styles = ""
finding_fields = [{ id = "title", type = "string" }]
[[report_sections]]
id = "other"
label = "Other"
fields = [{ id = "title", type = "string" }, { id = "day", type = "date" }]
[[default_notes]]
id = "n0"
type = "text"
title = "Start"
text = ""
`;
const PROJECT = `
format = "projects/v2"
id = "p1"
name = "Project"
project_type = { file = "../designs/base.toml" }
[report_data]
title = "Title"
day = 2026-11-20
summary = "![](/images/name/a.png)"
[[findings]]
id = "f1"
data = { title = "Finding" }
[[notes]]
id = "n1"
title = "Note"
text = "/files/name/b.txt"
`;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-test-'));
  for (const name of ['designs/base-assets', 'projects/one-images', 'projects/one-files'])
    await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, 'designs/base.toml'), DESIGN);
  await writeFile(join(folder, 'designs/base-assets/logo.png'), 'logo');
  await writeFile(join(folder, 'projects/one.toml'), PROJECT);
  await writeFile(join(folder, 'projects/one-images/a.png'), 'picture');
  await writeFile(join(folder, 'projects/one-files/b.txt'), 'text');
});
after(() => rm(folder, { recursive: true, force: true }));

test('a project kept as TOML, with its design in another file, becomes an archive', async () => {
  const source = await readSource(join(folder, 'projects/one.toml'));
  await using archive = await readArchive(await bytesOf(writeArchive([source])));
  const [entry] = archive.entries;
  assert.ok(entry?.kind === 'project');
  assert.deepEqual(entry.data.report_data, {
    title: 'Title',
    day: '2026-11-20',
    summary: '![](/images/name/a.png)',
  });
  assert.deepEqual(entry.data.notes, [
    { id: 'n1', title: 'Note', text: '/files/name/b.txt', parent: null, checked: null },
  ]);
  assert.equal(entry.design.name, 'Design');
  assert.deepEqual(entry.design.default_notes?.[0]?.parent, null);
  assert.deepEqual(await filesOf(entry as ArchiveEntry), {
    'assets/logo.png': 'logo',
    'images/a.png': 'picture',
    'files/b.txt': 'text',
  });
});

test('what is wrong with a file of TOML is said with its line', async () => {
  const path = join(folder, 'designs/wrong.toml');
  const refusal = async (text: string): Promise<string> => {
    await writeFile(path, text);
    return readSource(path).then(
      () => 'nothing',
      (error: Error) => error.message,
    );
  };
  assert.match(await refusal('a = 1\nb = '), /^wrong\.toml, line 2, is no TOML .*: mend it/);
  assert.match(await refusal('a = 1'), /wrong\.toml names no format/);
  assert.match(
    await refusal(`${DESIGN}[[assets]]\nname = "none.png"`),
    /wrong-assets has no such plain file: put it there/,
  );
  assert.match(await refusal(`${DESIGN}[[assets]]\nname = "../base.toml"`), /is not allowed/);
  assert.match(await refusal(PROJECT.replace('base', 'wrong')), /does not have the form/);
  await rm(path);
  await assert.rejects(readSource(path), /There is no file wrong\.toml/);
});
