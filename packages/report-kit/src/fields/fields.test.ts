import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  adaptFields,
  checkDefinitions,
  checkFields,
  coerceValue,
  FIELD_TYPES,
  fieldsSchema,
  FINDING_FIELDS,
  isEmptyField,
  REPORT_FIELDS,
  initialValues,
  isSameJson,
  sectionsSchema,
  viewFields,
} from './index.ts';
import type { FieldDefinition, Json, JsonObject } from './index.ts';

const choices = [
  { value: 'red', label: 'Red' },
  { value: 'green', label: 'Green' },
];

/** One field of each type. */
const ALL: readonly FieldDefinition[] = [
  { id: 'string', type: 'string', default: 'x', pattern: '[a-z]+' },
  { id: 'markdown', type: 'markdown', required: true },
  { id: 'cvss', type: 'cvss', default: 'n/a', cvss_version: 'CVSS:3.1' },
  { id: 'cwe', type: 'cwe' },
  { id: 'date', type: 'date' },
  { id: 'number', type: 'number', minimum: 1, maximum: 5 },
  { id: 'boolean', type: 'boolean', default: true },
  { id: 'enum', type: 'enum', choices },
  { id: 'combobox', type: 'combobox', suggestions: ['a'] },
  { id: 'user', type: 'user' },
  { id: 'object', type: 'object', properties: [{ id: 'inner', type: 'string', default: 'deep' }] },
  { id: 'list', type: 'list', items: { id: '', type: 'number' } },
];

const codes = (values: JsonObject, definitions = ALL): string[] =>
  checkFields(definitions, values).map(({ code, location }) => `${location?.path} ${code}`);

test('there are twelve types, and each has an empty value or its default', () => {
  assert.deepEqual(
    ALL.map(({ type }) => type),
    [...FIELD_TYPES],
  );
  assert.deepEqual(initialValues(ALL), {
    string: 'x',
    markdown: null,
    cvss: 'n/a',
    cwe: null,
    date: null,
    number: null,
    boolean: true,
    enum: null,
    combobox: null,
    user: null,
    object: { inner: 'deep' },
    list: [],
  });
});

test('definitions are parsed, with unknown keys kept and faults named', () => {
  const parsed = fieldsSchema.parse([{ id: 'a', type: 'string', extra: 1 }, ...FINDING_FIELDS]);
  assert.deepEqual(parsed[0], { id: 'a', type: 'string', extra: 1 });
  for (const wrong of [
    [{ id: '1a', type: 'string' }],
    [{ id: 'a', type: 'text' }],
    [
      { id: 'a', type: 'string' },
      { id: 'a', type: 'number' },
    ],
    [{ id: 'a', type: 'enum', choices: [{ value: 'x' }, { value: 'x' }] }],
    [{ id: 'a', type: 'object', properties: [{ id: 'b' }] }],
  ])
    assert.equal(fieldsSchema.safeParse(wrong).success, false, JSON.stringify(wrong));
  let deep: unknown = { id: '', type: 'string' };
  for (let depth = 0; depth < 40; depth += 1) deep = { id: 'a', type: 'list', items: deep };
  assert.equal(fieldsSchema.safeParse([deep]).success, false);
});

