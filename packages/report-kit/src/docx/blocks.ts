import type { Element, ElementContent, RootContent } from 'hast';
import {
  AlignmentType,
  Bookmark,
  BorderStyle,
  HeadingLevel,
  PageBreak,
  Paragraph,
  SimpleField,
  ShadingType,
  Table,
  TableCell,
  TableLayoutType,
  TableRow,
  TextRun,
  WidthType,
} from 'docx';
import type { IParagraphOptions, ParagraphChild } from 'docx';
import { hasClass, highlightCode, idOf, plainText, readCodeBlock } from '../markdown/index.ts';
import type { CodeRun } from '../markdown/index.ts';
import { bookmarkName } from './context.ts';
import type { DocxContext } from './context.ts';
import { cleanText, imageRun, inlineRuns } from './inline.ts';
import { STYLE_IDS } from './styles.ts';

/** What stands on a page one below the other. */
export type DocxBlock = Paragraph | Table;

/** Where a block stands. */
interface Place {
  readonly style: string;
  /** Levels that headings are moved down by. */
  readonly headingOffset: number;
  /** How many lists the block is in. */
  readonly depth: number;
}

const LEVELS = [
  HeadingLevel.HEADING_1,
  HeadingLevel.HEADING_2,
  HeadingLevel.HEADING_3,
  HeadingLevel.HEADING_4,
  HeadingLevel.HEADING_5,
  HeadingLevel.HEADING_6,
] as const;

/** A heading of a level from 1 on; deeper than Word's sixth stays the sixth. */
export function headingParagraph(
  level: number,
  children: readonly ParagraphChild[],
  options: IParagraphOptions = {},
): Paragraph {
  return new Paragraph({
    ...options,
    heading: LEVELS[Math.min(level, LEVELS.length) - 1] ?? HeadingLevel.HEADING_6,
    children,
  });
}

/** Runs with the bookmark of an id around them. */
export function marked(
  id: string | undefined,
  children: readonly ParagraphChild[],
  context: DocxContext,
): ParagraphChild[] {
  return id === undefined
    ? [...children]
    : [new Bookmark({ id: bookmarkName(context, id), children: [...children] })];
}

const COLOURS: readonly (readonly [RegExp, string])[] = [
  [/comment|quote|meta/, '5F6B7A'],
  [/keyword|selector|section|tag\b|name\b|literal/, '8B2C6B'],
  [/string|regexp|addition/, '2E6B3E'],
  [/number|attr|variable|built_in|type|symbol/, '1D4F91'],
  [/title|function/, '7A4A00'],
  [/deletion/, 'B42318'],
];

function codeRun(run: CodeRun, isFirst: boolean): TextRun {
  const classes = run.classes.join(' ');
  const colour = COLOURS.find(([pattern]) => pattern.test(classes))?.[1];
  return new TextRun({
    text: cleanText(run.text),
    ...(colour === undefined ? {} : { color: colour }),
    ...(run.marks.length > 0 ? { style: STYLE_IDS.marked } : {}),
    ...(run.marks.some(({ tagName }) => tagName === 'strong' || tagName === 'b') ? { bold: true } : {}),
    ...(isFirst ? { break: 1 } : {}),
  });
}

function codeBlock(pre: Element, context: DocxContext): Paragraph {
  const block = readCodeBlock(pre);
  const { lines } = highlightCode(block?.source ?? plainText(pre.children), block?.language, block?.marker);
  const children = lines.flatMap((runs, line) =>
    runs.length === 0
      ? [new TextRun(line > 0 ? { break: 1 } : {})]
      : runs.map((run, index) => codeRun(run, line > 0 && index === 0)),
  );
  return new Paragraph({ style: STYLE_IDS.code, children: marked(idOf(pre), children, context) });
}

/** A caption with a number that Word counts. */
export function captionParagraph(
  word: string,
  children: readonly ParagraphChild[],
  context: DocxContext,
  options: { id?: string | undefined; keepNext?: boolean } = {},
): Paragraph {
  const count = (context.captions.get(word) ?? 0) + 1;
  context.captions.set(word, count);
  const number = new SimpleField(`SEQ ${word.replaceAll(/[^\p{L}\p{N}]+/gu, '_')} \\* ARABIC`, String(count));
  const label = marked(options.id, [new TextRun(`${word} `), number], context);
  return new Paragraph({
    style: 'Caption',
    keepNext: options.keepNext === true,
    children: [...label, new TextRun(': '), ...children],
  });
}

function figure(element: Element, context: DocxContext, place: Place): DocxBlock[] {
  const blocks: DocxBlock[] = [];
  for (const child of element.children) {
    if (child.type !== 'element') continue;
    if (child.tagName === 'figcaption') {
      const word = hasClass(element, 'listing') ? context.labels.listing : context.labels.figure;
      blocks.push(
        captionParagraph(word, inlineRuns(child.children, context), context, { id: idOf(element) }),
      );
    } else if (child.tagName === 'img') {
      const run = imageRun(child, context);
      const children = run
        ? [run]
        : [new TextRun(`[${cleanText(String(child.properties.alt ?? child.properties.src ?? ''))}]`)];
      blocks.push(new Paragraph({ style: STYLE_IDS.figure, children }));
    } else blocks.push(...blockElements([child], context, place));
  }
  return blocks;
}

