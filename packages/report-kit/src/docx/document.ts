import {
  Document,
  Footer,
  Header,
  Packer,
  PageNumber,
  Paragraph,
  patchDocument,
  PatchType,
  TableOfContents,
  TextRun,
} from 'docx';
import type { IPropertiesOptions, Table } from 'docx';
import { estimatePageNumbersWith } from 'docx/layout';
import { strFromU8, unzipSync } from 'fflate';
import type { VariableResolver } from '../markdown/index.ts';
import type { Message } from '../message.ts';
import { collectNames, outlineLabels, readTrees } from '../outline/index.ts';
import type { Chapter, OutlineLabels, ReportOutline } from '../outline/index.ts';
import type { DocxBlock } from './blocks.ts';
import { chapterBlocks, lineOf, textCell } from './chapters.ts';
import { bookmarkName, waitingMarks } from './context.ts';
import type { DocxContext } from './context.ts';
import { findImages, loadImages } from './images.ts';
import type { DrawingSource, ImageSource } from './images.ts';
import { NUMBERING } from './lists.ts';
import { PAGE, PAGE_ROOM, roomInPx } from './page.ts';
import { outlineSize } from './size.ts';
import { documentStyles, STYLE_IDS, styleIds, withTableStyles } from './styles.ts';
import { tableOf } from './tables.ts';
import { readTemplate, withStyles } from './template.ts';
import type { Frame, Template } from './template.ts';
import { cleanText, textRuns } from './text.ts';

/** How a report becomes a Word document. */
export interface DocxOptions {
  readonly labels?: OutlineLabels;
  readonly image?: ImageSource;
  readonly draw?: DrawingSource;
  readonly resolveVariable?: VariableResolver;
  /**
   * A `.docx` or `.dotx` of the company: its styles are used wherever it has one of the same id. Where it says `{{report}}`,
   * the report is put there and the rest of it stays: cover, heads and feet of pages, size of the paper.
   */
  readonly template?: Uint8Array;
  readonly author?: string;
}

/** A Word document, and what was noticed while writing it. */
export interface DocxResult {
  readonly bytes: Uint8Array;
  readonly messages: readonly Message[];
}

/** Up to this size a document is laid out in some two seconds of one processor; beyond it in proportion, or worse. */
const MAX_LAID_OUT = 1_250;

const UNNUMBERED: Message = {
  level: 'info',
  code: 'contents-unnumbered',
  text: 'The report is long, so Word itself numbers the pages in its contents and asks before it does: say yes. In LibreOffice choose Tools, Update, Indexes and Tables.',
};

/** The label's and the value's part of the facts on the cover. */
const COVER_COLUMNS = [0.28, 0.72];

function factsOnCover({ facts }: ReportOutline, { room }: DocxContext): Table[] {
  const rows = facts.map(({ label, value }) => ({
    isHead: false,
    texts: [label, value],
    cells: [textCell(label, STYLE_IDS.coverLabel), textCell(value, STYLE_IDS.coverFact)],
  }));
  const options = { shares: COVER_COLUMNS, style: STYLE_IDS.coverTable };
  return rows.length === 0 ? [] : [tableOf(rows, room.width, options)];
}

function cover(outline: ReportOutline, context: DocxContext): DocxBlock[] {
  const { title, subtitle } = outline;
  return [
    lineOf('Title', title),
    ...(subtitle === undefined || subtitle === '' ? [] : [lineOf('Subtitle', subtitle)]),
    ...factsOnCover(outline, context),
    new Paragraph({
      style: STYLE_IDS.contentsTitle,
      pageBreakBefore: true,
      children: textRuns(context.labels.contents),
    }),
  ];
}

function pageFurniture(outline: ReportOutline): {
  headers: { default: Header };
  footers: { default: Footer };
} {
  const numbers = new TextRun({ children: [PageNumber.CURRENT, ' / ', PageNumber.TOTAL_PAGES] });
  return {
    headers: { default: new Header({ children: [lineOf('Header', outline.title)] }) },
    footers: { default: new Footer({ children: [new Paragraph({ style: 'Footer', children: [numbers] })] }) },
  };
}

/** Levels of headings that the contents list. */
const LISTED = '1-2';

const stylesOf = (
  language: string,
  theirs: Template | undefined,
): Required<Pick<IPropertiesOptions, 'externalStyles' | 'styles'>> => ({
  externalStyles: withTableStyles(theirs?.styles),
  styles: documentStyles(language, theirs === undefined ? new Set() : styleIds(theirs.styles)),
});

const propertiesOf = (outline: ReportOutline, author: string) => ({
  title: cleanText(outline.title),
  creator: author,
  lastModifiedBy: author,
  description: cleanText(outline.subtitle ?? ''),
});

