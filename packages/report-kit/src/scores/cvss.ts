import calculators from 'ae-cvss-calculator';
import { scoreCvss2, temporalOfCvss30 } from './cvss-rounding.ts';
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
        new Set(
          component.values
            .map(value => value.shortName)
            // The calculator knows the Safety of MSI and MSA in the base metrics as well; the specification does not.
            .filter(value => !(value === 'S' && /^S[CIA]$/.test(component.shortName))),
        ),
      ]),
    );
    values.set(version, known);
  }
  return known;
}

interface ReadVector {
  readonly version: CvssVersion;
  readonly vector: string;
  readonly metrics: ReadonlyMap<string, string>;
}

/** A vector taken apart, or a sentence saying what is wrong with it. */
export type ParsedCvss = ReadVector | { readonly error: string };

const EXAMPLE = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';

/** What is no list of metrics at all, in words of its own. */
function notAVector(text: string): string | undefined {
  if (/^(?:n\/?a|-|none)?$/i.test(text)) return `There is no vector: one looks like ${EXAMPLE}.`;
  if (/^\d{1,2}(?:[.,]\d)?$/.test(text))
    return `“${text}” is a score, and the vector that gives it is wanted, such as ${EXAMPLE}.`;
  if (/^cvss/i.test(text) && !/^CVSS:\d\.\d\//.test(text))
    return `A CVSS vector begins with its version, in capital letters, such as ${EXAMPLE}, not with “${text.slice(0, 12)}”.`;
  return undefined;
}

/** Reads metrics that are separated by strokes: known ones with known values, each once. */
function readMetrics(
  body: string,
  version: CvssVersion,
): ReadonlyMap<string, string> | { readonly error: string } {
  const known = metricsOf(version);
  const metrics = new Map<string, string>();
  for (const part of body.split('/')) {
    if (part === '')
      return {
        error: 'Between two strokes, or behind the last one, there is no metric: take the stroke out.',
      };
    const [name = '', value = '', ...rest] = part.split(':');
    const allowed = known.get(name);
    if (rest.length > 0 || allowed === undefined)
      return {
        error: `“${part.slice(0, 40)}” is no metric of CVSS ${version}: a vector looks like ${version === '2.0' ? `AV:N/AC:L/Au:N/C:C/I:C/A:C, or ${EXAMPLE}` : EXAMPLE}.`,
      };
    if (metrics.has(name)) return { error: `The metric ${name} is there twice: leave one of them.` };
    if (!allowed.has(value))
      return {
        error: `${name} may be ${[...allowed].join(', ')} in CVSS ${version}, not “${value.slice(0, 40)}”.`,
      };
    metrics.set(name, value);
  }
  return metrics;
}

/** Reads a vector strictly: known metrics and values, each once, all base metrics. 2.0 may stand in brackets. */
export function parseCvss(text: string): ParsedCvss {
  if (text.length > MAX_LENGTH) return { error: `A CVSS vector has at most ${MAX_LENGTH} characters.` };
  const trimmed = text.trim();
  const error = notAVector(trimmed);
  if (error !== undefined) return { error };
  const prefix = /^CVSS:(\d\.\d)\//.exec(trimmed);
  const version = prefix === null ? '2.0' : CVSS_VERSIONS.find(known => known === prefix[1]);
  if (version === undefined)
    return { error: `CVSS ${prefix?.[1] ?? ''} is not known: use ${CVSS_VERSIONS.join(', ')}.` };
  const body = trimmed.slice(prefix?.[0].length ?? 0).replace(/^\((.*)\)$/, '$1');
  const metrics = readMetrics(body, version);
  if ('error' in metrics) return metrics;
  const missing = BASE[version].filter(name => UNDEFINED_VALUES.has(metrics.get(name) ?? 'X'));
  if (missing.length > 0)
    return {
      error: `The base ${missing.length === 1 ? `metric ${missing[0] ?? ''} is` : `metrics ${missing.join(', ')} are`} missing.`,
    };
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

type Groups = Pick<CvssValue, 'base' | 'temporal' | 'environmental'> & { overall: number };

function groupsOf(calculator: Calculator, { version, metrics }: ReadVector): Groups {
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
  let { temporal, environmental, overall } = scores;
  if (version === '2.0') {
    const exact = scoreCvss2(metrics);
    if (temporal !== undefined) overall = temporal = exact.temporal;
    if (environmental !== undefined) overall = environmental = exact.environmental;
  } else if (version === '3.0' && temporal !== undefined && scores.base !== undefined) {
    temporal = temporalOfCvss30(scores.base, metrics);
    if (environmental === undefined) overall = temporal;
  }
  return {
    base: group(scores.base, scores.exploitability, scores.impact),
    temporal: group(temporal),
    environmental: group(environmental, undefined, scores.modifiedImpact),
    overall,
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
  const { overall, ...groups } = groupsOf(calculator, parsed);
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