function listItem(
  item: Element,
  context: DocxContext,
  place: Place,
  numbering: { reference: string; instance: number } | undefined,
): DocxBlock[] {
  const inner: Place = { ...place, style: STYLE_IDS.listItem, depth: place.depth + 1 };
  const blocks: DocxBlock[] = [];
  let isFirst = true;
  for (const group of paragraphGroups(item.children)) {
    if (!Array.isArray(group)) {
      blocks.push(...blockElements([group], context, inner));
      continue;
    }
    const indent = { left: 360 * (place.depth + 1) };
    const list =
      isFirst && numbering ? { numbering: { ...numbering, level: Math.min(place.depth, 8) } } : { indent };
    blocks.push(new Paragraph({ style: inner.style, ...list, children: inlineRuns(group, context) }));
    isFirst = false;
  }
  return blocks;
}

function list(element: Element, context: DocxContext, place: Place): DocxBlock[] {
  context.lists += 1;
  const numbering = {
    reference: element.tagName === 'ol' ? 'report-numbers' : 'report-bullets',
    instance: context.lists,
  };
  return element.children.flatMap(item =>
    item.type === 'element' && item.tagName === 'li'
      ? listItem(item, context, place, hasClass(item, 'task-list-item') ? undefined : numbering)
      : [],
  );
}

const BLOCK_TAGS = new Set(
  'address article blockquote center details div dl dd dt figure footer h1 h2 h3 h4 h5 h6 header hr mermaid-diagram ol p pre section summary table ul'.split(
    ' ',
  ),
);

/** Gathers neighbouring inline nodes, so that each group is one paragraph. */
function paragraphGroups(nodes: readonly (RootContent | ElementContent)[]): (Element | ElementContent[])[] {
  const groups: (Element | ElementContent[])[] = [];
  let inline: ElementContent[] = [];
  const flush = (): void => {
    const hasContent = inline.some(node => node.type !== 'text' || node.value.trim() !== '');
    if (hasContent) groups.push(inline);
    inline = [];
  };
  for (const node of nodes) {
    if (node.type === 'doctype') continue;
    if (node.type === 'element' && node.tagName === 'p') {
      flush();
      inline = [...node.children];
      flush();
    } else if (node.type === 'element' && node.properties.dataDisplay === 'block') {
      flush();
      groups.push([node]);
    } else if (node.type === 'element' && BLOCK_TAGS.has(node.tagName)) {
      flush();
      groups.push(node);
    } else inline.push(node);
  }
  flush();
  return groups;
}

const ALIGNMENTS: Readonly<Record<string, (typeof AlignmentType)[keyof typeof AlignmentType]>> = {
  left: AlignmentType.LEFT,
  center: AlignmentType.CENTER,
  right: AlignmentType.RIGHT,
};

const RULE = { style: BorderStyle.SINGLE, size: 4, color: 'C3CED9' } as const;

/** The width of the text in twentieths of a point: A4 with margins of 25 mm. */
const TEXT_WIDTH = 9072;
const MIN_WEIGHT = 5;
const MAX_WEIGHT = 45;

/** One row of a table that is being built; `texts` are what its cells say, for the widths of the columns. */
export interface RowDraft {
  readonly cells: readonly TableCell[];
  readonly texts: readonly string[];
  readonly isHead: boolean;
}

