import type { Design, Project } from '../archives/index.ts';
import type { FieldDefinition, Json } from '../fields/index.ts';
import { isSeverity, parseCwe, scoreCvss, severityNumber, severityOfScore } from '../scores/index.ts';
import type { Severity } from '../scores/index.ts';

type Finding = Project['findings'][number];

function rank(definition: FieldDefinition, value: Json | undefined): number | string {
  if (definition.type === 'cvss')
    return Number(scoreCvss(typeof value === 'string' ? value : null).final.score ?? 0);
  if (definition.type === 'enum') return definition.choices.findIndex(choice => choice.value === value);
  if (definition.type === 'cwe') return (typeof value === 'string' ? parseCwe(value) : undefined) ?? 0;
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  return typeof value === 'string' ? value : '';
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

const created = (finding: Finding): string => (typeof finding.created === 'string' ? finding.created : '');

/**
 * Findings in the order that the design asks for: CVSS by score, choices by their place, CWE by number; what is alike by when
 * it was written. A project whose order was set by hand keeps that.
 */
export function orderFindings(findings: readonly Finding[], design: Design, isByHand: boolean): Finding[] {
  if (isByHand) return findings.toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0));
  const rules = (design.finding_ordering ?? []).flatMap(({ field, order }) => {
    const definition = design.finding_fields.find(({ id }) => id === field);
    return definition ? [{ definition, sign: order === 'desc' ? -1 : 1 }] : [];
  });
  const keyed = findings.map(finding => ({
    finding,
    ranks: rules.map(({ definition }) => rank(definition, finding.data[definition.id])),
  }));
  keyed.sort((a, b) => {
    for (const [index, { sign }] of rules.entries()) {
      const difference = sign * compare(a.ranks[index] ?? 0, b.ranks[index] ?? 0);
      if (difference !== 0) return difference;
    }
    return compare(created(a.finding), created(b.finding));
  });
  return keyed.map(({ finding }) => finding);
}

/** Findings under one heading. */
export interface FindingGroup {
  readonly label: string;
  readonly findings: readonly Finding[];
}

function groupOf(
  definition: FieldDefinition,
  value: Json | undefined,
): { label: string; rank: number | string } {
  if (definition.type === 'cvss') {
    const { level } = scoreCvss(typeof value === 'string' ? value : null);
    const severity = level !== null && isSeverity(level) ? level : 'info';
    return { label: severity.charAt(0).toUpperCase() + severity.slice(1), rank: severityNumber(severity) };
  }
  if (definition.type === 'enum') {
    const choice = definition.choices.find(known => known.value === value);
    return { label: choice?.label ?? '', rank: rank(definition, value) };
  }
  const label = value === null || value === undefined || typeof value === 'object' ? '' : String(value);
  return { label, rank: rank(definition, value) };
}

/** Ordered findings under the headings that the design asks for: CVSS by severity, choices by their label; one group without any. */
export function groupFindings(findings: readonly Finding[], design: Design): FindingGroup[] {
  const rules = (design.finding_grouping ?? []).flatMap(({ field, order }) => {
    const definition = design.finding_fields.find(({ id }) => id === field);
    return definition ? [{ definition, sign: order === 'desc' ? -1 : 1 }] : [];
  });
  if (rules.length === 0) return [{ label: '', findings }];
  const groups = new Map<string, { ranks: (number | string)[]; label: string; findings: Finding[] }>();
  for (const finding of findings) {
    const parts = rules.map(({ definition }) => groupOf(definition, finding.data[definition.id]));
    const label = parts
      .map(part => part.label)
      .filter(text => text !== '')
      .join(', ');
    const group = groups.get(label) ?? { ranks: parts.map(part => part.rank), label, findings: [] };
    group.findings.push(finding);
    groups.set(label, group);
  }
  return [...groups.values()].toSorted((a, b) => {
    for (const [index, { sign }] of rules.entries()) {
      const difference = sign * compare(a.ranks[index] ?? 0, b.ranks[index] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

/** How bad a finding is: its `severity` field if it has one, else its CVSS. */
export function severityOfFinding({ data }: Finding): { severity: Severity; score: string } {
  const { severity } = data;
  const cvss = scoreCvss(typeof data.cvss === 'string' ? data.cvss : null);
  if (typeof severity === 'string' && isSeverity(severity)) return { severity, score: cvss.score };
  return { severity: severityOfScore(cvss.final.score ?? 0), score: cvss.score };
}

/** Worst first, then in the order given. */
export function countSeverities(findings: readonly Finding[]): { severity: Severity; count: number }[] {
  const counts = new Map<Severity, number>();
  for (const finding of findings) {
    const { severity } = severityOfFinding(finding);
    counts.set(severity, (counts.get(severity) ?? 0) + 1);
  }
  return [...counts]
    .map(([severity, count]) => ({ severity, count }))
    .sort((a, b) => severityNumber(b.severity) - severityNumber(a.severity));
}
