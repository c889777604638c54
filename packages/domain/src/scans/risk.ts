import type { ScanSummary, Severity } from '@glacis/contract';

/** Risk points of one finding of a severity: about what it takes from "nothing to do" to "act today". */
const POINTS: Readonly<Record<Severity, number>> = { critical: 40, high: 15, medium: 5, low: 1, info: 0 };
/** More findings of a severity add less and less: the n-th adds points / n. */
const GRADES: readonly (readonly [atLeast: number, grade: string])[] = [
  [80, 'F'],
  [60, 'E'],
  [40, 'D'],
  [20, 'C'],
  [5, 'B'],
  [0, 'A'],
];

/**
 * Risk of a surface from its open findings, 0 (none) to 100, with the sentences that explain it. The n-th finding of a
 * severity adds its points divided by n, so that a hundred missing headers do not outweigh one open database.
 */
export function scoreRisk(of: {
  findings: Readonly<Record<Severity, number>>;
  severities: readonly Severity[];
}): ScanSummary['risk'] {
  let score = 0;
  const reasons: string[] = [];
  for (const severity of of.severities) {
    const count = of.findings[severity];
    if (count === 0 || POINTS[severity] === 0) continue;
    const points = POINTS[severity] * harmonic(count);
    score += points;
    reasons.push(
      `${count} ${severity} ${count === 1 ? 'finding adds' : 'findings add'} ${Math.round(points)} points`,
    );
  }
  const capped = Math.min(100, Math.round(score));
  if (score > 100) reasons.push('the sum is capped at 100');
  if (reasons.length === 0) reasons.push('there are no open findings above informational');
  return { score: capped, grade: GRADES.find(([atLeast]) => capped >= atLeast)?.[1] ?? 'A', reasons };
}

/** 1 + 1/2 + … + 1/n; exact up to 1,000 terms, which is enough for a rounded score. */
function harmonic(n: number): number {
  let sum = 0;
  for (let term = 1; term <= Math.min(n, 1000); term += 1) sum += 1 / term;
  return sum;
}
