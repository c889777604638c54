import { z } from 'zod';
import type { Message } from '../message.ts';
import { RenderError } from '../message.ts';
import type { PdfBody } from '../pdf/body.ts';
import { PdfJoin } from '../pdf/join.ts';
import type { PdfPart } from '../pdf/join.ts';
import { PdfSource } from '../pdf/source.ts';
import { mendTags } from '../pdf/tags.ts';
import type { TagHints } from '../pdf/tags.ts';
import { BesidePrinter } from './beside.ts';
import type { RenderLimits } from './limits.ts';
import { MemoryCollector } from './memory.ts';
import type { PageSession } from './page-session.ts';
import { printPage } from './print.ts';
import { SheetPrinter } from './sheets.ts';
import type { PrintedSheets } from './sheets.ts';
import { closedPart, copiedPart, placesOf, positionsIn, shownPart } from './print-part.ts';
import type { FreePart, GivenPart, Part, PartEnd, PrintedEnd, PrintedPart, ShownPart } from './print-part.ts';

/** The largest reasonable page's height (A0 portrait, in pixels): what needs too many even of these is not printed at all. */
const TALLEST_PAGE_PX = 4_494;

/** Passes spent on the footnotes of one part; each costs about as much as half of its final print. */
const MAX_FOOTNOTE_PASSES = 10;

/** Parts that the other page has at most: the next one is there when it has printed one. */
const GIVEN_PARTS = 2;

/** A document as printed, and what is to be laid over its pages. */
export interface PrintedDocument {
  readonly body: PdfBody;
  readonly pageCount: number;
  readonly sheets: readonly PrintedSheets[];
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
  readonly #memory = new MemoryCollector();
  /** Free parts whose first page is not known yet, in order. */
  #free: FreePart[] = [];
  readonly #beside: BesidePrinter | undefined;
  /** What the other page was given before it is its turn, by its first leaf. */
  readonly #given = new Map<number, GivenPart>();
  /** What was printed last: it is joined while the browser works on the next part. */
  #printed: { from: number; part: PdfPart } | undefined;
  #pageCount = 0;
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
    this.#hints = { targets: new Map(Object.entries(named)) };
    this.#join = new PdfJoin(this.#hints);
    const { session } = this.#context;
    session.beside?.follow(session);
    // What rendering the template has left behind: several times the document.
    await this.#collect(session);
    let from = 0;
    let startsNaturally = false;
    for (let isLast = false; !isLast;) {
      const end: PrintedEnd = this.#takeGiven(from) ?? (await this.#printFrom(from, startsNaturally));
      ({ isLast, to: from, endsNaturally: startsNaturally } = end);
      if (!isLast) await this.#collect(session);
    }
    await this.#settle();
    const isOnePart = this.#parts.length === 1;
    if (!isOnePart) await this.#openSheets();
    await this.#printReferences();
    const laidOut = isOnePart ? undefined : this.#sheets?.finish();
    laidOut?.catch(() => undefined);
    const body = await this.#context.timed('join', async () => this.#finish());
    // The pages of one part are counted when it has its page numbers.
    if (isOnePart) await this.#openSheets();
    return { body, pageCount: this.#pageCount, sheets: (await (laidOut ?? this.#sheets?.finish())) ?? [] };
  }

  /** Begins to lay out what stands in the margins, now that all pages are known. */
  async #openSheets(): Promise<void> {
    if (!z.boolean().parse(await this.#context.session.call('needsPositions', null))) return;
    this.#sheets = new SheetPrinter(this.#context, this.#beside, this.#pageCount, this.#pages);
    if (this.#parts.length > 1) await this.#sheets.give();
  }

  async #collect(session: PageSession): Promise<void> {
    return this.#context.timed('collect', async () => this.#memory.collect(session));
  }

  async #printFrom(from: number, startsNaturally: boolean): Promise<PrintedEnd> {
    const opened = await this.#openNext(from, startsNaturally);
    this.#checkPages(this.#pageCount + Math.floor(opened.heightPx / TALLEST_PAGE_PX));
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
    await this.#giveLast(from);
    if (this.#free.length > 0) {
      const opened = await this.#open({ ...place, startPage: null });
      if (opened) return opened;
      await this.#settle();
    }
    const opened = await this.#open({ ...place, startPage: this.#pageCount + 1 });
    if (!opened) throw new Error('A part was not opened.');
    return opened;
  }

