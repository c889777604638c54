/** Severities, worst first. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'] as const;

/** How bad a finding is. */
export type Severity = (typeof SEVERITIES)[number];

/** 5 for critical down to 1 for info. */
export const severityNumber = (severity: Severity): number => 5 - SEVERITIES.indexOf(severity);

/** Whether a text is the name of a severity. */
export const isSeverity = (text: string): text is Severity => SEVERITIES.some(severity => severity === text);

/** The severity of a score from 0 to 10, by the bands of CVSS 3.0 and later. */
export function severityOfScore(score: number): Severity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'info';
}
