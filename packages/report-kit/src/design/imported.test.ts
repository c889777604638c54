import assert from 'node:assert/strict';
import { test } from 'node:test';
import { design } from '../archives/archives.sample.ts';
import { parseObject } from '../archives/index.ts';
import { designOfArchive } from './imported.ts';

const NO_FILES = { assets: new Map(), images: new Map(), files: new Map() };

test('the preview data of an archived design becomes what its template sees', async () => {
  const object = parseObject(
    {
      ...design,
      assets: [],
      finding_fields: [...design.finding_fields, { id: 'cwe', type: 'cwe' }],
      report_preview_data: {
        report: { title: 'Preview' },
        findings: [
          { id: 'f1', title: 'Low', cvss: 'n/a' },
          {
            title: 'High',
            cvss: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
            cwe: 'CWE-79',
            status: 'finished',
          },
        ],
        pentesters: [{ id: 'p1', name: 'Ada', roles: ['lead'] }],
      },
    },
    'design.json',
  );
  assert.ok(object.kind === 'design');
  const { sample } = await designOfArchive(object.data, NO_FILES);
  const seen = JSON.parse(JSON.stringify(sample)) as Record<string, unknown>;
  assert.partialDeepStrictEqual(seen, {
    report: { title: 'Preview', language: 'en-US' },
    sections: { other: { label: 'Other', title: 'Preview' } },
    pentesters: [{ name: 'Ada', roles: ['lead'] }],
    findings: [
      {
        id: 'finding-2',
        order: 1,
        title: 'High',
        status: 'finished',
        cvss: { score: '9.8' },
        cwe: { id: 79 },
      },
      { id: 'f1', order: 2, title: 'Low', cvss: { score: 'n/a', level: 'info' } },
    ],
  });
});

test('a design without preview data, or with some of another form, still has a sample', async () => {
  for (const report_preview_data of [undefined, null, {}, { report: [], findings: 'x', pentesters: [5] }]) {
    const object = parseObject({ ...design, assets: [], report_preview_data }, 'design.json');
    assert.ok(object.kind === 'design');
    const { sample } = await designOfArchive(object.data, NO_FILES);
    assert.partialDeepStrictEqual(JSON.parse(JSON.stringify(sample)), {
      report: { title: 'TODO' },
      findings: [],
    });
  }
});
