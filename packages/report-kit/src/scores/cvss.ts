import calculators from 'ae-cvss-calculator';
import { severityNumber, severityOfScore } from './severity.ts';
import type { Severity } from './severity.ts';

/** The versions of CVSS that can be read. */
export const CVSS_VERSIONS = ['2.0', '3.0', '3.1', '4.0'] as const;

/** A version of CVSS. */
export type CvssVersion = (typeof CVSS_VERSIONS)[number];

/** One group of a score; empty when its metrics are not given. */
export interface CvssGroup {
  readonly score?: number;
  readonly exploitability?: number;
  readonly impact?: number;
}

/** A CVSS vector as a design sees it. `score` is text (`9.8`, or `n/a`). */
export interface CvssValue {
  readonly version: CvssVersion | null;
  readonly base: CvssGroup;
  /** In 4.0 the threat metrics. */
  readonly temporal: CvssGroup;
  readonly environmental: CvssGroup;
  readonly final: CvssGroup;
  readonly vector: string;
  readonly score: string;
  readonly level: Severity;
  readonly level_number: number;
}

const { Cvss2, Cvss3P0, Cvss3P1, Cvss4P0 } = calculators;

type Calculator = InstanceType<typeof Cvss2 | typeof Cvss3P0 | typeof Cvss3P1 | typeof Cvss4P0>;

const CALCULATORS: Readonly<Record<CvssVersion, () => Calculator>> = {
  '2.0': () => new Cvss2(),
  '3.0': () => new Cvss3P0(),
  '3.1': () => new Cvss3P1(),
  '4.0': () => new Cvss4P0(),
};
const BASE_2 = ['AV', 'AC', 'Au', 'C', 'I', 'A'];
const BASE_3 = ['AV', 'AC', 'PR', 'UI', 'S', 'C', 'I', 'A'];
const BASE: Readonly<Record<CvssVersion, readonly string[]>> = {
  '2.0': BASE_2,
  '3.0': BASE_3,
  '3.1': BASE_3,
  '4.0': ['AV', 'AC', 'AT', 'PR', 'UI', 'VC', 'VI', 'VA', 'SC', 'SI', 'SA'],
};
const UNDEFINED_VALUES: ReadonlySet<string> = new Set(['X', 'ND']);
const MAX_LENGTH = 500;

const values = new Map<CvssVersion, ReadonlyMap<string, ReadonlySet<string>>>();

/** The metrics of a version with the values each may have, from the calculator's own tables. */
function metricsOf(version: CvssVersion): ReadonlyMap<string, ReadonlySet<string>> {
  let known = values.get(version);
  if (known === undefined) {
    const components = [...CALCULATORS[version]().getRegisteredComponents().values()].flat();
    known = new Map(
      components.map(component => [
        component.shortName,
        new Set(component.values.map(value => value.shortName)),
      ]),
    );
    values.set(version, known);
  }
  return known;
}

/** A vector taken apart, or a sentence saying what is wrong with it. */
export type ParsedCvss =
  | { readonly version: CvssVersion; readonly vector: string; readonly metrics: ReadonlyMap<string, string> }
  | { readonly error: string };

/** Reads a vector strictly: known metrics and values, each once, all base metrics. 2.0 may stand in brackets. */
export function parseCvss(text: string): ParsedCvss {
  if (text.length > MAX_LENGTH) return { error: `A CVSS vector has at most ${MAX_LENGTH} characters.` };
  const trimmed = text.trim();
  const prefix = /^CVSS:(\d\.\d)\//.exec(trimmed);
  const version = prefix === null ? '2.0' : CVSS_VERSIONS.find(known => known === prefix[1]);
  if (version === undefined)
    return { error: `CVSS ${prefix?.[1] ?? ''} is not known: use ${CVSS_VERSIONS.join(', ')}.` };
  const body = trimmed.slice(prefix?.[0].length ?? 0).replace(/^\((.*)\)$/, '$1');
  const known = metricsOf(version);
  const metrics = new Map<string, string>();
  for (const part of body.split('/')) {
    const [name = '', value = '', ...rest] = part.split(':');
    const allowed = known.get(name);
    if (rest.length > 0 || allowed === undefined)
      return {
        error: `“${part}” is no metric of CVSS ${version}: a vector looks like CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H.`,
      };
    if (metrics.has(name)) return { error: `The metric ${name} is there twice.` };
    if (!allowed.has(value))
      return { error: `${name} may be ${[...allowed].join(', ')} in CVSS ${version}, not “${value}”.` };
    metrics.set(name, value);
  }
  const missing = BASE[version].filter(name => UNDEFINED_VALUES.has(metrics.get(name) ?? 'X'));
  if (missing.length > 0) return { error: `The base metrics ${missing.join(', ')} are missing.` };
  const vector = version === '2.0' ? body : `CVSS:${version}/${body}`;
  return { version, vector, metrics };
}

function group(score: number | undefined, exploitability?: number, impact?: number): CvssGroup {
  if (score === undefined) return {};
  return {
    score,
    ...(exploitability === undefined ? {} : { exploitability }),
    ...(impact === undefined ? {} : { impact }),
  };
}

function groupsOf(
  calculator: Calculator,
): Pick<CvssValue, 'base' | 'temporal' | 'environmental'> & { overall: number } {
  if (calculator instanceof Cvss4P0) {
    const scores = calculator.calculateScores(false);
    return {
      base: group(scores.baseMetricsOnly ?? scores.base),
      temporal: group(scores.threat),
      environmental: group(scores.environmental),
      overall: scores.overall,
    };
  }
  const scores = calculator.calculateScores(false);
  return {
    base: group(scores.base, scores.exploitability, scores.impact),
    temporal: group(scores.temporal),
    environmental: group(scores.environmental, undefined, scores.modifiedImpact),
    overall: scores.overall,
  };
}

const NOT_SCORED: Omit<CvssValue, 'vector'> = {
  version: null,
  base: {},
  temporal: {},
  environmental: {},
  final: {},
  score: 'n/a',
  level: 'info',
  level_number: 1,
};

/** The scores of a vector. What is no vector (`n/a`, empty, wrong) counts as information without a score. */
export function scoreCvss(text: string | null | undefined): CvssValue {
  const parsed = parseCvss(text ?? '');
  if ('error' in parsed) return { ...NOT_SCORED, vector: text ?? 'n/a' };
  const calculator = CALCULATORS[parsed.version]();
  calculator.applyVector(parsed.vector);
  const { overall, ...groups } = groupsOf(calculator);
  const level = severityOfScore(overall);
  return {
    version: parsed.version,
    ...groups,
    final: { score: overall },
    vector: parsed.vector,
    score: overall.toFixed(1),
    level,
    level_number: severityNumber(level),
  };
}
