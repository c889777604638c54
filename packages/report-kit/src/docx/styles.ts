import type { IStylesOptions } from 'docx';
import { SEVERITIES } from '../scores/index.ts';
import type { Severity } from '../scores/index.ts';

/** The named styles that a document uses beside Word's own headings, title, caption and hyperlink. */
export const STYLE_IDS = {
  body: 'ReportBody',
  listItem: 'ReportListItem',
  quote: 'ReportQuote',
  code: 'ReportCode',
  figure: 'ReportFigure',
  tableText: 'ReportTableText',
  tableHead: 'ReportTableHead',
  fieldLabel: 'ReportFieldLabel',
  coverFact: 'ReportCoverFact',
  contentsTitle: 'ReportContentsTitle',
  codeWords: 'ReportCodeWords',
  marked: 'ReportMarked',
  todo: 'ReportTodo',
} as const;

/** The character style of a severity. */
export const severityStyle = (severity: Severity): string =>
  `ReportSeverity${severity.charAt(0).toUpperCase()}${severity.slice(1)}`;

const COLOURS: Readonly<Record<Severity, string>> = {
  critical: '8C1239',
  high: 'B42318',
  medium: 'A15C07',
  low: '2F6A9E',
  info: '41566B',
};

const INK = '1F2933';
const TEXT_FONT = 'Calibri';
const CODE_FONT = 'Consolas';
/** Twentieths of a point. */
const POINT = 20;

type ParagraphStyle = NonNullable<IStylesOptions['paragraphStyles']>[number];
type CharacterStyle = NonNullable<IStylesOptions['characterStyles']>[number];

const paragraphStyles: readonly ParagraphStyle[] = [
  {
    id: STYLE_IDS.body,
    name: 'Report Body',
    basedOn: 'Normal',
    quickFormat: true,
    paragraph: { spacing: { after: 7 * POINT, line: 276 } },
  },
  {
    id: STYLE_IDS.listItem,
    name: 'Report List Item',
    basedOn: STYLE_IDS.body,
    quickFormat: true,
    paragraph: { spacing: { after: 3 * POINT, line: 276 } },
  },
  {
    id: STYLE_IDS.quote,
    name: 'Report Quote',
    basedOn: STYLE_IDS.body,
    quickFormat: true,
    run: { italics: true, color: '41566B' },
    paragraph: {
      indent: { left: 340 },
      border: { left: { style: 'single', size: 18, color: 'C3CED9', space: 8 } },
    },
  },
  {
    id: STYLE_IDS.code,
    name: 'Report Code',
    basedOn: 'Normal',
    quickFormat: true,
    run: { font: CODE_FONT, size: 17 },
    paragraph: {
      spacing: { before: 4 * POINT, after: 8 * POINT, line: 240 },
      shading: { type: 'clear', fill: 'F3F5F7', color: 'auto' },
      indent: { left: 113, right: 113 },
    },
  },
  {
    id: STYLE_IDS.figure,
    name: 'Report Figure',
    basedOn: 'Normal',
    quickFormat: true,
    paragraph: { alignment: 'center', keepNext: true, spacing: { before: 6 * POINT, after: 3 * POINT } },
  },
  {
    id: STYLE_IDS.tableText,
    name: 'Report Table Text',
    basedOn: 'Normal',
    quickFormat: true,
    run: { size: 19 },
    paragraph: { spacing: { before: 2 * POINT, after: 2 * POINT } },
  },
  {
    id: STYLE_IDS.tableHead,
    name: 'Report Table Head',
    basedOn: STYLE_IDS.tableText,
    quickFormat: true,
    run: { bold: true },
    paragraph: { keepNext: true },
  },
  {
    id: STYLE_IDS.fieldLabel,
    name: 'Report Field Label',
    basedOn: 'Normal',
    next: STYLE_IDS.body,
    quickFormat: true,
    run: { bold: true, size: 24, color: INK },
    paragraph: { keepNext: true, spacing: { before: 12 * POINT, after: 4 * POINT } },
  },
  {
    id: STYLE_IDS.coverFact,
    name: 'Report Cover Fact',
    basedOn: 'Normal',
    quickFormat: true,
    run: { color: '41566B' },
    paragraph: { spacing: { after: 4 * POINT } },
  },
  {
    id: STYLE_IDS.contentsTitle,
    name: 'Report Contents Title',
    basedOn: 'Normal',
    quickFormat: true,
    run: { bold: true, size: 32, color: INK },
    paragraph: { keepNext: true, spacing: { after: 10 * POINT } },
  },
  {
    id: 'Caption',
    name: 'caption',
    basedOn: 'Normal',
    quickFormat: true,
    run: { size: 18, color: '41566B', italics: true },
    paragraph: { spacing: { before: 3 * POINT, after: 9 * POINT } },
  },
  ...[1, 2, 3].map((level): ParagraphStyle => ({
    id: `TOC${level}`,
    name: `toc ${level}`,
    basedOn: 'Normal',
    paragraph: { indent: { left: (level - 1) * 280 }, spacing: { after: 3 * POINT } },
    ...(level === 1 ? { run: { bold: true } } : {}),
  })),
];

const characterStyles: readonly CharacterStyle[] = [
  {
    id: STYLE_IDS.codeWords,
    name: 'Report Code Words',
    quickFormat: true,
    run: { font: CODE_FONT, size: 19 },
  },
  {
    id: STYLE_IDS.marked,
    name: 'Report Marked',
    quickFormat: true,
    run: { shading: { type: 'clear', fill: 'FFE08A', color: 'auto' } },
  },
  { id: STYLE_IDS.todo, name: 'Report Todo', quickFormat: true, run: { bold: true, color: 'B42318' } },
  ...SEVERITIES.map((severity): CharacterStyle => ({
    id: severityStyle(severity),
    name: `Report Severity ${severity.charAt(0).toUpperCase()}${severity.slice(1)}`,
    quickFormat: true,
    run: { bold: true, color: COLOURS[severity] },
  })),
];

function heading(size: number, before: number, after: number): object {
  return {
    run: { font: TEXT_FONT, size, bold: true, color: INK },
    paragraph: { keepNext: true, spacing: { before: before * POINT, after: after * POINT } },
  };
}

/** The styles of a document; those whose ids a company's own style sheet has are left to it. */
export function documentStyles(language: string, theirs: ReadonlySet<string>): IStylesOptions {
  const own = {
    paragraphStyles: paragraphStyles.filter(({ id }) => !theirs.has(id)),
    characterStyles: characterStyles.filter(({ id }) => !theirs.has(id)),
  };
  if (theirs.size > 0) return own;
  return {
    ...own,
    default: {
      document: { run: { font: TEXT_FONT, size: 21, color: INK, language: { value: language } } },
      title: {
        run: { font: TEXT_FONT, size: 60, bold: true, color: INK },
        paragraph: { spacing: { before: 180 * POINT, after: 8 * POINT } },
      },
      heading1: heading(36, 24, 8),
      heading2: heading(29, 18, 6),
      heading3: heading(25, 14, 4),
      heading4: heading(22, 12, 4),
      heading5: heading(21, 10, 3),
      heading6: heading(21, 10, 3),
      hyperlink: { run: { color: '1D4F91', underline: { type: 'single' } } },
      footnoteText: { run: { size: 18 }, paragraph: { spacing: { after: 2 * POINT } } },
    },
  };
}

/** The ids of the styles in a style sheet. */
export function styleIds(stylesXml: string): Set<string> {
  return new Set([...stylesXml.matchAll(/w:styleId="([^"]{1,200})"/g)].map(match => match[1] ?? ''));
}
