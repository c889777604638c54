import {
  AlignmentType,
  Document,
  Footer,
  Header,
  LevelFormat,
  Packer,
  PageNumber,
  Paragraph,
  TableOfContents,
  TextRun,
} from 'docx';
import type { ILevelsOptions } from 'docx';
import type { Root } from 'hast';
import { strFromU8, unzipSync } from 'fflate';
import type { VariableResolver } from '../markdown/index.ts';
import type { Message } from '../message.ts';
import { collectNames, outlineLabels, readTrees } from '../outline/index.ts';
import type { Cell, Chapter, Fact, OutlineBlock, OutlineLabels, ReportOutline } from '../outline/index.ts';
import { blockElements, captionParagraph, cellOf, headingParagraph, marked, tableOf } from './blocks.ts';
import type { DocxBlock } from './blocks.ts';
import type { DocxContext } from './context.ts';
import { findImages, loadImages } from './images.ts';
import type { DrawingSource, ImageSource } from './images.ts';
import { cleanText, inlineRuns } from './inline.ts';
import { documentStyles, severityStyle, STYLE_IDS, styleIds } from './styles.ts';

/** How a report becomes a Word document. */
export interface DocxOptions {
  readonly labels?: OutlineLabels;
  readonly image?: ImageSource;
  readonly draw?: DrawingSource;
  readonly resolveVariable?: VariableResolver;
  /** A `.docx` or `.dotx` of the company: its styles are used wherever it has one of the same id. */
  readonly template?: Uint8Array;
  readonly author?: string;
}

/** A Word document, and what was noticed while writing it. */
export interface DocxResult {
  readonly bytes: Uint8Array;
  readonly messages: readonly Message[];
}

const MAX_STYLES_BYTES = 5 * 1024 ** 2;

/** Thrown when a company's template cannot be used; the message says why. */
export class DocxTemplateError extends Error {
  override readonly name = 'DocxTemplateError';
}

function readTemplateStyles(template: Uint8Array): string {
  try {
    const files = unzipSync(template, {
      filter: ({ name, originalSize }) => name === 'word/styles.xml' && originalSize <= MAX_STYLES_BYTES,
    });
    const styles = files['word/styles.xml'];
    if (styles) return strFromU8(styles);
  } catch {
    // What is wrong with it is said below.
  }
  throw new DocxTemplateError(
    'The template has no styles that can be read: save it in Word as .docx or .dotx and give that file.',
  );
}

type Trees = ReadonlyMap<OutlineBlock, Root>;

function severityRun(text: string, severity: Cell['severity']): TextRun {
  return new TextRun({
    text: cleanText(text),
    ...(severity === undefined ? {} : { style: severityStyle(severity) }),
  });
}

/** The label's and the value's part of a table of facts. */
const FACT_COLUMNS = [0.28, 0.72];

function factRows(facts: readonly Fact[]): DocxBlock[] {
  const rows = facts.map(({ label, value, severity }) => ({
    isHead: false,
    texts: [label, value],
    cells: [
      cellOf(
        [new Paragraph({ style: STYLE_IDS.tableHead, children: [new TextRun(cleanText(label))] })],
        true,
      ),
      cellOf(
        [new Paragraph({ style: STYLE_IDS.tableText, children: [severityRun(value, severity)] })],
        false,
      ),
    ],
  }));
  return [tableOf(rows, FACT_COLUMNS), new Paragraph({ style: STYLE_IDS.tableText })];
}

function outlineTable(block: OutlineBlock & { kind: 'table' }, context: DocxContext): DocxBlock[] {
  const head = block.columns.map(text =>
    cellOf([new Paragraph({ style: STYLE_IDS.tableHead, children: [new TextRun(cleanText(text))] })], true),
  );
  const cell = ({ text, severity, target }: Cell): ReturnType<typeof cellOf> => {
    const run = severityRun(text, severity);
    const link = {
      type: 'element',
      tagName: 'a',
      properties: { href: `#${target ?? ''}` },
      children: [{ type: 'text', value: text }],
    } as const;
    const children =
      target === undefined ? [run] : inlineRuns([{ ...link, children: [...link.children] }], context);
    return cellOf([new Paragraph({ style: STYLE_IDS.tableText, children })], false);
  };
  const rows = block.rows.map(row => ({
    isHead: false,
    texts: row.map(({ text }) => text),
    cells: row.map(cell),
  }));
  const caption =
    block.caption === undefined
      ? []
      : [
          captionParagraph(context.labels.table, [new TextRun(cleanText(block.caption))], context, {
            keepNext: true,
          }),
        ];
  return [
    ...caption,
    tableOf([{ isHead: true, texts: block.columns, cells: head }, ...rows]),
    new Paragraph({ style: STYLE_IDS.tableText }),
  ];
}

function outlineBlock(block: OutlineBlock, level: number, context: DocxContext, trees: Trees): DocxBlock[] {
  if (block.kind === 'facts') return factRows(block.facts);
  const label =
    block.label === undefined
      ? []
      : [new Paragraph({ style: STYLE_IDS.fieldLabel, children: [new TextRun(cleanText(block.label))] })];
  if (block.kind === 'table') return [...label, ...outlineTable(block, context)];
  if (block.kind === 'list') {
    context.lists += 1;
    const numbering = { reference: 'report-bullets', level: 0, instance: context.lists };
    return [
      ...label,
      ...block.items.map(
        item =>
          new Paragraph({ style: STYLE_IDS.listItem, numbering, children: [new TextRun(cleanText(item))] }),
      ),
    ];
  }
  const place = { style: STYLE_IDS.body, headingOffset: level, depth: 0 };
  return [...label, ...blockElements(trees.get(block)?.children ?? [], context, place)];
}

