import { z } from 'zod';
import type { Message } from '../message.ts';
import { RenderError } from '../message.ts';
import type { PdfBody } from '../pdf/body.ts';
import { PdfJoin } from '../pdf/join.ts';
import type { PdfPart } from '../pdf/join.ts';
import type { PagePositions } from '../pdf/positions.ts';
import { PdfSource } from '../pdf/source.ts';
import { outlineTitles } from '../pdf/outline-titles.ts';
import { mendTags } from '../pdf/tags.ts';
import type { TagFault, TagHints } from '../pdf/tags.ts';
import { BesidePrinter } from './beside.ts';
import type { RenderLimits } from './limits.ts';
import { MemoryCollector } from './memory.ts';
import type { PageSession } from './page-session.ts';
import { printPage } from './print.ts';
import { SheetPrinter } from './sheets.ts';
import type { PrintedSheets } from './sheets.ts';
import { begun, closedPart, copiedPart, placesOf, positionsIn, shownPart } from './print-part.ts';
import type { FreePart, GivenPart, Part, PartEnd, PrintedEnd, PrintedPart, ShownPart } from './print-part.ts';

/** The largest reasonable page's height (A0 portrait, in pixels): what needs too many even of these is not printed at all. */
const TALLEST_PAGE_PX = 4_494;

/** Passes spent on the footnotes of one part; each costs about as much as half of its final print. */
const MAX_FOOTNOTE_PASSES = 10;

/** Pages that are worth not printing when only a part's end is looked for. */
const SPARED_PAGES = 20;

/** Parts that the other page has at most: the next one is there when it has printed one. */
const GIVEN_PARTS = 2;

/** A document as printed, and what is to be laid over its pages. */
export interface PrintedDocument {
  readonly body: PdfBody;
  readonly pageCount: number;
  readonly sheets: readonly PrintedSheets[];
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
  #hints: TagHints = { targets: new Map(), titles: new Map(), faults: new Set() };
  #join: PdfJoin;
  readonly #memory = new MemoryCollector();
  /** Free parts whose first page is not known yet, in order. */
  #free: FreePart[] = [];
  readonly #beside: BesidePrinter | undefined;
  /** What the other page was given before it is its turn, by its first leaf. */
  readonly #given = new Map<number, GivenPart>();
  /** Parts are joined one after the other, while the browser works on others. */
  #joined: Promise<void> = Promise.resolve();
  #isOnePart = false;
  /** The document's only part. */
  #only: Uint8Array | undefined;
  #pageCount = 0;
  /** Pages that a part takes at least, most likely, for its weight; 0 while nothing is known. */
  #sureLength = 0;
  #sheets: SheetPrinter | undefined;

  constructor(context: PrintContext) {
    this.#context = context;
    this.#join = new PdfJoin();
    const { beside } = context.session;
    this.#beside = beside && new BesidePrinter(beside, context, this.#memory);
  }