interface Written {
  readonly outline: ReportOutline;
  readonly context: DocxContext;
  readonly author: string;
  readonly body: readonly DocxBlock[];
}

async function ownDocument(written: Written, theirs: Template | undefined): Promise<Uint8Array> {
  const { outline, context, author, body } = written;
  const isLaidOut = outlineSize(outline) <= MAX_LAID_OUT;
  if (!isLaidOut) context.messages.push(UNNUMBERED);
  const contents = new TableOfContents(context.labels.contents, {
    hyperlink: true,
    headingStyleRange: LISTED,
  });
  const document = new Document({
    ...propertiesOf(outline, author),
    ...stylesOf(outline.language, theirs),
    ...(theirs?.theme === undefined ? {} : { theme: theirs.theme }),
    numbering: NUMBERING,
    footnotes: context.footnotes,
    ...(isLaidOut ? { pageNumbers: estimatePageNumbersWith({ guess: true }) } : {}),
    sections: [
      {
        properties: { titlePage: true, page: PAGE },
        ...pageFurniture(outline),
        children: [...cover(outline, context), contents, ...body],
      },
    ],
  });
  return Packer.toBuffer(document);
}

/** The company's style sheet with what it lacks of ours. */
async function mergedStyles(language: string, theirs: Template): Promise<string> {
  const document = new Document({ ...stylesOf(language, theirs), sections: [] });
  const parts = unzipSync(await Packer.toBuffer(document), {
    filter: ({ name }) => name === 'word/styles.xml',
  });
  return strFromU8(parts['word/styles.xml'] ?? new Uint8Array());
}

/** What the contents say until Word has counted the pages. */
function contentsEntries(
  chapters: readonly Chapter[],
  context: DocxContext,
  level = 1,
): { title: string; level: number; href?: string }[] {
  return chapters.flatMap(({ id, title, chapters: inner }) => [
    { title: cleanText(title), level, ...(id === undefined ? {} : { href: bookmarkName(context, id) }) },
    ...(level < 2 ? contentsEntries(inner, context, level + 1) : []),
  ]);
}

/** The company's document with the report in the places that it names. */
async function framedDocument(written: Written, theirs: Template, frame: Frame): Promise<Uint8Array> {
  const { outline, context, author, body } = written;
  const text = (value: string) => ({ type: PatchType.PARAGRAPH, children: textRuns(value) }) as const;
  const contents = new TableOfContents(context.labels.contents, {
    hyperlink: true,
    headingStyleRange: LISTED,
    cachedEntries: contentsEntries(outline.chapters, context),
    beginDirty: true,
  });
  return patchDocument({
    outputType: 'nodebuffer',
    data: withStyles(frame, await mergedStyles(outline.language, theirs)),
    trimPlaceholders: true,
    numbering: NUMBERING,
    footnotes: context.footnotes,
    properties: propertiesOf(outline, author),
    patches: {
      title: text(outline.title),
      subtitle: text(outline.subtitle ?? ''),
      author: text(author),
      facts: { type: PatchType.DOCUMENT, children: factsOnCover(outline, context) },
      contents: { type: PatchType.DOCUMENT, children: [contents] },
      report: { type: PatchType.DOCUMENT, children: [...body] },
    },
  });
}

/** A report as a Word document: named styles, a contents field, numbered captions, real footnotes, links and bookmarks. */
export async function writeDocx(outline: ReportOutline, options: DocxOptions = {}): Promise<DocxResult> {
  const labels = options.labels ?? outlineLabels(outline.language);
  const messages: Message[] = [];
  const theirs =
    options.template === undefined ? undefined : await readTemplate(options.template, outline.language);
  const trees = readTrees(outline, options.resolveVariable, messages);
  const addresses = new Set<string>();
  for (const tree of trees.values()) findImages(tree.children, addresses);
  const room = theirs?.frame?.room ?? PAGE_ROOM;
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
    room,
    roomPx: roomInPx(room).widthPx,
  };
  const body = outline.chapters.flatMap((chapter, index) => {
    // What comes after our own contents starts on a page of its own; in a company's document it starts where that says.
    const startsPage = index === 0 ? theirs?.frame === undefined : chapter.startsPage === true;
    return chapterBlocks({ ...chapter, startsPage }, 1, context, trees);
  });
  if (context.waiting.length > 0) body.push(new Paragraph({ children: waitingMarks(context) }));
  const author = cleanText(options.author ?? outline.author ?? '');
  const written: Written = { outline, context, author, body };
  const bytes = theirs?.frame
    ? await framedDocument(written, theirs, theirs.frame)
    : await ownDocument(written, theirs);
  return { bytes, messages };
}
