import type { Severity } from '../scores/index.ts';

/** A label with a short value; `severity` lets it be coloured. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  readonly severity?: Severity;
}

/** A cell of a table; `target` is the id of what it leads to. */
export interface Cell {
  readonly text: string;
  readonly severity?: Severity;
  readonly target?: string;
}

/** What stands in a chapter. */
export type OutlineBlock =
  | { readonly kind: 'markdown'; readonly label?: string; readonly text: string }
  | { readonly kind: 'facts'; readonly facts: readonly Fact[] }
  | { readonly kind: 'list'; readonly label?: string; readonly items: readonly string[] }
  | {
      readonly kind: 'table';
      readonly label?: string;
      readonly caption?: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
    };

/** A chapter with its own blocks first and its parts after them. */
export interface Chapter {
  /** What references point at. */
  readonly id?: string;
  readonly title: string;
  readonly blocks: readonly OutlineBlock[];
  readonly chapters: readonly Chapter[];
  readonly startsPage?: boolean;
}

/** A report as its content alone: what outputs without a page design are made from. */
export interface ReportOutline {
  readonly title: string;
  readonly subtitle?: string;
  /** BCP 47. */
  readonly language: string;
  /** Shown under the title. */
  readonly facts: readonly Fact[];
  readonly chapters: readonly Chapter[];
}

/** The words that an output puts in by itself. */
export interface OutlineLabels {
  readonly contents: string;
  readonly figure: string;
  readonly table: string;
  readonly listing: string;
  readonly findings: string;
  readonly finding: string;
  readonly severity: string;
  readonly score: string;
  readonly page: string;
  readonly noFindings: string;
  readonly authors: string;
  readonly severities: Readonly<Record<Severity, string>>;
}

/** The words of an outline in English. */
export const ENGLISH_LABELS: OutlineLabels = {
  contents: 'Contents',
  figure: 'Figure',
  table: 'Table',
  listing: 'Listing',
  findings: 'Findings',
  finding: 'Finding',
  severity: 'Severity',
  score: 'Score',
  page: 'Page',
  noFindings: 'Nothing was found.',
  authors: 'Authors',
  severities: { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low', info: 'Info' },
};
