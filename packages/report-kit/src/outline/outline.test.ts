import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject } from '../archives/index.ts';
import { FINDING_FIELDS, sectionsSchema } from '../fields/index.ts';
import {
  countSeverities,
  groupFindings,
  orderFindings,
  outlineLabels,
  outlineProject,
  projectOfData,
  translateFields,
} from './index.ts';
import { dateInWords } from './values.ts';

const CRITICAL = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const LOW = 'CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N';

const object = parseObject(
  {
    id: 'p',
    name: 'P',
    format: 'projects/v2',
    report_data: { title: 'T', summary: 'All **bad**', hosts: [{ name: 'a', port: 443 }], empty: '' },
    members: [{ id: 'u', name: 'Ada' }],
    project_type: {
      id: 'd',
      name: 'D',
      report_template: '',
      report_styles: '',
      finding_fields: [...FINDING_FIELDS, { id: 'tester', type: 'user', label: 'Tester' }],
      finding_ordering: [
        { field: 'cvss', order: 'desc' },
        { field: 'title', order: 'asc' },
      ],
      report_sections: [
        {
          id: 'summary',
          label: 'Summary',
          fields: [
            { id: 'title', type: 'string' },
            { id: 'summary', type: 'markdown', label: 'Text' },
          ],
        },
        {
          id: 'scope',
          label: 'Scope',
          fields: [
            {
              id: 'hosts',
              type: 'list',
              label: 'Hosts',
              items: {
                id: '',
                type: 'object',
                properties: [
                  { id: 'name', type: 'string', label: 'Name' },
                  { id: 'port', type: 'number', label: 'Port' },
                ],
              },
            },
          ],
        },
        { id: 'nothing', label: 'Nothing', fields: [{ id: 'empty', type: 'string' }] },
      ],
    },
    findings: [
      { id: 'f1', order: 3, data: { title: 'Low', cvss: LOW } },
      { id: 'f2', order: 1, created: '2026-01-02', data: { title: 'Same', cvss: CRITICAL } },
      {
        id: 'f3',
        order: 2,
        created: '2026-01-01',
        data: { title: 'Same', cvss: CRITICAL, tester: 'u', cwe: 'CWE-79' },
      },
    ],
  },
  'p.json',
);

test('findings come in the order that the design asks for, or in the one set by hand', () => {
  assert.ok(object.kind === 'project');
  const { findings } = object.data;
  assert.deepEqual(
    orderFindings(findings, object.design, false).map(({ id }) => id),
    ['f3', 'f2', 'f1'],
  );
  assert.deepEqual(
    orderFindings(findings, object.design, true).map(({ id }) => id),
    ['f2', 'f3', 'f1'],
  );
  assert.deepEqual(countSeverities(findings), [
    { severity: 'critical', count: 2 },
    { severity: 'low', count: 1 },
  ]);
});

test('a project becomes chapters: filled sections, an overview, each finding', () => {
  assert.ok(object.kind === 'project');
  const outline = outlineProject(object.data, object.design);
  assert.deepEqual(
    [outline.title, outline.subtitle, outline.facts],
    ['T', 'P', [{ label: 'Authors', value: 'Ada' }]],
  );
  assert.deepEqual(
    outline.chapters.map(({ title }) => title),
    ['Summary', 'Scope', 'Findings'],
  );
  assert.deepEqual(outline.chapters[0]?.blocks, [{ kind: 'markdown', text: 'All **bad**' }]);
  assert.deepEqual(outline.chapters[1]?.blocks, [
    { kind: 'table', label: 'Hosts', columns: ['Name', 'Port'], rows: [[{ text: 'a' }, { text: '443' }]] },
  ]);
  const [chart, overview] = outline.chapters[2]?.blocks ?? [];
  assert.ok(chart?.kind === 'chart');
  assert.deepEqual(
    chart.items.map(({ label, value }) => `${label} ${value}`),
    ['Critical 2', 'High 0', 'Medium 0', 'Low 1', 'Info 0'],
  );
  assert.ok(overview?.kind === 'table');
  assert.deepEqual(overview.rows[0], [
    { text: '1' },
    { text: 'Same', target: 'f3' },
    { text: 'Critical', severity: 'critical' },
    { text: '9.8' },
  ]);
  assert.deepEqual(outline.chapters[2]?.chapters[0]?.blocks, [
    {
      kind: 'facts',
      facts: [
        { label: 'CVSS', value: '9.8 – Critical', severity: 'critical' },
        { label: 'CVSS vector', value: CRITICAL, isCode: true },
        { label: 'Tester', value: 'Ada' },
      ],
    },
  ]);
});

