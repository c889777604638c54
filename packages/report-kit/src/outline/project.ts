import type { Design, Project } from '../archives/index.ts';
import { holds, isEmptyValue, isJsonObject } from '../fields/index.ts';
import type { FieldDefinition, Json, JsonObject } from '../fields/index.ts';
import { findCwe, isSeverity, scoreCvss } from '../scores/index.ts';
import { orderFindings, severityOfFinding } from './order.ts';
import { outlineLabels } from './labels.ts';
import type { Cell, Chapter, Fact, OutlineBlock, OutlineLabels, ReportOutline } from './outline.ts';

const labelOf = (definition: FieldDefinition): string => (definition.label ?? '') || definition.id;

type People = ReadonlyMap<string, string>;

/** A value in one line; undefined for what needs more room. */
function inLine(definition: FieldDefinition, value: Json, people: People): Fact | undefined {
  const label = labelOf(definition);
  if (Array.isArray(value) || isJsonObject(value) || value === null) return undefined;
  if (definition.type === 'enum') {
    const choice = definition.choices.find(known => known.value === value);
    const fact = { label, value: choice?.label ?? String(value) };
    return typeof value === 'string' && isSeverity(value) ? { ...fact, severity: value } : fact;
  }
  if (definition.type === 'cvss') {
    const cvss = scoreCvss(String(value));
    return cvss.version === null
      ? { label, value: String(value) }
      : { label, value: `${cvss.score} (${cvss.vector})`, severity: cvss.level };
  }
  if (definition.type === 'cwe') {
    const weakness = findCwe(String(value));
    return { label, value: weakness ? `${weakness.value}: ${weakness.name}` : String(value) };
  }
  if (definition.type === 'user') return { label, value: people.get(String(value)) ?? String(value) };
  return { label, value: String(value) };
}

const isProse = (definition: FieldDefinition): boolean => definition.type === 'markdown';

function listBlocks(
  definition: FieldDefinition & { type: 'list' },
  values: readonly Json[],
  people: People,
): OutlineBlock[] {
  const label = labelOf(definition);
  const { items } = definition;
  if (items.type === 'object') {
    const simple = items.properties.filter(
      ({ type }) => type !== 'list' && type !== 'object' && type !== 'markdown',
    );
    if (simple.length === items.properties.length)
      return [
        {
          kind: 'table',
          label,
          columns: simple.map(labelOf),
          rows: values.map(value => simple.map((property): Cell => cell(property, value, people))),
        },
      ];
    return values.flatMap(value => (isJsonObject(value) ? fieldBlocks(items.properties, value, people) : []));
  }
  if (isProse(items) || items.type === 'list')
    return values.flatMap((value, index) =>
      fieldBlocks([{ ...items, id: 'item', label: `${label} ${index + 1}` }], { item: value }, people),
    );
  return [{ kind: 'list', label, items: values.flatMap(value => inLine(items, value, people)?.value ?? []) }];
}

function cell(property: FieldDefinition, row: Json, people: People): Cell {
  const value = isJsonObject(row) ? row[property.id] : undefined;
  const fact = value === undefined ? undefined : inLine(property, value, people);
  if (!fact) return { text: '' };
  return fact.severity === undefined ? { text: fact.value } : { text: fact.value, severity: fact.severity };
}

/** The blocks of some fields: short values together first, then the others in their order. Empty and hidden ones are left out. */
export function fieldBlocks(
  definitions: readonly FieldDefinition[],
  values: JsonObject,
  people: People,
): OutlineBlock[] {
  const facts: Fact[] = [];
  const blocks: OutlineBlock[] = [];
  for (const definition of definitions) {
    const value = Object.hasOwn(values, definition.id) ? values[definition.id] : undefined;
    if (value === undefined || isEmptyValue(value) || !holds(definition.condition, values)) continue;
    if (isProse(definition)) {
      if (typeof value === 'string')
        blocks.push({ kind: 'markdown', label: labelOf(definition), text: value });
    } else if (definition.type === 'object') {
      if (isJsonObject(value)) blocks.push(...fieldBlocks(definition.properties, value, people));
    } else if (definition.type === 'list') {
      blocks.push(
        ...listBlocks(definition, Array.isArray(value) ? (value as readonly Json[]) : [value], people),
      );
    } else {
      const fact = inLine(definition, value, people);
      if (fact) facts.push(fact);
    }
  }
  return facts.length > 0 ? [{ kind: 'facts', facts }, ...blocks] : blocks;
}

/** A section with one long field needs no second heading for it. */
function withoutOnlyLabel(blocks: readonly OutlineBlock[]): readonly OutlineBlock[] {
  const [block] = blocks;
  return blocks.length === 1 && block?.kind === 'markdown'
    ? [{ kind: 'markdown', text: block.text }]
    : blocks;
}

function findingsChapter(project: Project, design: Design, people: People, labels: OutlineLabels): Chapter {
  const findings = orderFindings(project.findings, design, project.override_finding_order === true);
  const titled = design.finding_fields.filter(({ id }) => id !== 'title');
  const titleOf = (data: JsonObject): string =>
    typeof data.title === 'string' && data.title !== '' ? data.title : labels.finding;
  const rows = findings.map((finding, index): Cell[] => {
    const { severity, score } = severityOfFinding(finding);
    return [
      { text: String(index + 1) },
      { text: titleOf(finding.data), target: finding.id },
      { text: labels.severities[severity], severity },
      { text: score },
    ];
  });
  const overview: OutlineBlock =
    rows.length === 0
      ? { kind: 'markdown', text: labels.noFindings }
      : { kind: 'table', columns: ['#', labels.finding, labels.severity, labels.score], rows };
  return {
    id: 'findings',
    title: labels.findings,
    startsPage: true,
    blocks: [overview],
    chapters: findings.map(finding => ({
      id: finding.id,
      title: titleOf(finding.data),
      startsPage: true,
      blocks: fieldBlocks(titled, finding.data, people),
      chapters: [],
    })),
  };
}

/** The content of a project: its sections, a table of its findings, and each finding. */
export function outlineProject(
  project: Project,
  design: Design,
  labels: OutlineLabels = outlineLabels(project.language ?? design.language ?? 'en'),
): ReportOutline {
  const people: People = new Map((project.members ?? []).map(({ id, name }) => [id, name ?? id]));
  const { title } = project.report_data;
  const sections = design.report_sections.map((section): Chapter => {
    const fields = section.fields.filter(({ id }) => id !== 'title');
    return {
      id: section.id,
      title: (section.label ?? '') || section.id,
      blocks: withoutOnlyLabel(fieldBlocks(fields, project.report_data, people)),
      chapters: [],
    };
  });
  const names = [...people.values()].join(', ');
  return {
    title: typeof title === 'string' && title !== '' ? title : project.name,
    subtitle: project.name,
    language: project.language ?? design.language ?? 'en-US',
    facts: names === '' ? [] : [{ label: labels.authors, value: names }],
    chapters: [
      ...sections.filter(({ blocks }) => blocks.length > 0),
      findingsChapter(project, design, people, labels),
    ],
  };
}
