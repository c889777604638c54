import type { Element, ElementContent, RootContent } from 'hast';
import { AlignmentType, HeadingLevel, PageBreak, Paragraph, SimpleField, TextRun } from 'docx';
import type { IParagraphOptions, ParagraphChild, Table, TableCell } from 'docx';
import { hasClass, idOf, plainText } from '../markdown/index.ts';
import { codeBlock } from './code.ts';
import { marked } from './context.ts';
import type { DocxContext } from './context.ts';
import { imageRun, inlineRuns } from './inline.ts';
import { listNumbering } from './lists.ts';
import type { ListPlace } from './lists.ts';
import { STYLE_IDS } from './styles.ts';
import { cellOf, tableEnd, tableOf } from './tables.ts';
import type { RowDraft } from './tables.ts';
import { isRightToLeft, textRuns } from './text.ts';

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

/** A paragraph of a picture, kept with the caption that comes after it. */
export function pictureParagraph(children: readonly ParagraphChild[], hasCaption: boolean): Paragraph {
  return new Paragraph({ style: STYLE_IDS.figure, ...(hasCaption ? { keepNext: true } : {}), children });
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
  // No line may begin with the number.
  const label = marked(options.id, [new TextRun(`${word}\u00A0`), number], context);
  return new Paragraph({
    style: 'Caption',
    ...(options.keepNext === true ? { keepNext: true } : {}),
    children: [...label, new TextRun(context.labels.colon), ...children],
  });
}

const isCaption = (node: ElementContent): boolean =>
  node.type === 'element' && (node.tagName === 'figcaption' || node.tagName === 'caption');

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
        : textRuns(`[${String(child.properties.alt ?? child.properties.src ?? '')}]`);
      blocks.push(pictureParagraph(children, element.children.some(isCaption)));
    } else blocks.push(...blockElements([child], context, place));
  }
  return blocks;
}

/** What a list is indented by at each depth, in twentieths of a point. */
const INDENT = 360;
const INDENT_PX = 24;

function listItem(
  item: Element,
  context: DocxContext,
  place: Place,
  numbering: ListPlace | undefined,
): DocxBlock[] {
  const inner: Place = { ...place, style: STYLE_IDS.listItem, depth: place.depth + 1 };
  const blocks: DocxBlock[] = [];
  let isFirst = true;
  for (const group of paragraphGroups(item.children)) {
    if (!Array.isArray(group)) {
      blocks.push(...blockElements([group], context, inner));
      continue;
    }
    const left = INDENT * inner.depth;
    // The box of a task stands where the mark of another item would.
    const indent = isFirst && hasClass(item, 'task-list-item') ? { left, hanging: 280 } : { left };
    const list = isFirst && numbering ? { numbering } : { indent };
    blocks.push(proseParagraph(group, context, inner.style, list));
    isFirst = false;
  }
  return blocks;
}

function list(element: Element, context: DocxContext, place: Place): DocxBlock[] {
  const start = element.tagName === 'ol' ? Number(element.properties.start ?? 1) : undefined;
  const numbering = listNumbering(context, place.depth, start);
  const room = context.roomPx;
  context.roomPx = Math.max(100, room - INDENT_PX);
  const blocks = element.children.flatMap(item => {
    if (item.type !== 'element' || item.tagName !== 'li') return [];
    const id = idOf(item);
    if (id !== undefined) context.waiting.push(id);
    return listItem(item, context, place, hasClass(item, 'task-list-item') ? undefined : numbering);
  });
  context.roomPx = room;
  return blocks;
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
      // An id of a paragraph stays with its text.
      inline = idOf(node) === undefined ? [...node.children] : [{ ...node, tagName: 'span' }];
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
      ? [proseParagraph(group, context, style, alignment === undefined ? {} : { alignment })]
      : blockElements([group], context, { ...place, style }),
  );
  const columnSpan = spanOf(cell.properties.colSpan);
  const rowSpan = spanOf(cell.properties.rowSpan);
  return cellOf(children, {
    ...(columnSpan > 1 ? { columnSpan } : {}),
    ...(rowSpan > 1 ? { rowSpan } : {}),
  });
}

const cellsOf = (row: Element): Element[] => row.children.filter(cell => cell.type === 'element');

function tableRow(row: Element, context: DocxContext, place: Place, isHead: boolean): RowDraft {
  const found = cellsOf(row);
  return {
    cells: found.map(cell => tableCell(cell, context, place)),
    texts: found.flatMap(cell => [
      plainText(cell.children).trim(),
      ...Array.from({ length: spanOf(cell.properties.colSpan) - 1 }, () => ''),
    ]),
    isHead,
  };
}

function rowsOf(parent: Element, isHead = false): { row: Element; isHead: boolean }[] {
  return parent.children.flatMap(child => {
    if (child.type !== 'element') return [];
    if (['thead', 'tbody', 'tfoot'].includes(child.tagName)) return rowsOf(child, child.tagName === 'thead');
    return child.tagName === 'tr' && cellsOf(child).length > 0 ? [{ row: child, isHead }] : [];
  });
}

