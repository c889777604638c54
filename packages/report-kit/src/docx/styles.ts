import type { IStylesOptions } from 'docx';
import { SEVERITIES } from '../scores/index.ts';
import type { Severity } from '../scores/index.ts';

/** The named styles that a document uses beside Word's own headings, title, subtitle, caption, header, footer and hyperlink. */
export const STYLE_IDS = {
  body: 'ReportBody',
  listItem: 'ReportListItem',
  quote: 'ReportQuote',
  code: 'ReportCode',
  figure: 'ReportFigure',
  formula: 'ReportFormula',
  tableText: 'ReportTableText',
  tableHead: 'ReportTableHead',
  tableEnd: 'ReportTableEnd',
  coverLabel: 'ReportCoverLabel',
  coverFact: 'ReportCoverFact',
  contentsTitle: 'ReportContentsTitle',
  codeWords: 'ReportCodeWords',
  small: 'ReportSmall',
  marked: 'ReportMarked',
  todo: 'ReportTodo',
  table: 'ReportTable',
  facts: 'ReportFacts',
  coverTable: 'ReportCoverTable',
} as const;

/** Character styles of the words of code, by what highlighting calls them. */
export const CODE_STYLES: readonly {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly pattern: RegExp;
}[] = [
  { id: 'ReportCodeComment', name: 'Comment', color: '5F6B7A', pattern: /comment|quote|meta/ },
  {
    id: 'ReportCodeKeyword',
    name: 'Keyword',
    color: '8B2C6B',
    pattern: /keyword|selector|section|tag\b|name\b|literal/,
  },
  { id: 'ReportCodeString', name: 'String', color: '2E6B3E', pattern: /string|regexp|addition/ },
  {
    id: 'ReportCodeNumber',
    name: 'Number',
    color: '1D4F91',
    pattern: /number|attr|variable|built_in|type|symbol/,
  },
  { id: 'ReportCodeTitle', name: 'Title', color: '7A4A00', pattern: /title|function/ },
  { id: 'ReportCodeDeletion', name: 'Deletion', color: 'B42318', pattern: /deletion/ },
];

/** The character style of a severity. */
export const severityStyle = (severity: Severity): string =>
  `ReportSeverity${severity.charAt(0).toUpperCase()}${severity.slice(1)}`;

/** The colours of severities, as RGB in hexadecimal. */
export const SEVERITY_COLOURS: Readonly<Record<Severity, string>> = {
  critical: '8C1239',
  high: 'B42318',
  medium: 'A15C07',
  low: '2F6A9E',
  info: '41566B',
};

const INK = '1F2933';
const QUIET = '41566B';
const LINE = 'C3CED9';
const HEAD = 'EEF2F6';
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
    run: { italics: true, color: QUIET },
    paragraph: {
      indent: { left: 340 },
      border: { left: { style: 'single', size: 18, color: LINE, space: 8 } },
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
    paragraph: { spacing: { before: 6 * POINT, after: 3 * POINT } },
  },
  {
    id: STYLE_IDS.formula,
    name: 'Report Formula',
    basedOn: 'Normal',
    next: STYLE_IDS.body,
    quickFormat: true,
    paragraph: { alignment: 'center', spacing: { before: 6 * POINT, after: 9 * POINT } },
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
    id: STYLE_IDS.tableEnd,
    name: 'Report Table End',
    basedOn: 'Normal',
    next: STYLE_IDS.body,
    run: { size: 12 },
    paragraph: { spacing: { before: 0, after: 0, line: 6 * POINT, lineRule: 'exact' } },
  },
  {
    id: 'Subtitle',
    name: 'Subtitle',
    basedOn: 'Normal',
    next: STYLE_IDS.coverFact,
    quickFormat: true,
    run: { size: 30, color: QUIET },
    paragraph: { spacing: { after: 48 * POINT } },
  },
  {
    id: STYLE_IDS.coverFact,
    name: 'Report Cover Fact',
    basedOn: 'Normal',
    quickFormat: true,
    paragraph: { spacing: { before: 2 * POINT, after: 4 * POINT } },
  },
  {
    id: STYLE_IDS.coverLabel,
    name: 'Report Cover Label',
    basedOn: STYLE_IDS.coverFact,
    quickFormat: true,
    run: { color: QUIET },
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
    run: { size: 18, color: QUIET },
    paragraph: { spacing: { before: 3 * POINT, after: 9 * POINT } },
  },
  {
    id: 'Header',
    name: 'header',
    basedOn: 'Normal',
    run: { size: 17, color: '5F6B7A' },
  },
  {
    id: 'Footer',
    name: 'footer',
    basedOn: 'Normal',
    run: { size: 17, color: '5F6B7A' },
    paragraph: { alignment: 'right' },
  },
  ...[1, 2, 3].map((level): ParagraphStyle => ({
    id: `TOC${level}`,
    name: `toc ${level}`,
    basedOn: 'Normal',
    paragraph: {
      indent: { left: (level - 1) * 280 },
      spacing: { before: level === 1 ? 6 * POINT : 0, after: 3 * POINT },
    },
    ...(level === 1 ? { run: { bold: true } } : {}),
  })),
];

