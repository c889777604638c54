import { Document, Footer, Header, Packer, PageNumber, Paragraph, TableOfContents, TextRun } from 'docx';
import { estimatePageNumbersWith } from 'docx/layout';
import type { VariableResolver } from '../markdown/index.ts';
import type { Message } from '../message.ts';
import { collectNames, outlineLabels, readTrees } from '../outline/index.ts';
import type { OutlineLabels, ReportOutline } from '../outline/index.ts';
import type { DocxBlock } from './blocks.ts';
import { chapterBlocks, lineOf, textCell } from './chapters.ts';
import { waitingMarks } from './context.ts';
import type { DocxContext } from './context.ts';
import { findImages, loadImages } from './images.ts';
import type { DrawingSource, ImageSource } from './images.ts';
import { TEXT_WIDTH_PX } from './inline.ts';
import { NUMBERING } from './lists.ts';
import { documentStyles, STYLE_IDS, styleIds, withTableStyles } from './styles.ts';
import { tableOf } from './tables.ts';
import { outlineSize } from './size.ts';
import { readTemplate } from './template.ts';
import { cleanText, textRuns } from './text.ts';

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

/** Laying out takes 1.5 to 5 ms for each line or cell: up to this, the numbers of pages are worth the wait. */
const MAX_LAID_OUT = 1_000;

const UNNUMBERED: Message = {
  level: 'info',
  code: 'contents-unnumbered',
  text: 'The report is long, so Word itself numbers the pages in its contents and asks before it does: say yes. In LibreOffice choose Tools, Update, Indexes and Tables.',
};

/** The label's and the value's part of the facts on the cover. */
const COVER_COLUMNS = [0.28, 0.72];

function cover(outline: ReportOutline, context: DocxContext): DocxBlock[] {
  const { title, subtitle, facts } = outline;
  const rows = facts.map(({ label, value }) => ({
    isHead: false,
    texts: [label, value],
    cells: [textCell(label, STYLE_IDS.coverLabel), textCell(value, STYLE_IDS.coverFact)],
  }));
  return [
    lineOf('Title', title),
    ...(subtitle === undefined || subtitle === '' ? [] : [lineOf('Subtitle', subtitle)]),
    ...(rows.length === 0 ? [] : [tableOf(rows, { shares: COVER_COLUMNS, style: STYLE_IDS.coverTable })]),
    new Paragraph({
      style: STYLE_IDS.contentsTitle,
      pageBreakBefore: true,
      children: textRuns(context.labels.contents),
    }),
  ];
}

/** Millimetres as twentieths of a point. */
const mm = (value: number): number => Math.round((value * 1440) / 25.4);

function pageFurniture(outline: ReportOutline): {
  headers: { default: Header };
  footers: { default: Footer };
} {
  return {
    headers: {
      default: new Header({
        children: [lineOf('Header', outline.title)],
      }),
    },
    footers: {
      default: new Footer({
        children: [
          new Paragraph({
            style: 'Footer',
            children: [new TextRun({ children: [PageNumber.CURRENT, ' / ', PageNumber.TOTAL_PAGES] })],
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
  const theirs =
    options.template === undefined ? undefined : readTemplate(options.template, outline.language);
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
    waiting: [],
    captions: new Map(),
    lists: 0,
    roomPx: TEXT_WIDTH_PX,
  };
  const body = outline.chapters.flatMap((chapter, index) =>
    // What comes after the contents starts on a page of its own.
    chapterBlocks(index === 0 ? { ...chapter, startsPage: true } : chapter, 1, context, trees),
  );
  if (context.waiting.length > 0) body.push(new Paragraph({ children: waitingMarks(context) }));
  const isLaidOut = outlineSize(outline) <= MAX_LAID_OUT;
  if (!isLaidOut) messages.push(UNNUMBERED);
  const margin = mm(25);
  const author = cleanText(options.author ?? outline.author ?? '');
  const document = new Document({
    title: cleanText(outline.title),
    creator: author,
    lastModifiedBy: author,
    description: cleanText(outline.subtitle ?? ''),
    externalStyles: withTableStyles(theirs?.styles),
    styles: documentStyles(outline.language, theirs === undefined ? new Set() : styleIds(theirs.styles)),
    ...(theirs?.theme === undefined ? {} : { theme: theirs.theme }),
    numbering: NUMBERING,
    footnotes: context.footnotes,
    ...(isLaidOut ? { pageNumbers: estimatePageNumbersWith({ guess: true }) } : {}),
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
          new TableOfContents(labels.contents, { hyperlink: true, headingStyleRange: '1-2' }),
          ...body,
        ],
      },
    ],
  });
  return { bytes: await Packer.toBuffer(document), messages };
}
