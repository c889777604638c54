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
import type { TagFault, TagHints } from '../pdf/tags.ts';
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
  /** Whether it looks the same on whatever page it begins. */
  isFree: z.boolean(),
  /** The part for another page to print: it is not made ready in the page that it comes from. */
  copy: z.unknown().optional(),
});

type ShownPart = z.output<typeof shownPart>;

const closedPart = z.object({
  to: z.int().min(0),
  lastPage: z.int().min(0).nullable(),
  endsNaturally: z.boolean(),
});

const copiedSheets = z.object({ numbers: z.array(z.int().min(1)), copy: z.unknown().optional() });

/** Pages of sheets that are printed at once. */
export const SHEETS = 400;

interface Part {
  readonly index: number;
  readonly from: number;
  readonly startsNaturally: boolean;
  /** 0 while it is not known. */
  startPage: number;
  pageCount: number;
  readonly leadPages: number;
  readonly to: number;
  /** Whether its page numbers are still to be written. */
  readonly waits: boolean;
}

/** What one print gave; places count from the page that the part begins on. */
interface PrintedPart {
  readonly bytes: Uint8Array;
  readonly positions: PagePositions;
}

/** A part that is printed without knowing on which page it begins. */
interface FreePart {
  readonly part: Part;
  /** Undefined when the other page could not show it. */
  readonly work: Promise<PrintedPart | undefined>;
}

/** Sheets to lay over the pages with these numbers. */
export interface PrintedSheets {
  readonly numbers: readonly number[];
  readonly bytes: Uint8Array;
}

/** A document as printed, and on which page each link target lies. */
export interface PrintedDocument {
  readonly body: PdfBody;
  readonly pageCount: number;
  readonly pages: ReadonlyMap<string, number>;
  /** What was laid out on sheets while the document was printed; undefined when that is still to be done. */
  readonly sheets: readonly PrintedSheets[] | undefined;
  /** What keeps the document from being PDF/UA-1, as far as its tags show. */
  readonly faults: ReadonlySet<TagFault>;
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
  #hints: TagHints = { targets: new Map(), faults: new Set() };
  #join: PdfJoin;
  readonly #memory = new MemoryCollector();
  /** Free parts whose first page is not known yet, in order. */
  #free: FreePart[] = [];
  /** What the other page is printing. */
  #beside: Promise<unknown> | undefined;
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
    this.#hints = { targets: new Map(Object.entries(named)), faults: new Set() };
    this.#join = new PdfJoin(this.#hints);
    const { session } = this.#context;
    session.beside?.follow(session);
    // What rendering the template has left behind: several times the document.
    await this.#collect(session);
    let from = 0;
    let startsNaturally = false;
    for (let isLast = false; !isLast;) {
      const opened = await this.#openNext(from, startsNaturally);
      this.#checkPages(this.#pageCount + Math.floor(opened.heightPx / TALLEST_PAGE_PX));
      const end: z.output<typeof closedPart> = opened.isFree
        ? await this.#printFree(opened, from, startsNaturally)
        : await this.#printPart(opened, from, startsNaturally);
      isLast = opened.isLast && end.to === opened.to;
      from = end.to;
      startsNaturally = end.endsNaturally;
      if (!isLast) await this.#collect(session);
    }
    await this.#settle();
    const sheets = this.#printSheets();
    sheets.catch(() => undefined);
    await this.#printReferences();
    const body = await this.#context.timed('join', async () => this.#finish());
    const { faults } = this.#hints;
    return { body, pageCount: this.#pageCount, pages: this.#pages, sheets: await sheets, faults };
  }

