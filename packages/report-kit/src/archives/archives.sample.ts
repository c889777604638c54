import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { readArchive, readBytes } from './index.ts';
import type { ArchiveEntry } from './index.ts';

export const DESIGN_ID = '56586191-d135-4c61-abd4-e1bb18b12198';
export const PROJECT_ID = '0f0d1f2e-0000-4000-8000-000000000001';
export const FINDING_ID = '0f0d1f2e-0000-4000-8000-000000000002';
export const NOTE_ID = '0f0d1f2e-0000-4000-8000-000000000003';

export const design = {
  id: DESIGN_ID,
  created: '2026-04-23T16:37:13.117322Z',
  name: 'Pentest “A”',
  language: 'en-US',
  status: 'finished',
  tags: ['x'],
  report_sections: [
    {
      id: 'other',
      label: 'Other',
      fields: [{ id: 'title', type: 'string', origin: 'core', default: 'TODO' }],
    },
  ],
  finding_fields: [
    { id: 'title', type: 'string' },
    { id: 'cvss', type: 'cvss', default: 'n/a', cvss_version: null, made_up: { by: 'somebody' } },
  ],
  finding_ordering: [{ field: 'cvss', order: 'desc' }],
  finding_grouping: null,
  default_notes: [],
  report_template: '<h1>{{ report.title }}</h1>',
  report_styles: '@import "/assets/global/base.css";',
  report_preview_data: { report: { title: 'x' }, findings: [] },
  assets: [{ id: 'a', name: 'logo.png' }],
  unknown: [1, { 'two words': null }],
  format: 'projecttypes/v2',
};
export const template = {
  id: '0f0d1f2e-0000-4000-8000-000000000009',
  tags: ['web'],
  translations: [
    {
      is_main: true,
      language: 'en-US',
      status: 'finished',
      data: {
        title: 'SQL injection',
        references: ['https://a.example'],
        text: '![](/images/name/image.png)',
      },
    },
    { is_main: false, language: 'de-DE', status: 'in-progress', data: { title: 'SQL-Injektion' } },
  ],
  images: [{ name: 'image.png' }],
  format: 'templates/v2',
};
export const project = {
  id: PROJECT_ID,
  name: 'P',
  language: 'en-US',
  tags: [],
  override_finding_order: false,
  report_data: {
    title: 'T',
    summary: '![](/images/name/a%20b.png) [](#0f0d1f2e-0000-4000-8000-000000000002)',
  },
  members: [{ id: 'm1', name: 'Ada', roles: ['lead'] }],
  project_type: design,
  sections: [{ id: 'other', assignee: { id: 'm1' }, status: 'in-progress' }],
  findings: [
    {
      id: FINDING_ID,
      assignee: null,
      status: 'finished',
      template: null,
      order: 1,
      data: { title: 'Finding', old_field: 5 },
    },
  ],
  notes: [
    {
      id: NOTE_ID,
      type: 'text',
      title: 'N',
      text: 'see /files/name/f.txt',
      checked: null,
      icon_emoji: null,
      order: 1,
      parent: null,
    },
  ],
  images: [{ name: 'a b.png' }],
  files: [{ name: 'f.txt' }],
  comments: [{ id: 'c1', path: `findings.${FINDING_ID}.data.title`, text: 'x', answers: [] }],
  format: 'projects/v2',
};
export const notes = {
  id: '0f0d1f2e-0000-4000-8000-00000000000a',
  notes: [
    {
      id: NOTE_ID,
      type: 'excalidraw',
      title: 'N',
      text: '',
      parent: null,
      excalidraw_data: { elements: [{ id: 'e1', type: 'rectangle' }] },
    },
  ],
  images: [],
  files: [],
  format: 'notes/v1',
};

export type Member = readonly [string, string | Uint8Array];

/** Packs members as they are given, however wrong. */
export async function packed(
  members: readonly (Member | readonly [{ name: string; type: 'symlink' | 'link'; linkname: string }])[],
): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of members)
    if (typeof name === 'string') tar.entry({ name }, Buffer.from(content ?? ''));
    else tar.entry(name);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array));
  return gzipSync(Buffer.concat(chunks));
}

export const json = (value: unknown): string => JSON.stringify(value);
export const DESIGN: readonly Member[] = [
  [`${DESIGN_ID}.json`, json(design)],
  [`${DESIGN_ID}-assets/logo.png`, 'logo'],
];
export const PROJECT: readonly Member[] = [
  [`${PROJECT_ID}-images/a b.png`, 'picture'],
  [`${PROJECT_ID}.json`, json(project)],
  [`${PROJECT_ID}-files/f.txt`, 'text'],
  [`${DESIGN_ID}-assets/logo.png`, 'logo'],
];
export const ALL: readonly Member[] = [
  ...DESIGN,
  [`${template.id}.json`, json(template)],
  [`${template.id}-images/image.png`, 'image'],
  [`${notes.id}.json`, json(notes)],
];

export async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

export async function filesOf({ files }: ArchiveEntry): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [kind, named] of Object.entries(files))
    for (const [name, file] of named) found[`${kind}/${name}`] = (await readBytes(file)).toString();
  return found;
}

export async function only(members: readonly Member[], spoolFolder: string): Promise<ArchiveEntry> {
  const { entries } = await readArchive(await packed(members), { spoolFolder });
  assert.equal(entries.length, 1);
  const [entry] = entries;
  assert.ok(entry);
  return entry;
}
