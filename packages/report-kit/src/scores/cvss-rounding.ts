/** The metrics of a vector, by their short names. */
type Metrics = ReadonlyMap<string, string>;

/** Weights of CVSS 2.0 (https://www.first.org/cvss/v2/guide, 3.2); what is not given or `ND` weighs 1, or nothing for `CDP`. */
const WEIGHTS_2: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { L: 0.395, A: 0.646, N: 1 },
  AC: { H: 0.35, M: 0.61, L: 0.71 },
  Au: { M: 0.45, S: 0.56, N: 0.704 },
  C: { N: 0, P: 0.275, C: 0.66 },
  I: { N: 0, P: 0.275, C: 0.66 },
  A: { N: 0, P: 0.275, C: 0.66 },
  E: { U: 0.85, POC: 0.9, F: 0.95 },
  RL: { OF: 0.87, TF: 0.9, W: 0.95 },
  RC: { UC: 0.9, UR: 0.95 },
  CDP: { ND: 0, N: 0, L: 0.1, LM: 0.3, MH: 0.4, H: 0.5 },
  TD: { N: 0, L: 0.25, M: 0.75 },
  CR: { L: 0.5, H: 1.51 },
  IR: { L: 0.5, H: 1.51 },
  AR: { L: 0.5, H: 1.51 },
};

/** Weights of the temporal metrics of CVSS 3.0 (https://www.first.org/cvss/v3.0/specification-document, 8.4). */
const TEMPORAL_3: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  E: { U: 0.91, P: 0.94, F: 0.97 },
  RL: { O: 0.95, T: 0.96, W: 0.97 },
  RC: { U: 0.92, R: 0.96 },
};

/** Far below what two results can differ by, and far above the error of a float. */
const FLOAT_ERROR = 1e-9;
/** To one decimal, half up, as decimals are rounded: 9.15 is 9.2, though its float lies below. */
const toDecimal = (score: number): number => Math.round((score + FLOAT_ERROR) * 10) / 10;
/** The least decimal that is not below: 4.6 stays, though its float lies above. */
const upToDecimal = (score: number): number => Math.ceil((score - FLOAT_ERROR) * 10) / 10;

/**
 * Temporal and environmental score of CVSS 2.0. The calculator rounds floats as they are, and so gave 9.1 where the guide's own
 * first example (3.3.1) has 9.2; each seventh environmental score was wrong by a tenth.
 */
export function scoreCvss2(metrics: Metrics): { temporal: number; environmental: number } {
  const weight = (name: string): number =>
    WEIGHTS_2[name]?.[metrics.get(name) ?? 'ND'] ?? (name === 'CDP' ? 0 : 1);
  const impactBy = (requirement: (name: string) => number): number =>
    10.41 *
    (1 - ['C', 'I', 'A'].reduce((rest, name) => rest * (1 - weight(name) * requirement(`${name}R`)), 1));
  const temporalOf = (impact: number): number => {
    const exploitability = 20 * weight('AV') * weight('AC') * weight('Au');
    const base = toDecimal((0.6 * impact + 0.4 * exploitability - 1.5) * (impact === 0 ? 0 : 1.176));
    return toDecimal(base * weight('E') * weight('RL') * weight('RC'));
  };
  const adjusted = temporalOf(Math.min(10, impactBy(weight)));
  return {
    temporal: temporalOf(impactBy(() => 1)),
    environmental: toDecimal((adjusted + (10 - adjusted) * weight('CDP')) * weight('TD')),
  };
}

/** Temporal score of CVSS 3.0, whose specification leaves the rounding of floats open (3.1 closed it). */
export function temporalOfCvss30(base: number, metrics: Metrics): number {
  const weight = (name: string): number => TEMPORAL_3[name]?.[metrics.get(name) ?? 'X'] ?? 1;
  return upToDecimal(base * weight('E') * weight('RL') * weight('RC'));
}
