import { InternalHyperlink, Paragraph } from 'docx';
import type { TableCell } from 'docx';
import type { Root } from 'hast';
import type { Cell, Chapter, Fact, OutlineBlock } from '../outline/index.ts';
import { blockElements, captionParagraph, headingParagraph, pictureParagraph } from './blocks.ts';
import type { DocxBlock } from './blocks.ts';
import { chartRun } from './charts.ts';
import { bookmarkName, marked } from './context.ts';
import type { DocxContext } from './context.ts';
import { addressLink } from './inline.ts';
import { listNumbering } from './lists.ts';
import { severityStyle, STYLE_IDS } from './styles.ts';
import { cellOf, tableEnd, tableOf } from './tables.ts';
import { textRuns } from './text.ts';
import type { Marks } from './text.ts';

/** The trees of an outline's Markdown. */
export type Trees = ReadonlyMap<OutlineBlock, Root>;

/** The label's and the value's part of a table of facts. */
const FACT_COLUMNS = [0.28, 0.72];

/** A line of text in a style. */
export const lineOf = (style: string, text: string, marks: Marks = {}): Paragraph =>
  new Paragraph({ style, children: textRuns(text, marks) });

/** A cell of one line. */
export const textCell = (text: string, style: string, marks: Marks = {}): TableCell =>
  cellOf([lineOf(style, text, marks)]);

function marksOf({ severity, isCode }: Cell | Fact): Marks {
  if (severity !== undefined) return { style: severityStyle(severity) };
  return isCode === true ? { style: STYLE_IDS.codeWords } : {};
}

function factsTable(facts: readonly Fact[], { room }: DocxContext): DocxBlock[] {
  const rows = facts.map(fact => ({
    isHead: false,
    texts: [fact.label, fact.value],
    cells: [
      textCell(fact.label, STYLE_IDS.tableHead),
      textCell(fact.value, STYLE_IDS.tableText, marksOf(fact)),
    ],
  }));
  // The heads keep their rows together, and these keep to what they are the facts of.
  return [tableOf(rows, room.width, { shares: FACT_COLUMNS, style: STYLE_IDS.facts }), tableEnd(true)];
}

function outlineTable(block: OutlineBlock & { kind: 'table' }, context: DocxContext): DocxBlock[] {
  const alignment = (column: number): { alignment?: 'right' } =>
    block.numbers?.includes(column) === true ? { alignment: 'right' } : {};
  const head = block.columns.map((text, column) =>
    cellOf([new Paragraph({ style: STYLE_IDS.tableHead, ...alignment(column), children: textRuns(text) })]),
  );
  const cell = (given: Cell, column: number): TableCell => {
    const { text, target } = given;
    const runs = textRuns(text, marksOf(given));
    const children =
      target !== undefined && context.names.has(target)
        ? [new InternalHyperlink({ anchor: bookmarkName(context, target), children: runs })]
        : runs;
    return cellOf([new Paragraph({ style: STYLE_IDS.tableText, ...alignment(column), children })]);
  };
  const rows = block.rows.map(row => ({
    isHead: false,
    texts: row.map(({ text }) => text),
    cells: row.map(cell),
  }));
  const caption =
    block.caption === undefined
      ? []
      : [captionParagraph(context.labels.table, textRuns(block.caption), context, { keepNext: true })];
  return [
    ...caption,
    tableOf([{ isHead: true, texts: block.columns, cells: head }, ...rows], context.room.width),
    tableEnd(),
  ];
}

/** A list of more short items than this stands in two columns: 200 hosts take three pages so, not five. */
const LONG_LIST = 20;
const SHORT_ITEM = 48;

function columnsOf(items: readonly string[], { room }: DocxContext): DocxBlock[] {
  const half = Math.ceil(items.length / 2);
  const rows = items.slice(0, half).map((item, index) => {
    const texts = [item, items[half + index] ?? ''];
    return { isHead: false, texts, cells: texts.map(text => textCell(text, STYLE_IDS.tableText)) };
  });
  return [tableOf(rows, room.width, { shares: [0.5, 0.5] }), tableEnd()];
}

function outlineList(block: OutlineBlock & { kind: 'list' }, context: DocxContext): DocxBlock[] {
  const { items, isLinked } = block;
  if (items.length > LONG_LIST && items.every(item => item.length <= SHORT_ITEM))
    return columnsOf(items, context);
  const numbering = listNumbering(context, 0);
  return items.map(item => {
    const isAddress = isLinked === true && /^https?:\/\/\S+$/i.test(item);
    const children = isAddress ? [addressLink(item, textRuns(item, { style: 'Hyperlink' }))] : textRuns(item);
    return new Paragraph({ style: STYLE_IDS.listItem, numbering, children });
  });
}

function chartBlocks(block: OutlineBlock & { kind: 'chart' }, context: DocxContext): DocxBlock[] {
  return [
    pictureParagraph([chartRun(block, context.roomPx)], true),
    captionParagraph(context.labels.figure, textRuns(block.caption), context),
  ];
}

/** The level of the highest heading, 1 without any. */
function highestHeading(nodes: Root['children']): number {
  const levels = nodes.flatMap(node =>
    node.type === 'element' && /^h[1-6]$/.test(node.tagName) ? [Number(node.tagName.slice(1))] : [],
  );
  return levels.length === 0 ? 1 : Math.min(...levels);
}

/** A block under its label, which is a heading one level below its chapter's. */
function outlineBlock(block: OutlineBlock, level: number, context: DocxContext, trees: Trees): DocxBlock[] {
  if (block.kind === 'chart') return chartBlocks(block, context);
  const label = block.label === undefined ? [] : [headingParagraph(level + 1, textRuns(block.label))];
  switch (block.kind) {
    case 'facts':
      return [...label, ...factsTable(block.facts, context)];
    case 'table':
      return [...label, ...outlineTable(block, context)];
    case 'list':
      return [...label, ...outlineList(block, context)];
    case 'markdown': {
      const nodes = trees.get(block)?.children ?? [];
      // Whoever begins with ### means the level below the label all the same: no level is left out.
      const headingOffset = level + label.length + 1 - highestHeading(nodes);
      return [...label, ...blockElements(nodes, context, { style: STYLE_IDS.body, headingOffset, depth: 0 })];
    }
  }
}

/** A chapter with its heading, its blocks and its parts. */
export function chapterBlocks(
  chapter: Chapter,
  level: number,
  context: DocxContext,
  trees: Trees,
): DocxBlock[] {
  const title = marked(chapter.id, textRuns(chapter.title), context);
  return [
    headingParagraph(level, title, chapter.startsPage === true ? { pageBreakBefore: true } : {}),
    ...chapter.blocks.flatMap(block => outlineBlock(block, level, context, trees)),
    ...chapter.chapters.flatMap(inner => chapterBlocks(inner, level + 1, context, trees)),
  ];
}