const characterStyles: readonly CharacterStyle[] = [
  { id: 'DefaultParagraphFont', name: 'Default Paragraph Font' },
  // What the library calls the entries of contents that are given to it.
  { id: 'IndexLink', name: 'Index Link' },
  { id: 'Strong', name: 'Strong', quickFormat: true, run: { bold: true } },
  { id: 'Emphasis', name: 'Emphasis', quickFormat: true, run: { italics: true } },
  { id: STYLE_IDS.small, name: 'Report Small', quickFormat: true, run: { size: 17 } },
  ...CODE_STYLES.map(({ id, name, color }): CharacterStyle => ({
    id,
    name: `Report Code ${name}`,
    run: { color },
  })),
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
    run: { bold: true, color: SEVERITY_COLOURS[severity] },
  })),
];

const borders = (sides: readonly string[]): string =>
  sides.map(side => `<w:${side} w:val="single" w:sz="4" w:space="0" w:color="${LINE}"/>`).join('');

const cellMargins = (top: number, side: number): string =>
  `<w:tblCellMar><w:top w:w="${top}" w:type="dxa"/><w:left w:w="${side}" w:type="dxa"/>` +
  `<w:bottom w:w="${top}" w:type="dxa"/><w:right w:w="${side}" w:type="dxa"/></w:tblCellMar>`;

const headPart = (part: string): string =>
  `<w:tblStylePr w:type="${part}"><w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="${HEAD}"/></w:tcPr></w:tblStylePr>`;

function tableStyle(id: string, name: string, look: string, parts = ''): { id: string; xml: string } {
  const xml =
    `<w:style w:type="table" w:customStyle="1" w:styleId="${id}"><w:name w:val="${name}"/>` +
    `<w:basedOn w:val="TableNormal"/><w:uiPriority w:val="59"/><w:qFormat/><w:tblPr>${look}</w:tblPr>${parts}</w:style>`;
  return { id, xml };
}

const ALL_SIDES = ['top', 'left', 'bottom', 'right', 'insideH', 'insideV'];

/** Table styles, which the library has no words for. */
const tableStyles: readonly { readonly id: string; readonly xml: string }[] = [
  tableStyle(
    STYLE_IDS.table,
    'Report Table',
    `<w:tblBorders>${borders(ALL_SIDES)}</w:tblBorders>${cellMargins(40, 90)}`,
    headPart('firstRow'),
  ),
  tableStyle(
    STYLE_IDS.facts,
    'Report Facts',
    `<w:tblBorders>${borders(ALL_SIDES)}</w:tblBorders>${cellMargins(40, 90)}`,
    headPart('firstCol'),
  ),
  tableStyle(
    STYLE_IDS.coverTable,
    'Report Cover Table',
    `<w:tblBorders>${borders(['top', 'bottom', 'insideH'])}</w:tblBorders>${cellMargins(20, 0)}`,
  ),
];

