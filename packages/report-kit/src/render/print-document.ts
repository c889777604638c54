import { z } from 'zod';
import type { Message } from '../message.ts';
import { RenderError } from '../message.ts';
import type { PdfBody } from '../pdf/body.ts';
import { PdfJoin } from '../pdf/join.ts';
import type { PdfPart } from '../pdf/join.ts';
import { readPositions } from '../pdf/positions.ts';
import type { PagePositions } from '../pdf/positions.ts';
import { PdfSource } from '../pdf/source.ts';
import { mendTags } from '../pdf/tags.ts';
import type { TagHints } from '../pdf/tags.ts';
import type { RenderLimits } from './limits.ts';
import { MemoryCollector } from './memory.ts';
import type { PageSession } from './page-session.ts';
import { printPage } from './print.ts';

/** The largest reasonable page's height (A0 portrait, in pixels): what needs too many even of these is not printed at all. */
const TALLEST_PAGE_PX = 4_494;

/** Passes spent on the footnotes of one part; each costs about as much as half of its final print. */
const MAX_FOOTNOTE_PASSES = 10;

/** What the page says of a part that it shows; see `kit.openPart`. */
const shownPart = z.object({
  /** The first leaf of the next part. */
  to: z.int().min(0),
  isLast: z.boolean(),
  /** Whether the part's end must still be found among the leaves of its second half. */
  endsNaturally: z.boolean(),
  leadPages: z.int().min(0).max(2),
  hasReferences: z.boolean(),
  footnotes: z.int().min(0),
  heightPx: z.number(),
});

const closedPart = z.object({
  to: z.int().min(0),
  lastPage: z.int().min(0).nullable(),
  endsNaturally: z.boolean(),
});

interface Part {
  readonly from: number;
  readonly startsNaturally: boolean;
  readonly startPage: number;
  readonly pageCount: number;
  readonly leadPages: number;
  readonly to: number;
  /** Whether its page numbers are still to be written. */
  readonly waits: boolean;
}

/** A document as printed, and on which page each link target lies. */
export interface PrintedDocument {
  readonly body: PdfBody;
  readonly pageCount: number;
  readonly pages: ReadonlyMap<string, number>;
}

/** What printing needs of its job. */
export interface PrintContext {
  readonly session: PageSession;
  readonly limits: RenderLimits;
  readonly needsPositions: boolean;
  /** Whether the document is to have tags and an outline. */
  readonly isTagged: boolean;
  timed<T>(name: string, work: () => T | Promise<T>): Promise<T>;
}

/**
 * Prints the rendered template part by part, so that memory follows the largest part and not the document. A part without
 * page references is printed once; the others are printed again when the pages of all targets are known.
 */
export class DocumentPrinter {
  readonly #context: PrintContext;
  readonly #pages = new Map<string, number>();
  readonly #parts: Part[] = [];
  #hints: TagHints = { targets: new Map() };
  #join: PdfJoin;
  /** What was printed last: it is joined while the browser works on the next part. */
  #printed: { index: number; part: PdfPart } | undefined;
  #pageCount = 0;

  constructor(context: PrintContext) {
    this.#context = context;
    this.#join = new PdfJoin();
  }

