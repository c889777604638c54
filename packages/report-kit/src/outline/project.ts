import type { Design, Project } from '../archives/index.ts';
import { holds, isEmptyValue, isJsonObject } from '../fields/index.ts';
import type { FieldDefinition, Json, JsonObject } from '../fields/index.ts';
import { findCwe, isSeverity, scoreCvss, SEVERITIES } from '../scores/index.ts';
import { countSeverities, orderFindings, severityOfFinding } from './order.ts';
import { outlineLabels } from './labels.ts';
import type { Cell, Chapter, Fact, OutlineBlock, OutlineLabels, ReportOutline } from './outline.ts';
import { dateInWords, knownLanguage } from './values.ts';

type Finding = Project['findings'][number];

/** What the words of values depend on. */
interface Words {
  readonly people: ReadonlyMap<string, string>;
  readonly labels: OutlineLabels;
  readonly language: string;
  /** Scores without what they come from. */
  readonly isBrief: boolean;
}

const labelOf = (definition: FieldDefinition): string => (definition.label ?? '') || definition.id;

function cvssFacts(label: string, value: string, { labels, isBrief }: Words): Fact[] {
  const cvss = scoreCvss(value);
  if (cvss.version === null) return [{ label, value }];
  const { level } = cvss;
  const named = isSeverity(level) ? `${cvss.score} – ${labels.severities[level]}` : String(cvss.score);
  const score = { label, value: named, ...(isSeverity(level) ? { severity: level } : {}) };
  return isBrief ? [score] : [score, { label: labels.vector, value: cvss.vector, isCode: true }];
}

/** A value in lines of their own; none for what needs more room. */
function inLines(definition: FieldDefinition, value: Json, words: Words): Fact[] {
  const label = labelOf(definition);
  if (Array.isArray(value) || isJsonObject(value) || value === null) return [];
  switch (definition.type) {
    case 'enum': {
      const choice = definition.choices.find(known => known.value === value);
      const fact = { label, value: choice?.label ?? String(value) };
      return [typeof value === 'string' && isSeverity(value) ? { ...fact, severity: value } : fact];
    }
    case 'cvss':
      return cvssFacts(label, String(value), words);
    case 'cwe': {
      const weakness = findCwe(String(value));
      return [{ label, value: weakness ? `${weakness.value}: ${weakness.name}` : String(value) }];
    }
    case 'user':
      return [{ label, value: words.people.get(String(value)) ?? String(value) }];
    case 'date':
      return [{ label, value: dateInWords(String(value), words.language) }];
    case 'boolean':
      return [{ label, value: value === true ? words.labels.yes : words.labels.no }];
    case 'number':
      return [
        {
          label,
          value:
            typeof value === 'number'
              ? new Intl.NumberFormat(knownLanguage(words.language), { maximumFractionDigits: 10 }).format(
                  value,
                )
              : String(value),
        },
      ];
    default:
      return [{ label, value: String(value) }];
  }
}

/** Designs set the short recommendation as Markdown, though it is a field of plain text. */
const isProse = ({ type, id }: FieldDefinition): boolean =>
  type === 'markdown' || (type === 'string' && id === 'short_recommendation');

function listBlocks(
  definition: FieldDefinition & { type: 'list' },
  values: readonly Json[],
  words: Words,
): OutlineBlock[] {
  const label = labelOf(definition);
  const { items } = definition;
  if (items.type === 'object') {
    const simple = items.properties.filter(
      ({ type }) => type !== 'list' && type !== 'object' && type !== 'markdown',
    );
    if (simple.length === items.properties.length) {
      const columns = simple.map(property => values.map(value => cell(property, value, words)));
      // A column that nobody filled in says nothing.
      const filled = simple.flatMap((property, index) => {
        const cells = columns[index] ?? [];
        return cells.some(({ text }) => text !== '') ? [{ property, cells }] : [];
      });
      return [
        {
          kind: 'table',
          label,
          columns: filled.map(({ property }) => labelOf(property)),
          rows: values.map((_, row) => filled.map(({ cells }) => cells[row] ?? { text: '' })),
        },
      ];
    }
    return values.flatMap(value => (isJsonObject(value) ? fieldBlocks(items.properties, value, words) : []));
  }
  if (isProse(items) || items.type === 'list')
    return values.flatMap((value, index) =>
      fieldBlocks([{ ...items, id: 'item', label: `${label} ${index + 1}` }], { item: value }, words),
    );
  return [
    {
      kind: 'list',
      label,
      items: values.flatMap(value => inLines(items, value, words)[0]?.value ?? []),
      ...(definition.id === 'references' ? { isLinked: true } : {}),
    },
  ];
}

function cell(property: FieldDefinition, row: Json, words: Words): Cell {
  const value = isJsonObject(row) ? row[property.id] : undefined;
  const [fact] = value === undefined ? [] : inLines(property, value, words);
  if (!fact) return { text: '' };
  return fact.severity === undefined ? { text: fact.value } : { text: fact.value, severity: fact.severity };
}

