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