/** Columns as wide as what they hold asks for: the mean of its length and that of its longest word. */
function columnWidths(rows: readonly RowDraft[]): number[] {
  const columns = Math.max(0, ...rows.map(({ texts }) => texts.length));
  const weights = Array.from({ length: columns }, (_, column) => {
    const texts = rows.slice(0, 200).map(({ texts: cells }) => cells[column] ?? '');
    const mean = texts.reduce((sum, text) => sum + text.length, 0) / Math.max(1, texts.length);
    const word = Math.max(0, ...texts.flatMap(text => text.split(/\s+/).map(part => part.length)));
    return Math.min(MAX_WEIGHT, Math.max(MIN_WEIGHT, (mean + word) / 2 + 2));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map(weight => Math.round((TEXT_WIDTH * weight) / total));
}

/** A table over the width of the text whose first rows, if they are heads, come again on each page; `shares` are parts of that width. */
export function tableOf(rows: readonly RowDraft[], shares?: readonly number[]): Table {
  return new Table({
    width: { size: 100, type: WidthType.PERCENTAGE },
    columnWidths: shares ? shares.map(share => Math.round(TEXT_WIDTH * share)) : columnWidths(rows),
    layout: shares ? TableLayoutType.FIXED : TableLayoutType.AUTOFIT,
    borders: {
      top: RULE,
      bottom: RULE,
      left: RULE,
      right: RULE,
      insideHorizontal: RULE,
      insideVertical: RULE,
    },
    rows: rows.map(
      ({ cells, isHead }) => new TableRow({ children: cells, tableHeader: isHead, cantSplit: true }),
    ),
  });
}

/** A cell of a table. */
export function cellOf(
  children: readonly (Paragraph | Table)[],
  isHead: boolean,
  spans: { columnSpan?: number; rowSpan?: number } = {},
): TableCell {
  return new TableCell({
    ...spans,
    children: children.length > 0 ? children : [new Paragraph({ style: STYLE_IDS.tableText })],
    margins: { top: 40, bottom: 40, left: 90, right: 90 },
    ...(isHead ? { shading: { type: ShadingType.CLEAR, fill: 'EEF2F6', color: 'auto' } } : {}),
  });
}

function spanOf(value: unknown): number {
  const number = Number(value ?? 1);
  return Number.isInteger(number) && number > 1 ? Math.min(number, 100) : 1;
}

function tableCell(cell: Element, context: DocxContext, place: Place): TableCell {
  const isHead = cell.tagName === 'th';
  const style = isHead ? STYLE_IDS.tableHead : STYLE_IDS.tableText;
  const alignment = ALIGNMENTS[String(cell.properties.align ?? '')];
  const children = paragraphGroups(cell.children).flatMap(group =>
    Array.isArray(group)
      ? [
          new Paragraph({
            style,
            ...(alignment === undefined ? {} : { alignment }),
            children: inlineRuns(group, context),
          }),
        ]
      : blockElements([group], context, { ...place, style }),
  );
  const columnSpan = spanOf(cell.properties.colSpan);
  const rowSpan = spanOf(cell.properties.rowSpan);
  return cellOf(children, isHead, {
    ...(columnSpan > 1 ? { columnSpan } : {}),
    ...(rowSpan > 1 ? { rowSpan } : {}),
  });
}

function table(element: Element, context: DocxContext, place: Place): DocxBlock[] {
  const rows: RowDraft[] = [];
  const blocks: DocxBlock[] = [];
  const addRows = (parent: Element, isHead: boolean): void => {
    for (const child of parent.children) {
      if (child.type !== 'element') continue;
      if (child.tagName === 'thead' || child.tagName === 'tbody' || child.tagName === 'tfoot')
        addRows(child, child.tagName === 'thead');
      else if (child.tagName === 'caption')
        blocks.push(
          captionParagraph(context.labels.table, inlineRuns(child.children, context), context, {
            id: idOf(element),
            keepNext: true,
          }),
        );
      else if (child.tagName === 'tr') {
        const found = child.children.filter(cell => cell.type === 'element');
        const texts = found.map(cell => plainText(cell.children).trim());
        if (found.length > 0)
          rows.push({ cells: found.map(cell => tableCell(cell, context, place)), texts, isHead });
      }
    }
  };
  addRows(element, false);
  // A paragraph after it keeps two tables from growing together.
  if (rows.length > 0) blocks.push(tableOf(rows), new Paragraph({ style: STYLE_IDS.tableText }));
  return blocks;
}

function blockElement(element: Element, context: DocxContext, place: Place): DocxBlock[] {
  const { tagName } = element;
  const level = /^h([1-6])$/.exec(tagName)?.[1];
  if (level !== undefined)
    return [
      headingParagraph(
        Number(level) + place.headingOffset,
        marked(idOf(element), inlineRuns(element.children, context), context),
      ),
    ];
  switch (tagName) {
    case 'pre':
      return [codeBlock(element, context)];
    case 'mermaid-diagram': {
      const image = context.images.get(`mermaid:${plainText(element.children)}`);
      if (!image) return [codeBlock(element, context)];
      const picture: Element = {
        ...element,
        properties: { ...element.properties, src: `mermaid:${plainText(element.children)}` },
      };
      const run = imageRun(picture, context);
      return [new Paragraph({ style: STYLE_IDS.figure, children: run ? [run] : [] })];
    }
    case 'figure':
      return figure(element, context, place);
    case 'ul':
    case 'ol':
      return list(element, context, place);
    case 'table':
      return table(element, context, place);
    case 'blockquote':
      return blockElements(element.children, context, { ...place, style: STYLE_IDS.quote });
    case 'hr':
      return [new Paragraph({ thematicBreak: true })];
    default:
      if (hasClass(element, 'pagebreak')) return [new Paragraph({ children: [new PageBreak()] })];
      return blockElements(element.children, context, place);
  }
}

/** Sanitised HTML nodes as paragraphs and tables. */
export function blockElements(
  nodes: readonly (RootContent | ElementContent)[],
  context: DocxContext,
  place: Place,
): DocxBlock[] {
  return paragraphGroups(nodes).flatMap(group => {
    if (!Array.isArray(group)) return blockElement(group, context, place);
    const isFormula =
      group.length === 1 && group[0]?.type === 'element' && group[0].properties.dataDisplay === 'block';
    const indent = place.depth > 0 ? { indent: { left: 360 * place.depth } } : {};
    const alignment = isFormula ? { alignment: AlignmentType.CENTER } : {};
    return [
      new Paragraph({ style: place.style, ...indent, ...alignment, children: inlineRuns(group, context) }),
    ];
  });
}
