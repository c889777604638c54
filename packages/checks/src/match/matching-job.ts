import type { DslValue } from '../dsl/values.ts';
import type { OperatorsSource } from './operators-source.ts';
import type { Verdict } from './operate.ts';

/** A long text that the thread was sent before, or with this job. */
export interface PartReference {
  readonly part: number;
}

/** Operators and one event, as they are sent to a matching thread. */
export interface MatchingJob {
  readonly operators: number;
  /** The operators of that number; absent when the thread has them. */
  readonly source: OperatorsSource | undefined;
  /** Long texts the thread has to keep, by number. */
  readonly parts: readonly (readonly [number, string])[];
  /** Long texts it is to forget. */
  readonly forgotten: readonly number[];
  readonly values: readonly (readonly [string, DslValue | PartReference])[];
  readonly effects: ReadonlyMap<string, DslValue>;
}

/** What became of a job. */
export type MatchingReply =
  | {
      readonly kind: 'verdict';
      readonly verdict: Verdict;
      /** Values that extractors set. */
      readonly learned: readonly (readonly [string, DslValue])[];
    }
  /** An expression waits for what this function has to fetch. */
  | { readonly kind: 'waiting'; readonly name: string; readonly args: readonly DslValue[] }
  | { readonly kind: 'failed'; readonly message: string };