test('faults of a definition are named in words', () => {
  const faultOf = (...fields: unknown[]): string => {
    const [issue] = fieldsSchema.safeParse(fields).error?.issues ?? [];
    return `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
  };
  assert.match(faultOf({ id: '', type: 'string' }), /^0\.id a field needs an id/);
  assert.match(faultOf({ type: 'string' }), /^0\.id an id is missing/);
  assert.match(faultOf({ id: 'a', type: 'json' }), /^0\.type a field's type is one of string, markdown/);
  assert.match(
    faultOf({ id: 'a', type: 'string', condition: { feld: 'b' } }),
    /a condition is \{"field", "equals"\}/,
  );
  assert.equal(
    fieldsSchema.safeParse([{ id: 'o', type: 'object', properties: [{ id: '', type: 'date' }] }]).success,
    false,
  );
  const twice = sectionsSchema.safeParse([
    { id: 'one', fields: [] },
    { id: 'one', fields: [] },
  ]);
  assert.match(twice.error?.issues[0]?.message ?? '', /“one” is there twice/);
});

test('what a definition cannot mean is a warning', () => {
  const said = (...definitions: FieldDefinition[]): string[] =>
    checkDefinitions(definitions, 'finding').map(({ text }) => text);
  assert.deepEqual(said(...ALL, ...FINDING_FIELDS.slice(1), ...REPORT_FIELDS), []);
  for (const [definition, wanted] of [
    [{ id: 'a', type: 'number', minimum: 5, maximum: 1 }, /^finding\.a: no number fits “a”/],
    [
      { id: 'a', type: 'number', maximum: 5, default: 9 },
      /its default is not allowed: .*the most allowed is 5/,
    ],
    [{ id: 'a', type: 'enum', choices }, undefined],
    [{ id: 'a', type: 'enum', choices, default: 'blue' }, /its default is not allowed/],
    [{ id: 'a', type: 'enum', choices: [] }, /has no choices/],
    [{ id: 'a', type: 'date', default: 'soon' }, /its default is not allowed/],
    [{ id: 'a', type: 'cwe', default: 'CWE-999999' }, /its default is not allowed/],
    [{ id: 'a', type: 'string', pattern: '(?=x)x' }, /without look-ahead/],
    [{ id: 'a', type: 'string', pattern: '[a-z]+', default: 'X1' }, /does not fit its own pattern/],
    [{ id: 'a', type: 'string', pattern: '[a-z]+', default: 'TODO' }, undefined],
    [
      { id: 'a', type: 'string', condition: { field: 'b', is_empty: true } },
      /asks about “b”, which is no field beside it/,
    ],
    [
      { id: 'a', type: 'string', condition: { not: { field: 'a', is_empty: true } } },
      /asks about the field itself/,
    ],
    [
      {
        id: 'a',
        type: 'object',
        properties: [{ id: 'x', type: 'list', items: { id: '', type: 'number', minimum: 2, maximum: 1 } }],
      },
      /^finding\.a\.properties\.x\.items: no number fits/,
    ],
  ] as [FieldDefinition, RegExp | undefined][]) {
    const [text, ...more] = said(definition);
    assert.deepEqual(more, []);
    if (wanted === undefined) assert.equal(text, undefined);
    else assert.match(text ?? 'nothing', wanted);
  }
});

test('the predefined fields are those that imports and templates name', () => {
  assert.deepEqual(
    [...FINDING_FIELDS, ...REPORT_FIELDS.slice(1)].map(({ id }) => id).toSorted(),
    'affected_components cvss description impact is_retest owasp_top10_2021 precondition recommendation references retest_notes retest_status severity short_recommendation summary title wstg_category'.split(
      ' ',
    ),
  );
  assert.deepEqual(fieldsSchema.parse([...FINDING_FIELDS]), FINDING_FIELDS);
});

test('“n/a” is no score, and in any other field it is what somebody wrote', () => {
  const required = { id: 'a', required: true } as const;
  assert.deepEqual(codes({ a: 'n/a' }, [{ ...required, type: 'cvss' }]), ['a field-empty']);
  assert.deepEqual(codes({ a: 'n/a' }, [{ ...required, type: 'string' }]), []);
  assert.deepEqual(
    codes({ a: ['n/a'] }, [{ ...required, type: 'list', items: { id: '', type: 'string' } }]),
    [],
  );
  assert.equal(isEmptyField({ id: 'a', type: 'list', items: { id: '', type: 'cvss' } }, ['n/a', null]), true);
});

test('a condition asks about defaults and values as they are shown', () => {
  const fields: FieldDefinition[] = [
    { id: 'retest', type: 'boolean', default: true },
    { id: 'round', type: 'number' },
    { id: 'notes', type: 'string', required: true, condition: { field: 'retest', equals: true } },
    { id: 'third', type: 'string', condition: { field: 'round', equals: 3 } },
  ];
  assert.deepEqual(viewFields(fields, { notes: 'N', round: '3', third: 'T' }), {
    retest: true,
    round: 3,
    notes: 'N',
    third: 'T',
  });
  assert.deepEqual(codes({}, fields), ['notes field-empty']);
});

test('a field id is unique over all sections', () => {
  const field = { id: 'a', type: 'string' };
  const result = sectionsSchema.safeParse([
    { id: 'one', fields: [field] },
    { id: 'two', fields: [field] },
  ]);
  assert.match(result.error?.issues[0]?.message ?? '', /“a” is also a field of section “one”/);
});

test('checks name the field and the fault', () => {
  assert.deepEqual(
    codes({
      string: 'ABC',
      markdown: ' ',
      cvss: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H',
      cwe: 'CWE-99999',
      date: '2026-02-30',
      number: 9,
      boolean: 'yes',
      enum: 'blue',
      combobox: 'TODO: which',
      list: [1, 'two', 0],
    }),
    [
      'string pattern-mismatch',
      'markdown field-empty',
      'cvss cvss-version',
      'cwe cwe-unknown',
      'date date-invalid',
      'number number-range',
      'boolean type-mismatch',
      'enum choice-unknown',
      'combobox todo-left',
      'list[1] type-mismatch',
    ],
  );
  assert.deepEqual(codes({ markdown: 'x', cvss: 'n/a', date: '2024-02-29', enum: 'red', number: 1 }), []);
  assert.deepEqual(
    checkFields(
      [{ id: 'u', type: 'user' }],
      { u: 'a' },
      { path: 'findings[1]', userIds: new Set(['b']) },
    ).map(({ location }) => location?.path),
    ['findings[1].u'],
  );
});

test('a pattern that would take for ever is answered at once', () => {
  const field: FieldDefinition = { id: 'a', type: 'string', pattern: '(a+)+$' };
  assert.deepEqual(codes({ a: `${'a'.repeat(50_000)}!` }, [field]), ['a pattern-mismatch']);
  assert.deepEqual(codes({ a: 'x' }, [{ ...field, pattern: '(?=x)x' }]), ['a pattern-unusable']);
});

test('a field whose condition does not hold is neither required nor shown', () => {
  const fields: FieldDefinition[] = [
    { id: 'status', type: 'enum', choices },
    {
      id: 'why',
      type: 'string',
      required: true,
      condition: {
        any: [{ field: 'status', equals: ['red'] }, { not: { field: 'status', is_empty: false } }],
      },
    },
  ];
  assert.deepEqual(codes({ status: 'red' }, fields), ['why field-empty']);
  assert.deepEqual(codes({ status: 'green' }, fields), []);
  assert.deepEqual(viewFields(fields, { status: 'green', why: 'kept' }), {
    status: { value: 'green', label: 'Green' },
    why: null,
  });
});

test('a template sees scores, weaknesses, choices and people as objects', () => {
  const person = { id: 'u1', name: 'Ada' };
  const view = viewFields(
    ALL,
    {
      cvss: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
      cwe: 'CWE-79',
      enum: 'red',
      user: 'u1',
      list: '3',
      unknown: 1,
    },
    { people: new Map([['u1', person]]) },
  );
  const { cvss, cwe, ...rest } = view;
  assert.equal(Object(cvss).score, '9.8');
  assert.equal(Object(cwe).id, 79);
  assert.deepEqual(rest, {
    string: 'x',
    markdown: null,
    date: null,
    number: null,
    boolean: true,
    enum: { value: 'red', label: 'Red' },
    combobox: null,
    user: person,
    object: { inner: 'deep' },
    list: [3],
  });
});

test('values are fitted to a new type', () => {
  const cases: readonly (readonly [FieldDefinition['type'], Json, Json])[] = [
    ['string', 5, '5'],
    ['string', ['a', 'b'], 'a'],
    ['string', { a: 1 }, null],
    ['number', ' 4.5 ', 4.5],
    ['number', 'four', null],
    ['number', '0x10', null],
    ['boolean', 'true', true],
    ['boolean', 'maybe', null],
    ['date', '2026-01-02T03:04:05Z', '2026-01-02'],
    ['date', 'soon', null],
    ['enum', 'Green', 'green'],
    ['enum', 'blue', 'blue'],
    ['cwe', 89, 'CWE-89'],
    ['user', { id: 'u1' }, 'u1'],
    ['list', '7', [7]],
    ['list', null, []],
    ['object', [{ inner: 'y', more: 1 }], { inner: 'y', more: 1 }],
  ];
  for (const [type, value, wanted] of cases) {
    const definition = ALL.find(field => field.type === type);
    assert.ok(definition);
    assert.deepEqual(coerceValue(definition, value), wanted, `${type} ${JSON.stringify(value)}`);
  }
});

test('what a change of design cannot carry over is kept aside and taken up again', () => {
  const asText: FieldDefinition[] = [{ id: 'a', type: 'string' }];
  const asNumber: FieldDefinition[] = [{ id: 'a', type: 'number' }];
  const start = { values: { a: 'about five', gone: 1 }, aside: {} };
  const changed = adaptFields(asNumber, start);
  assert.deepEqual(changed, {
    values: { a: null, gone: 1 },
    aside: { a: [{ original: 'about five', became: null }] },
  });
  assert.deepEqual(adaptFields(asText, changed), start);
  const edited = adaptFields(asText, { ...changed, values: { ...changed.values, a: 5 } });
  assert.equal(edited.values.a, '5');
  assert.deepEqual(
    edited.aside.a?.map(({ original }) => original),
    ['about five', 5],
  );
});

const fieldId = fc.constantFrom('a', 'b', 'c', 'constructor', '__proto__');
const definitionOf = (id: string): fc.Arbitrary<FieldDefinition> =>
  fc.constantFrom(...ALL).map(definition => ({ ...definition, id }));
const design: fc.Arbitrary<FieldDefinition[]> = fc
  .uniqueArray(fieldId, { maxLength: 4 })
  .chain(ids => fc.tuple(...ids.map(definitionOf)));
const json = fc.jsonValue({ maxDepth: 3 }).map(value => JSON.parse(JSON.stringify(value)) as Json);
const values: fc.Arbitrary<JsonObject> = fc.dictionary(fieldId, json, { noNullPrototype: true });

test('property: through any sequence of designs nothing is lost and everything fits', () => {
  fc.assert(
    fc.property(values, fc.array(design, { maxLength: 5 }), (start, designs) => {
      let stored: ReturnType<typeof adaptFields> = { values: start, aside: {} };
      for (const definitions of designs) {
        stored = adaptFields(definitions, stored);
        for (const [id, value] of Object.entries(start)) {
          const isHere = isSameJson(Object.entries(stored.values).find(([key]) => key === id)?.[1], value);
          const kept = Object.entries(stored.aside).find(([key]) => key === id)?.[1] ?? [];
          assert.ok(isHere || kept.some(({ original }) => isSameJson(original, value)), id);
        }
        for (const { id, ...definition } of definitions) {
          const held = Object.entries(stored.values).find(([key]) => key === id)?.[1];
          assert.ok(
            isSameJson(coerceValue({ id, ...definition } as FieldDefinition, held), held),
            `${id} fits`,
          );
        }
      }
    }),
    { numRuns: 500 },
  );
});