  get #messages(): Message[] {
    return this.#context.session.messages;
  }

  async print(): Promise<PrintedDocument> {
    const named = z
      .record(z.string(), z.string().max(1_000))
      .parse(await this.#context.session.call('targets', null));
    this.#hints = { targets: new Map(Object.entries(named)) };
    this.#join = new PdfJoin(this.#hints);
    const memory = new MemoryCollector(this.#context.session);
    // What rendering the template has left behind: several times the document.
    await this.#context.timed('collect', async () => memory.collect());
    let from = 0;
    let startsNaturally = false;
    for (let isLast = false; !isLast;) {
      const opened = await this.#open({ from, startsNaturally, startPage: this.#pageCount + 1 });
      this.#checkPages(this.#pageCount + Math.floor(opened.heightPx / TALLEST_PAGE_PX));
      const end = await this.#printPart(opened, from, startsNaturally);
      isLast = opened.isLast && end.to === opened.to;
      from = end.to;
      startsNaturally = end.endsNaturally;
      if (!isLast) await this.#context.timed('collect', async () => memory.collect());
    }
    await this.#printReferences();
    const body = await this.#context.timed('join', async () => this.#finish());
    return { body, pageCount: this.#pageCount, pages: this.#pages };
  }

  async #open(place: Readonly<Record<string, unknown>>): Promise<z.output<typeof shownPart>> {
    const { session, timed } = this.#context;
    return shownPart.parse(await timed('layout', async () => session.call('openPart', place)));
  }

  #checkPages(count: number): void {
    const { limits } = this.#context;
    if (count <= limits.pages) return;
    throw new RenderError(
      'too-many-pages',
      `The document has at least ${count} pages, and ${limits.pages} are allowed: shorten it, or raise the limit.`,
      this.#messages,
    );
  }

  /** Prints what is shown; page numbers are the document's. */
  async #print(
    part: z.output<typeof shownPart>,
    marks: unknown,
    isFinal: boolean,
  ): Promise<{ bytes: Uint8Array; positions: PagePositions }> {
    const { session, limits, timed, needsPositions, isTagged } = this.#context;
    // Links in other parts are not in the document now: what they point to is named by hidden ones.
    const isWhole = part.isLast && part.leadPages === 0;
    const hasMarks = needsPositions || !isWhole || (Array.isArray(marks) && marks.length > 0);
    if (hasMarks) await session.call('mark', marks);
    const bytes = await timed(isFinal ? 'print' : 'firstPass', async () =>
      this.#whileJoining(
        printPage(session, limits, { isTagged: isFinal && isTagged, leadPages: part.leadPages }),
      ),
    );
    if (hasMarks) await session.call('unmark', null);
    const read = await timed('positions', () => readPositions(bytes));
    const offset = this.#pageCount - part.leadPages;
    const pages = new Map([...read.pages].map(([id, page]) => [id, page + offset]));
    const positions = { pageCount: read.pageCount - part.leadPages, pages, tops: read.tops };
    this.#checkPages(this.#pageCount + positions.pageCount);
    return { bytes, positions };
  }

  async #printPart(part: z.output<typeof shownPart>, from: number, startsNaturally: boolean) {
    const { session } = this.#context;
    if (part.footnotes > 0) await this.#placeFootnotes(part);
    let end: z.output<typeof closedPart> = { to: part.to, lastPage: null, endsNaturally: false };
    let printed: { bytes: Uint8Array; positions: PagePositions } | undefined;
    if (part.endsNaturally || part.hasReferences) {
      const marks = part.endsNaturally ? await session.call('endMarks', null) : [];
      printed = await this.#print(part, marks, false);
      if (part.endsNaturally) {
        end = closedPart.parse(await session.call('closePart', placesOf(printed.positions)));
      }
    }
    const isFinal = !part.hasReferences;
    if (isFinal) printed = await this.#print(part, [], true);
    if (!printed) throw new Error('A part was not printed.');
    const { positions, bytes } = printed;
    const startPage = this.#pageCount + 1;
    const lastPage = isFinal
      ? this.#pageCount + positions.pageCount
      : (end.lastPage ?? this.#pageCount + positions.pageCount);
    for (const [id, page] of positions.pages)
      if (page <= lastPage && !this.#pages.has(id)) this.#pages.set(id, page);
    const { leadPages } = part;
    const pageCount = lastPage - this.#pageCount;
    const { to } = end;
    const index = this.#parts.length;
    this.#parts.push({
      from,
      to,
      startsNaturally,
      startPage,
      pageCount,
      leadPages,
      waits: !isFinal,
    });
    if (isFinal) this.#printed = { index, part: { bytes, leadPages } };
    this.#pageCount = lastPage;
    return end;
  }

  /** Prints the parts that show page numbers again, now that these are known. */
  async #printReferences(): Promise<void> {
    const { session, limits, timed, isTagged } = this.#context;
    if (!this.#parts.some(part => part.waits)) return;
    await timed('numbers', async () => session.call('setPages', Object.fromEntries(this.#pages)));
    for (const [index, part] of this.#parts.entries()) {
      if (!part.waits) continue;
      const { from, to, startsNaturally, startPage, leadPages } = part;
      if (this.#parts.length > 1) {
        await this.#open({ from, to, startsNaturally, startPage });
        await session.call('mark', []);
      } else await session.call('setLeaders', null);
      const bytes = await timed('print', async () =>
        this.#whileJoining(printPage(session, limits, { isTagged, leadPages })),
      );
      this.#printed = { index, part: { bytes, leadPages } };
      await session.call('unmark', null);
      const count = new PdfSource(bytes).pages().length - leadPages;
      if (count !== part.pageCount && this.#parts.length > 1)
        this.#messages.push({
          level: 'warning',
          code: 'page-numbers-shifted',
          text: `The page numbers from page ${startPage + Math.min(count, part.pageCount)} on may be wrong: the text before them takes ${count} pages with them and ${part.pageCount} without. Give the numbers a fixed width.`,
        });
    }
  }

  /** Ends pages early for their footnotes, a pass at a time; what cannot be settled goes to the end of its text. */
  async #placeFootnotes(part: z.output<typeof shownPart>): Promise<void> {
    const { session } = this.#context;
    for (let pass = 0; pass < MAX_FOOTNOTE_PASSES; pass++) {
      const { positions } = await this.#print(part, await session.call('footnoteMarks', null), false);
      if ((await session.call('placeFootnotes', placesOf(positions))) === 0) return;
    }
    await session.call('endNotes', null);
    this.#messages.push({
      level: 'info',
      code: 'footnotes-moved',
      text: `Some footnotes stand at the end of their text, because more than ${MAX_FOOTNOTE_PASSES} pages of one chapter have footnotes.`,
    });
  }

  /** Joins what was printed last while the browser is busy with what was just asked of it. */
  async #whileJoining<T>(work: Promise<T>): Promise<T> {
    const printed = this.#printed;
    this.#printed = undefined;
    if (printed) await this.#context.timed('join', () => this.#join.add(printed.index, printed.part));
    return work;
  }

  async #finish(): Promise<PdfBody> {
    const printed = this.#printed;
    if (this.#parts.length === 1 && printed) {
      const source = new PdfSource(printed.part.bytes);
      this.#pageCount = source.pages().length;
      mendTags(source, this.#hints);
      return source;
    }
    await this.#whileJoining(Promise.resolve());
    return this.#join.finish();
  }
}

const placesOf = ({ pages, tops }: PagePositions) => ({
  pages: Object.fromEntries(pages),
  tops: Object.fromEntries(tops),
});