function table(element: Element, context: DocxContext, place: Place): DocxBlock[] {
  const id = idOf(element);
  const caption = element.children.find(isCaption);
  const blocks: DocxBlock[] = [];
  if (caption?.type === 'element')
    blocks.push(
      captionParagraph(context.labels.table, inlineRuns(caption.children, context), context, {
        id,
        keepNext: true,
      }),
    );
  else if (id !== undefined) context.waiting.push(id);
  const found = rowsOf(element);
  const columns = Math.max(1, ...found.map(({ row }) => cellsOf(row).length));
  const room = context.roomPx;
  context.roomPx = Math.max(40, Math.floor(room / columns) - 16);
  const rows = found.map(({ row, isHead }) => tableRow(row, context, place, isHead));
  context.roomPx = room;
  if (rows.length > 0) blocks.push(tableOf(rows, context.room.width), tableEnd());
  return blocks;
}

function diagram(element: Element, context: DocxContext, place: Place): Paragraph {
  const src = `mermaid:${plainText(element.children)}`;
  if (!context.images.has(src)) return codeBlock(element, context, INDENT * place.depth);
  const run = imageRun(
    { ...element, properties: { alt: context.labels.figure, ...element.properties, src } },
    context,
  );
  return pictureParagraph(marked(idOf(element), run ? [run] : [], context), false);
}

/** What takes its own id, or gives it to its caption. */
const TAKES_ID = new Set('h1 h2 h3 h4 h5 h6 pre mermaid-diagram table'.split(' '));

function blockElement(element: Element, context: DocxContext, place: Place): DocxBlock[] {
  const { tagName } = element;
  const id = idOf(element);
  if (id !== undefined && !TAKES_ID.has(tagName) && !element.children.some(isCaption))
    context.waiting.push(id);
  const level = /^h([1-6])$/.exec(tagName)?.[1];
  if (level !== undefined)
    return [
      headingParagraph(
        Number(level) + place.headingOffset,
        marked(id, inlineRuns(element.children, context), context),
      ),
    ];
  switch (tagName) {
    case 'pre':
      return [codeBlock(element, context, INDENT * place.depth)];
    case 'mermaid-diagram':
      return [diagram(element, context, place)];
    case 'figure':
      return figure(element, context, place);
    case 'ul':
    case 'ol':
      return list(element, context, place);
    case 'table':
      return table(element, context, place);
    case 'blockquote':
      // What is quoted within a quotation, or listed in it, stands further in.
      return blockElements(element.children, context, {
        ...place,
        style: STYLE_IDS.quote,
        depth: place.depth + 1,
      });
    case 'hr':
      return [new Paragraph({ thematicBreak: true })];
    default:
      if (hasClass(element, 'pagebreak')) return [new Paragraph({ children: [new PageBreak()] })];
      return blockElements(element.children, context, place);
  }
}

function proseParagraph(
  nodes: readonly ElementContent[],
  context: DocxContext,
  style: string,
  options: IParagraphOptions = {},
): Paragraph {
  return new Paragraph({
    ...options,
    style,
    ...(isRightToLeft(plainText(nodes)) ? { bidirectional: true } : {}),
    children: inlineRuns(nodes, context),
  });
}

/** Two blocks of code, one after the other, would look like one. */
const isCode = (group: Element | readonly ElementContent[] | undefined): boolean =>
  group !== undefined && 'tagName' in group && group.tagName === 'pre';

const isFormula = ([node, ...others]: readonly ElementContent[]): boolean =>
  others.length === 0 && node?.type === 'element' && node.properties.dataDisplay === 'block';

const ANNOUNCED = new Set('dl figure mermaid-diagram ol pre table ul'.split(' '));
const LONGEST_ANNOUNCEMENT = 240;

/** Whether a paragraph is the short line over a list, a table or code, which may not stand alone at the end of a page. */
function announces(
  group: readonly ElementContent[],
  next: Element | readonly ElementContent[] | undefined,
): boolean {
  return (
    next !== undefined &&
    'tagName' in next &&
    ANNOUNCED.has(next.tagName) &&
    plainText(group).length <= LONGEST_ANNOUNCEMENT
  );
}

/** Sanitised HTML nodes as paragraphs and tables. */
export function blockElements(
  nodes: readonly (RootContent | ElementContent)[],
  context: DocxContext,
  place: Place,
): DocxBlock[] {
  const groups = paragraphGroups(nodes);
  return groups.flatMap((group, index) => {
    if (!Array.isArray(group)) {
      const blocks = blockElement(group, context, place);
      return isCode(group) && isCode(groups[index - 1]) ? [tableEnd(), ...blocks] : blocks;
    }
    if (isFormula(group)) return [proseParagraph(group, context, STYLE_IDS.formula)];
    const indent = place.depth > 0 ? { indent: { left: INDENT * place.depth } } : {};
    const keep = announces(group, groups[index + 1]) ? { keepNext: true } : {};
    return [proseParagraph(group, context, place.style, { ...indent, ...keep })];
  });
}