  get #messages(): Message[] {
    return this.#context.session.messages;
  }

  async print(): Promise<PrintedDocument> {
    const named = z
      .record(z.string(), z.string().max(1_000))
      .parse(await this.#context.session.call('targets', null));
    const headings = z
      .array(z.string().max(1_000))
      .max(100_000)
      .parse(await this.#context.session.call('headings', null));
    const titles = outlineTitles(headings);
    this.#hints = { targets: new Map(Object.entries(named)), titles, faults: new Set() };
    this.#join = new PdfJoin(this.#hints);
    const { session } = this.#context;
    session.beside?.follow(session);
    // What rendering the template has left behind: several times the document.
    await this.#collect(session);
    let from = 0;
    let startsNaturally = false;
    for (let isLast = false; !isLast;) {
      await this.#give(from);
      const end: PrintedEnd = this.#takeGiven(from) ?? (await this.#printFrom(from, startsNaturally));
      ({ isLast, to: from, endsNaturally: startsNaturally } = end);
      if (!isLast) await this.#collect(session);
    }
    await this.#settle();
    if (!this.#isOnePart) await this.#openSheets();
    await this.#printReferences();
    const laidOut = this.#isOnePart || !this.#sheets ? undefined : begun(this.#sheets.finish());
    const body = await this.#context.timed('join', async () => this.#finish());
    // The pages of one part are counted when it has its page numbers.
    if (this.#isOnePart) await this.#openSheets();
    const sheets = (await (laidOut ?? this.#sheets?.finish())) ?? [];
    return { body, pageCount: this.#pageCount, sheets, faults: this.#hints.faults };
  }

  /** Begins to lay out what stands in the margins, now that all pages are known. */
  async #openSheets(): Promise<void> {
    if (!z.boolean().parse(await this.#context.session.call('needsPositions', null))) return;
    this.#sheets = new SheetPrinter(this.#context, this.#beside, this.#pageCount, this.#pages);
    if (!this.#isOnePart) await this.#sheets.give();
  }

  async #collect(session: PageSession): Promise<void> {
    return this.#context.timed('collect', async () => this.#memory.collect(session));
  }

  async #printFrom(from: number, startsNaturally: boolean): Promise<PrintedEnd> {
    const opened = await this.#openNext(from, startsNaturally);
    this.#checkPages(this.#pageCount + Math.floor(opened.heightPx / TALLEST_PAGE_PX));
    this.#isOnePart = from === 0 && opened.isLast && !opened.endsNaturally;
    const end = opened.isFree
      ? await this.#printFree(opened, from, startsNaturally)
      : await this.#printPart(opened, from, startsNaturally);
    return { ...end, isLast: opened.isLast && end.to === opened.to };
  }

  async #open(place: Readonly<Record<string, unknown>>): Promise<ShownPart | null> {
    const { session, timed } = this.#context;
    return shownPart.nullable().parse(await timed('layout', async () => session.call('openPart', place)));
  }

  /** Opens the part that begins with this leaf: at once if it is free, or else when the pages before it are known. */
  async #openNext(from: number, startsNaturally: boolean): Promise<ShownPart> {
    const place = { from, startsNaturally };
    if (this.#free.length > 0) {
      const opened = await this.#open({ ...place, startPage: null });
      if (opened) return opened;
      await this.#settle();
    }
    const opened = await this.#open({ ...place, startPage: this.#pageCount + 1 });
    if (!opened) throw new Error('A part was not opened.');
    return opened;
  }

  /** Gives the other page parts to print before it is their turn, unless it has enough to do. */
  async #give(from: number): Promise<void> {
    const { session, timed } = this.#context;
    const beside = this.#beside;
    if (!beside) return;
    for (let { waiting } = beside; waiting < GIVEN_PARTS; waiting++) {
      const place = { from, isIdle: waiting === 0 };
      const copied = copiedPart
        .nullable()
        .parse(await timed('layout', async () => session.call('copyShared', place)));
      if (!copied) return;
      this.#given.set(copied.from, { copied, work: begun(this.#printBeside(beside, copied)) });
    }
  }

  /** The part that begins with this leaf, if the other page was given it. */
  #takeGiven(from: number): PrintedEnd | undefined {
    const given = this.#given.get(from);
    if (!given) return undefined;
    this.#given.delete(from);
    const { to, leadPages, isLast } = given.copied;
    const place = { from, to, startsNaturally: false, leadPages, waits: false };
    this.#addFree({ ...place, startPage: 0, pageCount: 0 }, given.work);
    return { to, isLast, lastPage: null, endsNaturally: false };
  }

  #addFree(part: Part, work: FreePart['work']): void {
    this.#parts.push(part);
    this.#free.push({ part, work });
  }

  /** Finds the page that a free part ends with, and hides what is after it: from its last pages, if they tell. */
  async #closeFree({ leadPages, weight }: ShownPart): Promise<PartEnd> {
    const { session } = this.#context;
    const marks = await session.call('endMarks', null);
    const lastPages = Math.floor(this.#sureLength * weight);
    for (const fromPage of lastPages > SPARED_PAGES ? [lastPages, 1] : [1]) {
      const printed = await this.#printEnd(leadPages, fromPage, marks);
      if (!printed) continue;
      this.#sureLength = (0.85 * printed.pageCount) / weight;
      const places = { ...placesOf(printed), isWhole: fromPage === 1 };
      const end = closedPart.nullable().parse(await session.call('closePart', places));
      if (end) return end;
    }
    throw new Error('A part has no end.');
  }

  /** Positions in the pages from this one on; undefined when there are not so many. */
  async #printEnd(leadPages: number, fromPage: number, marks: unknown): Promise<PagePositions | undefined> {
    try {
      const kind = { leadPages, fromPage, isFinal: false };
      const { positions } = await this.#printHere(kind, marks);
      // Not the document's pages, but none of them is taken for its first.
      return {
        ...positions,
        pages: new Map([...positions.pages].map(([id, page]) => [id, page + leadPages])),
      };
    } catch (error) {
      if (fromPage > 1 && error instanceof Error && error.message.includes('range exceeds')) return undefined;
      throw error;
    }
  }

  /** Prints a part that does not depend on its page's number: in the other page unless it has enough to do. */
  async #printFree(shown: ShownPart, from: number, startsNaturally: boolean): Promise<PartEnd> {
    const { leadPages } = shown;
    const { session } = this.#context;
    const end = shown.endsNaturally
      ? await this.#closeFree(shown)
      : { to: shown.to, lastPage: null, endsNaturally: false };
    const place = { from, to: end.to, startsNaturally, leadPages, waits: false };
    const part: Part = { ...place, startPage: 0, pageCount: 0 };
    const isLast = shown.isLast && end.to === shown.to;
    // What this page gives away it goes on from: with the search for the next part's end, or with the next part.
    const room = shown.endsNaturally ? GIVEN_PARTS : 1;
    if (this.#beside && this.#beside.waiting < room && !isLast) {
      const copy = z.string().parse(await session.call('copyPart', null));
      this.#addFree(
        part,
        begun(this.#printBeside(this.#beside, { from, leadPages, weight: shown.weight, copy })),
      );
    } else {
      const printed = await this.#printHere({ leadPages }, []);
      this.#noteLength(printed.positions, shown.weight);
      this.#addFree(part, Promise.resolve(printed.positions));
      this.#addPart(from, { bytes: printed.bytes, leadPages });
    }
    return end;
  }

  /** A first guess of how long what flows is: no more than half as long as what begins a page each time. */
  #noteLength({ pageCount }: PagePositions, weight: number): void {
    if (this.#sureLength === 0 && weight > 0) this.#sureLength = (0.5 * pageCount) / weight;
  }

  /** Has the other page print a part, which is joined as soon as it is there. */
  async #printBeside(
    beside: BesidePrinter,
    { from, leadPages, weight, copy }: Omit<GivenPart['copied'], 'to' | 'isLast'>,
  ): Promise<PagePositions | undefined> {
    const printed = await beside.print(copy, leadPages);
    if (!printed) return undefined;
    this.#addPart(from, { bytes: printed.bytes, leadPages });
    this.#noteLength(printed.positions, weight);
    return printed.positions;
  }

  /** Waits for the parts that are being printed and counts their pages. */
  async #settle(): Promise<void> {
    for (const { part, work } of this.#free.splice(0)) {
      const { pages, pageCount } = (await work) ?? (await this.#printAgain(part));
      part.startPage = this.#pageCount + 1;
      part.pageCount = pageCount;
      for (const [id, page] of pages) if (!this.#pages.has(id)) this.#pages.set(id, page + this.#pageCount);
      this.#pageCount += pageCount;
      this.#checkPages(this.#pageCount);
    }
  }

  /** Prints a part here that the other page could not show. */
  async #printAgain({ from, to, startsNaturally, leadPages }: Part): Promise<PagePositions> {
    // As it was opened before: `startPage` is of no consequence but for the blank pages in front.
    const startPage = leadPages === 0 ? 1 : leadPages === 1 ? 2 : 3;
    await this.#open({ from, to, startsNaturally, startPage });
    const printed = await this.#printHere({ leadPages }, []);
    this.#addPart(from, { bytes: printed.bytes, leadPages });
    return printed.positions;
  }

  /** Prints what is shown, with links to all that must be found again when it may be asked for. */
  async #printHere(
    { leadPages, fromPage = 1, isFinal = true }: { leadPages: number; fromPage?: number; isFinal?: boolean },
    marks: unknown,
  ): Promise<PrintedPart> {
    const { session, limits, timed, isTagged } = this.#context;
    await session.call('mark', marks);
    try {
      const kind = { isTagged: isFinal && isTagged, leadPages, fromPage };
      const bytes = await timed(isFinal ? 'print' : 'firstPass', async () =>
        printPage(session, limits, kind),
      );
      return {
        bytes,
        positions: await timed('positions', () => positionsIn(bytes, leadPages - fromPage + 1)),
      };
    } finally {
      await session.call('unmark', null);
    }
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
      printPage(session, limits, { isTagged: isFinal && isTagged, leadPages: part.leadPages }),
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
    let end: PartEnd = { to: part.to, lastPage: null, endsNaturally: false };
    let printed: PrintedPart | undefined;
    if (part.endsNaturally || part.hasReferences) {
      const marks = part.endsNaturally ? await session.call('endMarks', null) : [];
      printed = await this.#print(part, marks, false);
      if (part.endsNaturally) {
        end = closedPart.parse(
          await session.call('closePart', { ...placesOf(printed.positions), isWhole: true }),
        );
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
    this.#parts.push({
      from,
      to,
      startsNaturally,
      startPage,
      pageCount,
      leadPages,
      waits: !isFinal,
    });
    if (isFinal) this.#addPart(from, { bytes, leadPages });
    this.#pageCount = lastPage;
    return end;
  }

  /** Prints the parts that show page numbers again, now that these are known: in the other page when it is idle. */
  async #printReferences(): Promise<void> {
    const { session, timed } = this.#context;
    const waiting = this.#parts.filter(part => part.waits);
    if (waiting.length === 0) return;
    await timed('numbers', async () => session.call('setPages', Object.fromEntries(this.#pages)));
    const given: FreePart[] = [];
    for (const part of waiting) {
      const { from, to, startsNaturally, startPage, leadPages } = part;
      if (this.#isOnePart) await session.call('renewLeaders', null);
      const opened = this.#isOnePart ? null : await this.#open({ from, to, startsNaturally, startPage });
      if (opened?.isShared === true && this.#beside?.waiting === 0 && part !== waiting.at(-1)) {
        const copied = {
          from,
          leadPages,
          weight: 0,
          copy: z.string().parse(await session.call('copyPart', null)),
        };
        given.push({ part, work: begun(this.#printBeside(this.#beside, copied)) });
      } else {
        const printed = await this.#printHere({ leadPages }, []);
        this.#addPart(from, { bytes: printed.bytes, leadPages });
        this.#checkLength(part, printed.positions.pageCount);
      }
      await this.#sheets?.give();
    }
    for (const { part, work } of given)
      this.#checkLength(part, ((await work) ?? (await this.#printAgain(part))).pageCount);
  }

  /** A part whose page numbers have made it longer or shorter than it was without them has moved all that follows. */
  #checkLength({ startPage, pageCount }: Part, count: number): void {
    if (count === pageCount || this.#isOnePart) return;
    this.#messages.push({
      level: 'warning',
      code: 'page-numbers-shifted',
      text: `The page numbers from page ${startPage + Math.min(count, pageCount)} on may be wrong: the text before them takes ${count} pages with them and ${pageCount} without. Give the numbers a fixed width.`,
    });
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

  /** Has a part that is printed for good joined with the others. */
  #addPart(from: number, part: PdfPart): void {
    if (this.#isOnePart) {
      this.#only = part.bytes;
      return;
    }
    this.#joined = begun(
      this.#joined.then(async () => this.#context.timed('join', async () => this.#join.add(from, part))),
    );
  }

  async #finish(): Promise<PdfBody> {
    if (this.#isOnePart && this.#only) {
      const source = new PdfSource(this.#only);
      this.#pageCount = source.pages().length;
      await mendTags(source, this.#hints);
      return source;
    }
    await this.#joined;
    return this.#join.finish();
  }
}