/** The blocks of some fields: short values together first, then the others in their order. Empty and hidden ones are left out. */
function fieldBlocks(
  definitions: readonly FieldDefinition[],
  values: JsonObject,
  words: Words,
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
      if (isJsonObject(value)) blocks.push(...fieldBlocks(definition.properties, value, words));
    } else if (definition.type === 'list') {
      blocks.push(
        ...listBlocks(definition, Array.isArray(value) ? (value as readonly Json[]) : [value], words),
      );
    } else facts.push(...inLines(definition, value, words));
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

/** How the findings stand in the outline. */
export interface OutlineOptions {
  readonly labels?: OutlineLabels;
  /** Ids of the finding fields that are shown; all without it. Findings told in so few words follow one another on a page. */
  readonly findingFields?: readonly string[] | undefined;
}

function severityChart(project: Project, { labels }: Words): OutlineBlock {
  const counts = new Map(countSeverities(project.findings).map(({ severity, count }) => [severity, count]));
  return {
    kind: 'chart',
    caption: labels.bySeverity,
    items: SEVERITIES.map(severity => ({
      label: labels.severities[severity],
      value: counts.get(severity) ?? 0,
      severity,
    })),
  };
}

function findingsChapter(project: Project, design: Design, words: Words, shown?: readonly string[]): Chapter {
  const { labels } = words;
  const findings = orderFindings(project.findings, design, project.override_finding_order === true);
  const fields = design.finding_fields.filter(
    ({ id }) => id !== 'title' && (shown === undefined || shown.includes(id)),
  );
  const titleOf = (data: JsonObject): string =>
    typeof data.title === 'string' && data.title !== '' ? data.title : labels.finding;
  const rows = findings.map((finding, index): Cell[] => {
    const { severity, score } = severityOfFinding(finding);
    return [
      { text: String(index + 1) },
      { text: titleOf(finding.data), target: finding.id },
      { text: labels.severities[severity], severity },
      { text: /^\d/.test(score) ? score : '–' },
    ];
  });
  const overview: OutlineBlock[] =
    rows.length === 0
      ? [{ kind: 'markdown', text: labels.noFindings }]
      : [
          severityChart(project, words),
          {
            kind: 'table',
            columns: [labels.number, labels.finding, labels.severity, labels.score],
            rows,
            numbers: [0, 3],
          },
        ];
  const isGrave = (finding: Finding | undefined): boolean =>
    finding !== undefined && ['critical', 'high'].includes(severityOfFinding(finding).severity);
  return {
    id: 'findings',
    title: labels.findings,
    startsPage: true,
    blocks: overview,
    chapters: findings.map((finding, index) => ({
      id: finding.id,
      title: titleOf(finding.data),
      // Grave findings have pages of their own; what is told in few words follows one another.
      startsPage: shown === undefined && (index === 0 || isGrave(finding) || isGrave(findings[index - 1])),
      blocks: fieldBlocks(fields, finding.data, words),
      chapters: [],
    })),
  };
}

/** The short values of the section that has the title belong to the cover; what is not true of the report is not said there. */
function coverFacts(blocks: readonly OutlineBlock[], name: string, { labels }: Words): Fact[] {
  return blocks
    .flatMap(block => (block.kind === 'facts' ? block.facts : []))
    .filter(({ value }) => value !== name && value !== labels.no);
}

/** The content of a project: its sections, a table of its findings, and each finding. */
export function outlineProject(
  project: Project,
  design: Design,
  options: OutlineOptions = {},
): ReportOutline {
  const language = project.language ?? design.language ?? 'en-US';
  const people = new Map((project.members ?? []).map(({ id, name }) => [id, name ?? id]));
  const words: Words = {
    people,
    language,
    labels: options.labels ?? outlineLabels(language),
    isBrief: options.findingFields !== undefined,
  };
  const { title } = project.report_data;
  const facts: Fact[] = [];
  const sections = design.report_sections.map((section): Chapter => {
    const fields = section.fields.filter(({ id }) => id !== 'title');
    const all = fieldBlocks(fields, project.report_data, words);
    const hasTitle = fields.length < section.fields.length;
    if (hasTitle) facts.push(...coverFacts(all, project.name, words));
    const blocks = hasTitle ? all.filter(({ kind }) => kind !== 'facts') : all;
    return {
      id: section.id,
      title: (section.label ?? '') || section.id,
      blocks: withoutOnlyLabel(blocks),
      chapters: [],
    };
  });
  const names = [...people.values()].join(', ');
  return {
    title: typeof title === 'string' && title !== '' ? title : project.name,
    subtitle: project.name,
    language,
    ...(names === '' ? {} : { author: names }),
    facts: [...facts, ...(names === '' ? [] : [{ label: words.labels.authors, value: names }])],
    chapters: [
      ...sections.filter(({ blocks }) => blocks.length > 0),
      findingsChapter(project, design, words, options.findingFields),
    ],
  };
}