test('findings are grouped as the design asks: by severity of their CVSS, worst first when it says so', () => {
  assert.ok(object.kind === 'project');
  const ordered = orderFindings(object.data.findings, object.design, false);
  const groupsOf = (order: 'asc' | 'desc') =>
    groupFindings(ordered, { ...object.design, finding_grouping: [{ field: 'cvss', order }] });
  const labels = groupsOf('desc').map(({ label }) => label);
  assert.equal(labels[0], 'Critical');
  assert.deepEqual(
    groupsOf('asc').map(({ label }) => label),
    labels.toReversed(),
  );
  assert.equal(
    groupsOf('desc').reduce((sum, group) => sum + group.findings.length, 0),
    ordered.length,
  );
  assert.deepEqual(groupFindings(ordered, { ...object.design, finding_grouping: null }), [
    { label: '', findings: ordered },
  ]);
});

test('fields, choices, dates and yes or no are said in the language of the report', () => {
  const fields = {
    report_sections: sectionsSchema.parse([
      {
        id: 'intro',
        label: 'Introduction',
        fields: [
          { id: 'day', type: 'date', label: 'Day' },
          { id: 'retest', type: 'boolean', label: 'Retest' },
          {
            id: 'state',
            type: 'enum',
            label: 'State',
            choices: [
              { value: 'open', label: 'Open' },
              { value: 'high', label: 'High' },
            ],
          },
          {
            id: 'rows',
            type: 'list',
            label: 'Rows',
            items: {
              id: '',
              type: 'object',
              properties: [
                { id: 'name', type: 'string', label: 'Name' },
                { id: 'empty', type: 'string', label: 'Empty' },
              ],
            },
          },
        ],
      },
    ]),
    finding_fields: [...FINDING_FIELDS],
    finding_ordering: [],
  };
  const labels = {
    'section.intro': 'Einführung',
    'field.report.day': 'Tag',
    'field.report.state': 'Stand',
    'field.report.state.open': 'Offen',
    'field.report.rows.name': 'Bezeichnung',
    'severity.high': 'Hoch',
  };
  const data = {
    report: { day: '2026-11-03', retest: true, state: 'high', rows: [{ name: 'a' }] },
    findings: [],
  };
  const { project, design } = projectOfData(data, translateFields(fields, labels), 'de');
  const [chapter] = outlineProject(project, design, { labels: outlineLabels('de', labels) }).chapters;
  assert.equal(chapter?.title, 'Einführung');
  assert.deepEqual(chapter?.blocks, [
    {
      kind: 'facts',
      facts: [
        { label: 'Tag', value: '3. November 2026' },
        { label: 'Retest', value: 'Ja' },
        { label: 'Stand', value: 'Hoch', severity: 'high' },
      ],
    },
    // A column that nobody filled in is left out.
    { kind: 'table', label: 'Rows', columns: ['Bezeichnung'], rows: [[{ text: 'a' }]] },
  ]);
});

test('a report in few words shows the fields that its design names, without the vectors of scores', () => {
  assert.ok(object.kind === 'project');
  const outline = outlineProject(object.data, object.design, { findingFields: ['cvss'] });
  const [worst] = outline.chapters[2]?.chapters ?? [];
  assert.equal(worst?.startsPage, false);
  assert.deepEqual(worst?.blocks, [
    { kind: 'facts', facts: [{ label: 'CVSS', value: '9.8 – Critical', severity: 'critical' }] },
  ]);
});

test('a language that is none is taken for English, and a moment that is none stays as it is', () => {
  assert.equal(dateInWords('2026-11-03', 'not a language'), 'November 3, 2026');
  assert.equal(dateInWords('2026-11-03', 'de_DE'), '3. November 2026');
  assert.equal(dateInWords('soon', 'de'), 'soon');
});
