import type { Transport } from '../http/transport.ts';
import type { MatchingPool } from '../match/matching-pool.ts';
import type { DnsResolver } from '../protocols/dns-client.ts';

/** A value of the expression language. Strings are byte strings; every number is a double, as in govaluate. */
export type DslValue = string | number | boolean | null | readonly DslValue[];

/** An expression that cannot be compiled or evaluated. */
export class DslError extends Error {
  override readonly name = 'DslError';
}

/** What an expression that waits may use. */
export interface EffectReach {
  readonly signal: AbortSignal | undefined;
  /** Answers the questions of `resolve()`. */
  readonly dns: DnsResolver;
  /** Opens the connections of `jarm()`; the function fails without it. */
  readonly transport?: Transport;
  /** Waited for before each connection. */
  readonly rate?: { readonly acquire: (signal: AbortSignal | undefined) => Promise<void> };
  /** Matches what is too much for the event loop; all of it is done at once without it. */
  readonly matching?: MatchingPool;
}

/** Raised inside an evaluation that has to wait for something; the caller awaits `work` and evaluates again. */
export class Suspension {
  /** Identifies the awaited effect among those of one evaluation. */
  readonly key: string;
  /** Starts the effect. */
  readonly work: (reach: EffectReach) => Promise<DslValue>;
  /** The function that waits and its arguments: another thread can name the effect, and not do the work. */
  readonly name: string;
  readonly args: readonly DslValue[];

  constructor(
    key: string,
    name: string,
    args: readonly DslValue[],
    work: (reach: EffectReach) => Promise<DslValue>,
  ) {
    this.key = key;
    this.name = name;
    this.args = args;
    this.work = work;
  }
}

/** Limits of one evaluation, all in characters (= bytes). */
export interface DslLimits {
  /** Length of one resulting string. */
  readonly maxString: number;
  /** Sum of the lengths of all intermediate strings. */
  readonly maxTotal: number;
}

/** Enough for a 10 MB body passed through two functions. */
export const DEFAULT_DSL_LIMITS: DslLimits = { maxString: 16_000_000, maxTotal: 64_000_000 };

/** What an expression is evaluated against. */
export interface DslScope {
  /** The value of a variable; undefined when there is none. */
  readonly get: (name: string) => DslValue | undefined;
  /** Results of effects that earlier attempts of this evaluation waited for. */
  readonly effects?: ReadonlyMap<string, DslValue>;
  /** Limits; the defaults when absent. */
  readonly limits?: DslLimits;
  /** Characters allocated so far. */
  spent?: number;
}

/** A number as Go's strconv 'f' with the shortest precision prints it: never an exponent. */
export function plainNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', head = '', tail = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  const digits = head + tail;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return sign + digits.padEnd(exponent + 1, '0');
}

/** A number as Go's fmt prints it with %v: shortest digits, an exponent below 1e-4 and from 1e6 on (measured with Go 1.26). */
export function formattedNumber(value: number): string {
  if (!Number.isFinite(value)) return plainNumber(value);
  const [mantissa = '0', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (value === 0 || (exponent >= -4 && exponent < 6)) return plainNumber(value);
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${size}`;
}

function listText(value: readonly DslValue[], item: (value: DslValue) => string): string {
  return `[${value.map(item).join(' ')}]`;
}

/** The text a helper function sees of a value. */
export function toText(value: DslValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return plainNumber(value);
  if (value === null) return '';
  return typeof value === 'boolean' ? String(value) : listText(value, toText);
}

/** The text `+` puts into a string: Go's %v. */
export function formattedText(value: DslValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formattedNumber(value);
  if (value === null) return '<nil>';
  return typeof value === 'boolean' ? String(value) : listText(value, formattedText);
}

/** Deep equality without coercion. */
export function isSame(left: DslValue, right: DslValue): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => isSame(item, right[index] ?? null));
  }
  return left === right;
}

/** Takes `length` characters from the evaluation's budget; throws DslError when it is spent. */
export function spend(scope: DslScope, length: number): void {
  const limits = scope.limits ?? DEFAULT_DSL_LIMITS;
  if (length > limits.maxString) throw new DslError(`a value is longer than ${limits.maxString} bytes`);
  scope.spent = (scope.spent ?? 0) + length;
  if (scope.spent > limits.maxTotal)
    throw new DslError(`the expression allocates more than ${limits.maxTotal} bytes`);
}
