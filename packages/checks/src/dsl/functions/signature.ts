import { DslError, toText } from '../values.ts';
import type { DslScope, DslValue } from '../values.ts';

/** A helper function of the expression language. */
export interface DslFunction {
  readonly name: string;
  /** Least number of arguments. */
  readonly min: number;
  /** Most arguments. */
  readonly max: number;
  readonly call: (args: readonly DslValue[], scope: DslScope) => DslValue;
}

/** Declares a function that takes `min` to `max` arguments. */
export function define(name: string, min: number, max: number, call: DslFunction['call']): DslFunction {
  return { name, min, max, call };
}

/** Declares a function of exactly `count` arguments, all read as text. */
export function defineText(name: string, count: number, call: (...args: string[]) => DslValue): DslFunction {
  return { name, min: count, max: count, call: args => call(...args.map(toText)) };
}

/** Argument `index` as text, '' when absent. */
export function textAt(args: readonly DslValue[], index: number): string {
  return toText(args[index] ?? null);
}

/** Argument `index` as a number; a numeric string counts. `fallback` when absent, DslError otherwise. */
export function numberAt(args: readonly DslValue[], index: number, fallback?: number): number {
  const value = args[index];
  if (value === undefined && fallback !== undefined) return fallback;
  const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof parsed !== 'number' || Number.isNaN(parsed))
    throw new DslError(`argument ${index + 1} must be a number`);
  return parsed;
}

/** Argument `index` as a list: a list as it is, anything else as a list of one. */
export function listAt(args: readonly DslValue[], index: number): readonly DslValue[] {
  const value = args[index];
  if (Array.isArray(value)) return value;
  return value === undefined || typeof value === 'object' ? [] : [value];
}

/** Most arguments of a variadic function. */
export const ANY_COUNT = 10_000;
