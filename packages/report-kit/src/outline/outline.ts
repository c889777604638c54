import type { Severity } from '../scores/index.ts';

/** A label with a short value; `severity` lets it be coloured, `isCode` sets it in a fixed-width font. */
export interface Fact {
  readonly label: string;
  readonly value: string;
  readonly severity?: Severity;
  readonly isCode?: boolean;
}

/** A cell of a table; `target` is the id of what it leads to. */
export interface Cell {
  readonly text: string;
  readonly severity?: Severity;
  readonly target?: string;
  readonly isCode?: boolean;
}

/** A part of a chart; `severity` gives its colour. */
export interface ChartItem {
  readonly label: string;
  readonly value: number;
  readonly severity?: Severity;
}

/** What stands in a chapter. */
export type OutlineBlock =
  | { readonly kind: 'markdown'; readonly label?: string; readonly text: string }
  | { readonly kind: 'facts'; readonly label?: string; readonly facts: readonly Fact[] }
  | {
      readonly kind: 'list';
      readonly label?: string;
      readonly items: readonly string[];
      /** Items that are web addresses lead there; never for what was attacked or scanned. */
      readonly isLinked?: boolean;
    }
  | {
      readonly kind: 'table';
      readonly label?: string;
      readonly caption?: string;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
      /** Columns, counted from 0, that hold numbers. */
      readonly numbers?: readonly number[];
    }
  | {
      /** Bars one below the other; with `of`, one bar that fills up to that number. */
      readonly kind: 'chart';
      readonly caption: string;
      readonly items: readonly ChartItem[];
      readonly of?: number;
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
  /** Who wrote it, for the document's properties. */
  readonly author?: string;
  /** Shown under the title. */
  readonly facts: readonly Fact[];
  readonly chapters: readonly Chapter[];
}

/** The words that an output puts in by itself. */
export interface OutlineLabels {
  readonly contents: string;
  readonly figure: string;
  readonly table: string;
  /** What stands between a caption's number and its text. */
  readonly colon: string;
  readonly listing: string;
  readonly findings: string;
  readonly finding: string;
  readonly bySeverity: string;
  readonly number: string;
  readonly severity: string;
  readonly score: string;
  readonly vector: string;
  readonly page: string;
  readonly noFindings: string;
  readonly authors: string;
  readonly yes: string;
  readonly no: string;
  readonly severities: Readonly<Record<Severity, string>>;
}

/** The words of an outline in English. */
export const ENGLISH_LABELS: OutlineLabels = {
  contents: 'Contents',
  figure: 'Figure',
  table: 'Table',
  colon: ': ',
  listing: 'Listing',
  findings: 'Findings',
  finding: 'Finding',
  bySeverity: 'Findings by severity',
  number: 'No.',
  severity: 'Severity',
  score: 'Score',
  vector: 'CVSS vector',
  page: 'Page',
  noFindings: 'Nothing was found.',
  authors: 'Authors',
  yes: 'Yes',
  no: 'No',
  severities: { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low', info: 'Info' },
};