  async #collect(session: PageSession): Promise<void> {
    return this.#context.timed('collect', async () => this.#memory.collect(session));
  }

  async #open(place: Readonly<Record<string, unknown>>): Promise<ShownPart | null> {
    const { session, timed } = this.#context;
    return shownPart.nullable().parse(await timed('layout', async () => session.call('openPart', place)));
  }

  /** Opens the part that begins with this leaf: at once if it is free, or else when the pages before it are known. */
  async #openNext(from: number, startsNaturally: boolean): Promise<ShownPart> {
    const place = { from, startsNaturally };
    if (this.#free.length > 0) {
      const opened = await this.#open({ ...place, isCopied: this.#isIdle, startPage: null });
      if (opened) return opened;
      await this.#settle();
    }
    const isCopied = this.#isIdle;
    const opened = await this.#open({ ...place, isCopied, startPage: this.#pageCount + 1 });
    if (!opened) throw new Error('A part was not opened.');
    return opened;
  }

  /** Whether the other page waits for something to print. */
  get #isIdle(): boolean {
    return this.#context.session.beside !== undefined && this.#beside === undefined;
  }

  /** Finds the page that a free part ends with, and hides what is after it. */
  async #closeFree({ leadPages }: ShownPart): Promise<z.output<typeof closedPart>> {
    const { session } = this.#context;
    const { positions } = await this.#printHere(leadPages, await session.call('endMarks', null), false);
    // Not the document's pages, but none of them is taken for its first.
    const pages = new Map([...positions.pages].map(([id, page]) => [id, page + leadPages]));
    return closedPart.parse(await session.call('closePart', placesOf({ ...positions, pages })));
  }

  /** Prints a part that does not depend on its page's number: in the other page if it is idle, and in this one if not. */
  async #printFree(
    shown: ShownPart,
    from: number,
    startsNaturally: boolean,
  ): Promise<z.output<typeof closedPart>> {
    const { leadPages } = shown;
    const { session } = this.#context;
    const { beside } = session;
    const end = shown.endsNaturally
      ? await this.#closeFree(shown)
      : { to: shown.to, lastPage: null, endsNaturally: false };
    const copy = shown.endsNaturally && this.#isIdle ? await session.call('copyPart', null) : shown.copy;
    const index = this.#parts.length;
    const place = { index, from, to: end.to, startsNaturally, leadPages, waits: false };
    const part: Part = { ...place, startPage: 0, pageCount: 0 };
    this.#parts.push(part);
    if (beside && copy !== undefined) {
      const work = this.#printBeside(beside, copy, leadPages);
      work.catch(() => undefined);
      this.#beside = work.then(printed => {
        this.#beside = undefined;
        if (printed) this.#join.add(index, { bytes: printed.bytes, leadPages });
      });
      this.#beside.catch(() => undefined);
      this.#free.push({ part, work });
    } else {
      const printed = await this.#printHere(leadPages, [], true);
      this.#free.push({ part, work: Promise.resolve(printed) });
      this.#printed = { index, part: { bytes: printed.bytes, leadPages } };
    }
    return end;
  }

  async #printBeside(
    session: PageSession,
    copy: unknown,
    leadPages: number,
  ): Promise<PrintedPart | undefined> {
    const { limits, isTagged, timed } = this.#context;
    await this.#memory.collect(session);
    return timed('printBeside', async () => {
      if ((await session.call('showCopy', copy)) !== true) return undefined;
      const bytes = await printPage(session, limits, { isTagged, leadPages });
      return { bytes, positions: positionsIn(bytes, leadPages) };
    });
  }

  /** Waits for the parts that are being printed and counts their pages. */
  async #settle(): Promise<void> {
    for (const { part, work } of this.#free.splice(0)) {
      const printed = (await work) ?? (await this.#printAgain(part));
      const { pages, pageCount } = printed.positions;
      part.startPage = this.#pageCount + 1;
      part.pageCount = pageCount;
      for (const [id, page] of pages) if (!this.#pages.has(id)) this.#pages.set(id, page + this.#pageCount);
      this.#pageCount += pageCount;
      this.#checkPages(this.#pageCount);
    }
    await this.#beside;
  }

  /** Prints a part here that the other page could not show. */
  async #printAgain({ index, from, to, startsNaturally, leadPages }: Part): Promise<PrintedPart> {
    // As it was opened before: `startPage` is of no consequence but for the blank pages in front.
    const startPage = leadPages === 0 ? 1 : leadPages === 1 ? 2 : 3;
    await this.#open({ from, to, startsNaturally, startPage });
    const printed = await this.#printHere(leadPages, [], true);
    this.#printed = { index, part: { bytes: printed.bytes, leadPages } };
    return printed;
  }

  /** Prints what is shown, with links to all that must be found again when it may be asked for. */
  async #printHere(leadPages: number, marks: unknown, isFinal: boolean): Promise<PrintedPart> {
    const { session, limits, timed, isTagged } = this.#context;
    await session.call('mark', marks);
    const bytes = await timed(isFinal ? 'print' : 'firstPass', async () =>
      this.#whileJoining(printPage(session, limits, { isTagged: isFinal && isTagged, leadPages })),
    );
    await session.call('unmark', null);
    return { bytes, positions: await timed('positions', () => positionsIn(bytes, leadPages)) };
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
  async #print(part: ShownPart, marks: unknown, isFinal: boolean): Promise<PrintedPart> {
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
    const read = await timed('positions', () => positionsIn(bytes, part.leadPages));
    const pages = new Map([...read.pages].map(([id, page]) => [id, page + this.#pageCount]));
    const positions = { ...read, pages };
    this.#checkPages(this.#pageCount + positions.pageCount);
    return { bytes, positions };
  }

  async #printPart(part: ShownPart, from: number, startsNaturally: boolean) {
    const { session } = this.#context;
    if (part.footnotes > 0) await this.#placeFootnotes(part);
    let end: z.output<typeof closedPart> = { to: part.to, lastPage: null, endsNaturally: false };
    let printed: PrintedPart | undefined;
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
      index,
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

  /** Has the other page print the sheets while the document is finished in this one. */
  async #printSheets(): Promise<PrintedSheets[] | undefined> {
    const { session, limits } = this.#context;
    const { beside } = session;
    if (!beside || this.#parts.length === 1 || this.#pageCount > SHEETS) return undefined;
    const place = { from: 1, to: this.#pageCount, pageCount: this.#pageCount };
    const { numbers, copy } = copiedSheets.parse(
      await session.call('copySheets', { ...place, pages: Object.fromEntries(this.#pages) }),
    );
    if (numbers.length === 0) return [];
    if (copy === undefined || (await beside.call('showCopy', copy)) !== true) return undefined;
    return [{ numbers, bytes: await printPage(beside, limits, { isTagged: false }) }];
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
  async #placeFootnotes(part: ShownPart): Promise<void> {
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

function positionsIn(bytes: Uint8Array, leadPages: number): PagePositions {
  const { pageCount, pages, tops } = readPositions(bytes);
  return {
    pageCount: pageCount - leadPages,
    pages: new Map([...pages].map(([id, page]) => [id, page - leadPages])),
    tops,
  };
}

const placesOf = ({ pages, tops }: PagePositions) => ({
  pages: Object.fromEntries(pages),
  tops: Object.fromEntries(tops),
});