  /** Gives the other page parts from the end of what both can print, while this one goes on from the front. */
  async #giveLast(from: number): Promise<void> {
    const { session, timed } = this.#context;
    const beside = this.#beside;
    if (!beside) return;
    for (let { waiting } = beside; waiting < GIVEN_PARTS; waiting++) {
      const place = { from, spare: waiting === 0 ? 0 : GIVEN_PARTS };
      const copied = copiedPart
        .nullable()
        .parse(await timed('layout', async () => session.call('copyLast', place)));
      if (!copied) return;
      this.#given.set(copied.from, { copied, work: this.#printBeside(beside, copied) });
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

  /** Finds the page that a free part ends with, and hides what is after it. */
  async #closeFree({ leadPages }: ShownPart): Promise<PartEnd> {
    const { session } = this.#context;
    const { positions } = await this.#printHere(leadPages, await session.call('endMarks', null), false);
    // Not the document's pages, but none of them is taken for its first.
    const pages = new Map([...positions.pages].map(([id, page]) => [id, page + leadPages]));
    return closedPart.parse(await session.call('closePart', placesOf({ ...positions, pages })));
  }

  /** Prints a part that does not depend on its page's number: in the other page if it is idle, and in this one if not. */
  async #printFree(shown: ShownPart, from: number, startsNaturally: boolean): Promise<PartEnd> {
    const { leadPages } = shown;
    const { session } = this.#context;
    const end = shown.endsNaturally
      ? await this.#closeFree(shown)
      : { to: shown.to, lastPage: null, endsNaturally: false };
    const place = { from, to: end.to, startsNaturally, leadPages, waits: false };
    const part: Part = { ...place, startPage: 0, pageCount: 0 };
    const isLast = shown.isLast && end.to === shown.to;
    // While the other page would print the last part, this one would have nothing to do.
    if (this.#beside?.waiting === 0 && !isLast) {
      const copy = await session.call('copyPart', null);
      this.#addFree(part, this.#printBeside(this.#beside, { from, leadPages, copy }));
    } else {
      const printed = await this.#printHere(leadPages, [], true);
      this.#addFree(part, Promise.resolve(printed));
      this.#printed = { from, part: { bytes: printed.bytes, leadPages } };
    }
    return end;
  }

  /** Has the other page print a part, which is joined as soon as it is there. */
  async #printBeside(
    beside: BesidePrinter,
    { from, leadPages, copy }: Pick<GivenPart['copied'], 'from' | 'leadPages' | 'copy'>,
  ): Promise<PrintedPart | undefined> {
    const work = beside.print(copy, leadPages).then(async printed => {
      if (printed)
        await this.#context.timed('join', () => this.#join.add(from, { bytes: printed.bytes, leadPages }));
      return printed;
    });
    // Whoever waits for the part hears of it.
    work.catch(() => undefined);
    return work;
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
  }

  /** Prints a part here that the other page could not show. */
  async #printAgain({ from, to, startsNaturally, leadPages }: Part): Promise<PrintedPart> {
    // As it was opened before: `startPage` is of no consequence but for the blank pages in front.
    const startPage = leadPages === 0 ? 1 : leadPages === 1 ? 2 : 3;
    await this.#open({ from, to, startsNaturally, startPage });
    const printed = await this.#printHere(leadPages, [], true);
    this.#printed = { from, part: { bytes: printed.bytes, leadPages } };
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
    let end: PartEnd = { to: part.to, lastPage: null, endsNaturally: false };
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
    this.#parts.push({
      from,
      to,
      startsNaturally,
      startPage,
      pageCount,
      leadPages,
      waits: !isFinal,
    });
    if (isFinal) this.#printed = { from, part: { bytes, leadPages } };
    this.#pageCount = lastPage;
    return end;
  }

  /** Prints the parts that show page numbers again, now that these are known. */
  async #printReferences(): Promise<void> {
    const { session, limits, timed, isTagged } = this.#context;
    if (!this.#parts.some(part => part.waits)) return;
    await timed('numbers', async () => session.call('setPages', Object.fromEntries(this.#pages)));
    for (const part of this.#parts) {
      if (!part.waits) continue;
      const { from, to, startsNaturally, startPage, leadPages } = part;
      if (this.#parts.length > 1) {
        await this.#open({ from, to, startsNaturally, startPage });
        await session.call('mark', []);
      } else await session.call('renewLeaders', null);
      const bytes = await timed('print', async () =>
        this.#whileJoining(printPage(session, limits, { isTagged, leadPages })),
      );
      this.#printed = { from, part: { bytes, leadPages } };
      await session.call('unmark', null);
      await this.#sheets?.give();
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
    if (printed) await this.#context.timed('join', () => this.#join.add(printed.from, printed.part));
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