function chapterBlocks(chapter: Chapter, level: number, context: DocxContext, trees: Trees): DocxBlock[] {
  const title = marked(chapter.id, [new TextRun(cleanText(chapter.title))], context);
  return [
    headingParagraph(level, title, { pageBreakBefore: chapter.startsPage === true }),
    ...chapter.blocks.flatMap(block => outlineBlock(block, level, context, trees)),
    ...chapter.chapters.flatMap(inner => chapterBlocks(inner, level + 1, context, trees)),
  ];
}

const BULLETS = ['•', '–', '▪'];

const FORMATS = [LevelFormat.DECIMAL, LevelFormat.LOWER_LETTER, LevelFormat.LOWER_ROMAN] as const;

function levels(isNumbered: boolean): ILevelsOptions[] {
  return Array.from({ length: 9 }, (_, level) => ({
    level,
    format: isNumbered ? (FORMATS[level % FORMATS.length] ?? LevelFormat.DECIMAL) : LevelFormat.BULLET,
    text: isNumbered ? `%${level + 1}.` : (BULLETS[level % BULLETS.length] ?? '•'),
    alignment: AlignmentType.LEFT,
    style: { paragraph: { indent: { left: 360 * (level + 1), hanging: 300 } } },
  }));
}

function cover(outline: ReportOutline, context: DocxContext): DocxBlock[] {
  const line = (text: string): Paragraph =>
    new Paragraph({ style: STYLE_IDS.coverFact, children: [new TextRun(cleanText(text))] });
  return [
    new Paragraph({ style: 'Title', children: [new TextRun(cleanText(outline.title))] }),
    ...(outline.subtitle === undefined ? [] : [line(outline.subtitle)]),
    ...outline.facts.map(({ label, value }) => line(`${label}: ${value}`)),
    new Paragraph({
      style: STYLE_IDS.contentsTitle,
      pageBreakBefore: true,
      children: [new TextRun(context.labels.contents)],
    }),
  ];
}

/** Millimetres as twentieths of a point. */
const mm = (value: number): number => Math.round((value * 1440) / 25.4);

function pageFurniture(outline: ReportOutline): {
  headers: { default: Header };
  footers: { default: Footer };
} {
  const small = { size: 17, color: '5F6B7A' } as const;
  return {
    headers: {
      default: new Header({
        children: [new Paragraph({ children: [new TextRun({ ...small, text: cleanText(outline.title) })] })],
      }),
    },
    footers: {
      default: new Footer({
        children: [
          new Paragraph({
            alignment: AlignmentType.RIGHT,
            children: [
              new TextRun({ ...small, children: [PageNumber.CURRENT, ' / ', PageNumber.TOTAL_PAGES] }),
            ],
          }),
        ],
      }),
    },
  };
}

/** A report as a Word document: named styles, a contents field, numbered captions, real footnotes, links and bookmarks. */
export async function writeDocx(outline: ReportOutline, options: DocxOptions = {}): Promise<DocxResult> {
  const labels = options.labels ?? outlineLabels(outline.language);
  const messages: Message[] = [];
  const theirs = options.template === undefined ? undefined : readTemplateStyles(options.template);
  const trees = readTrees(outline, options.resolveVariable, messages);
  const addresses = new Set<string>();
  for (const tree of trees.values()) findImages(tree.children, addresses);
  const context: DocxContext = {
    labels,
    messages,
    images: await loadImages(addresses, options, messages),
    names: collectNames(outline, trees, labels),
    footnotes: {},
    bookmarks: new Map(),
    captions: new Map(),
    lists: 0,
  };
  const body = outline.chapters.flatMap((chapter, index) =>
    // What comes after the contents starts on a page of its own.
    chapterBlocks(index === 0 ? { ...chapter, startsPage: true } : chapter, 1, context, trees),
  );
  const margin = mm(25);
  const document = new Document({
    title: cleanText(outline.title),
    creator: options.author ?? '',
    lastModifiedBy: options.author ?? '',
    description: cleanText(outline.subtitle ?? ''),
    ...(theirs === undefined ? {} : { externalStyles: theirs }),
    styles: documentStyles(outline.language, theirs === undefined ? new Set() : styleIds(theirs)),
    numbering: {
      config: [
        { reference: 'report-bullets', levels: levels(false) },
        { reference: 'report-numbers', levels: levels(true) },
      ],
    },
    footnotes: context.footnotes,
    sections: [
      {
        properties: {
          titlePage: true,
          page: {
            size: { width: mm(210), height: mm(297) },
            margin: { top: margin, right: margin, bottom: margin, left: margin },
          },
        },
        ...pageFurniture(outline),
        children: [
          ...cover(outline, context),
          new TableOfContents(labels.contents, { hyperlink: true, headingStyleRange: '1-3' }),
          ...body,
        ],
      },
    ],
  });
  return { bytes: await Packer.toBuffer(document), messages };
}
