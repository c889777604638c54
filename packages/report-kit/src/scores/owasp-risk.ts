import { severityNumber } from './severity.ts';
import type { Severity } from './severity.ts';

/** The factors of the OWASP Risk Rating Methodology, each from 0 to 9, by their short names in a vector. */
export const OWASP_FACTORS = {
  threatAgent: ['SL', 'M', 'O', 'S'],
  vulnerability: ['ED', 'EE', 'A', 'ID'],
  technicalImpact: ['LC', 'LI', 'LAV', 'LAC'],
  businessImpact: ['FD', 'RD', 'NC', 'PV'],
} as const;

/** Low under 3, medium under 6, high from 6. */
export type OwaspLevel = 'low' | 'medium' | 'high';

/** A rating by the OWASP methodology. */
export interface OwaspRisk {
  readonly vector: string;
  /** 0 to 9. */
  readonly likelihood: number;
  readonly likelihoodLevel: OwaspLevel;
  /** 0 to 9: the business impact where it is given, else the technical one. */
  readonly impact: number;
  readonly impactLevel: OwaspLevel;
  readonly level: Severity;
  readonly level_number: number;
}

const levelOf = (score: number): OwaspLevel => {
  if (score < 3) return 'low';
  return score < 6 ? 'medium' : 'high';
};

const RISK: Readonly<Record<OwaspLevel, Readonly<Record<OwaspLevel, Severity>>>> = {
  low: { low: 'info', medium: 'low', high: 'medium' },
  medium: { low: 'low', medium: 'medium', high: 'high' },
  high: { low: 'medium', medium: 'high', high: 'critical' },
};

/**
 * Rates a vector such as `SL:5/M:4/O:7/S:9/ED:7/EE:5/A:6/ID:8/LC:7/LI:5/LAV:1/LAC:7/FD:3/RD:4/NC:5/PV:5`, in brackets or
 * not. The business factors may be left out together.
 */
export function rateOwaspRisk(text: string): OwaspRisk | { readonly error: string } {
  if (text.length > 300) return { error: 'An OWASP risk vector has at most 300 characters.' };
  const body = text.trim().replace(/^\((.*)\)$/, '$1');
  const all: readonly string[] = Object.values(OWASP_FACTORS).flat();
  const factors = new Map<string, number>();
  for (const part of body.split('/')) {
    const match = /^([A-Z]{1,3}):(\d)$/.exec(part);
    const name = match?.[1] ?? '';
    if (!all.includes(name))
      return { error: `“${part}” is no factor: write a name and a number from 0 to 9, such as SL:5.` };
    if (factors.has(name)) return { error: `The factor ${name} is there twice.` };
    factors.set(name, Number(match?.[2]));
  }
  const has = (names: readonly string[]): boolean => names.some(name => factors.has(name));
  const wanted = all.filter(
    name =>
      has(OWASP_FACTORS.businessImpact) ||
      !(OWASP_FACTORS.businessImpact as readonly string[]).includes(name),
  );
  const missing = wanted.filter(name => !factors.has(name));
  if (missing.length > 0) return { error: `The factors ${missing.join(', ')} are missing.` };
  const mean = (names: readonly string[]): number =>
    names.reduce((sum, name) => sum + (factors.get(name) ?? 0), 0) / names.length;
  const likelihood = mean([...OWASP_FACTORS.threatAgent, ...OWASP_FACTORS.vulnerability]);
  const impact = mean(
    has(OWASP_FACTORS.businessImpact) ? OWASP_FACTORS.businessImpact : OWASP_FACTORS.technicalImpact,
  );
  const likelihoodLevel = levelOf(likelihood);
  const impactLevel = levelOf(impact);
  const level = RISK[likelihoodLevel][impactLevel];
  return {
    vector: body,
    likelihood,
    likelihoodLevel,
    impact,
    impactLevel,
    level,
    level_number: severityNumber(level),
  };
}