const NO_STYLES =
  '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"></w:styles>';

/** A company's style sheet, or an empty one, with the table styles that it lacks. */
export function withTableStyles(theirs = NO_STYLES): string {
  const ids = styleIds(theirs);
  const missing = tableStyles.filter(({ id }) => !ids.has(id)).map(({ xml }) => xml);
  const end = theirs.lastIndexOf('</w:styles>');
  return `${theirs.slice(0, end)}${missing.join('')}${theirs.slice(end)}`;
}

function heading(level: number, size: number, before: number, after: number): object {
  return {
    next: STYLE_IDS.body,
    run: { size, bold: true, color: INK },
    paragraph: {
      keepNext: true,
      outlineLevel: level - 1,
      spacing: { before: before * POINT, after: after * POINT },
    },
  };
}

/** The fonts of texts that Calibri cannot show: Arabic and Hebrew, and Chinese, Japanese or Korean by the report's language. */
function fontsOf(language: string): { ascii: string; hAnsi: string; cs: string; eastAsia: string } {
  const eastAsia: Readonly<Record<string, string>> = { ja: 'Yu Gothic', ko: 'Malgun Gothic' };
  const base = language.split('-')[0]?.toLowerCase() ?? '';
  return {
    ascii: TEXT_FONT,
    hAnsi: TEXT_FONT,
    cs: 'Arial',
    eastAsia: eastAsia[base] ?? 'Microsoft YaHei',
  };
}

/** A language with its region, as Word wants it (`de` → `de-DE`). */
export function wordLanguage(language: string): string {
  try {
    const locale = new Intl.Locale(language);
    return locale.region === undefined ? `${locale.language}-${locale.maximize().region}` : language;
  } catch {
    return 'en-US';
  }
}

/** The styles of a document; those whose ids a company's own style sheet has are left to it. */
export function documentStyles(language: string, theirs: ReadonlySet<string>): IStylesOptions {
  const isOurs = ({ id }: { readonly id: string }): boolean => !theirs.has(id);
  // LibreOffice lets a table's style win over a character's for what is among the document's defaults: so they are Normal's.
  const normal: ParagraphStyle = {
    id: 'Normal',
    name: 'Normal',
    quickFormat: true,
    run: { font: fontsOf(language), size: 21, color: INK },
  };
  const own = {
    paragraphStyles: [normal, ...paragraphStyles].filter(isOurs),
    characterStyles: characterStyles.filter(isOurs),
  };
  if (theirs.size > 0) return own;
  const tag = wordLanguage(language);
  return {
    ...own,
    default: {
      document: {
        run: { language: { value: tag, eastAsia: 'zh-CN' } },
      },
      title: {
        next: 'Subtitle',
        run: { size: 60, bold: true, color: INK },
        paragraph: { spacing: { before: 180 * POINT, after: 8 * POINT } },
      },
      heading1: heading(1, 36, 18, 8),
      heading2: heading(2, 29, 18, 6),
      heading3: heading(3, 24, 12, 4),
      heading4: heading(4, 22, 10, 3),
      heading5: heading(5, 21, 10, 3),
      heading6: heading(6, 21, 10, 3),
      hyperlink: { run: { color: '1D4F91', underline: { type: 'single' } } },
      footnoteText: { run: { size: 18 }, paragraph: { spacing: { after: 2 * POINT } } },
    },
  };
}

/** The ids of the styles in a style sheet. */
export function styleIds(stylesXml: string): Set<string> {
  return new Set([...stylesXml.matchAll(/w:styleId="([^"]{1,200})"/g)].map(match => match[1] ?? ''));
}
