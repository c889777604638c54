import { z } from 'zod';
import type { BesidePrinter } from './beside.ts';
import type { PrintContext } from './print-document.ts';
import { begun } from './print-part.ts';
import { printPage } from './print.ts';

/** Pages whose sheets are printed at once. */
const AT_ONCE = 200;
/** So many times as many wait for the other page at most. */
const GIVEN_AT_ONCE = 2;

const copiedSheets = z.object({ numbers: z.array(z.int().min(1)), copy: z.string().optional() });
const shownSheets = z.array(z.int().min(1));

/** Sheets to lay over the pages with these numbers. */
export interface PrintedSheets {
  readonly numbers: readonly number[];
  readonly bytes: Uint8Array;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

interface GivenSheets {
  readonly range: Range;
  readonly numbers: readonly number[];
  readonly bytes: Promise<Uint8Array | undefined>;
}

/**
 * Prints what stands in the margins of all pages (running elements, named strings, page numbers) on sheets to be laid over
 * them: in the other page, and in this one when it has nothing else to do.
 */
export class SheetPrinter {
  readonly #context: PrintContext;
  readonly #beside: BesidePrinter | undefined;
  readonly #pageCount: number;
  readonly #printed: PrintedSheets[] = [];
  readonly #given: GivenSheets[] = [];
  /** What HTML does not say all of. */
  readonly #left: Range[] = [];
  #pages: Readonly<Record<string, number>> | undefined;
  #next = 1;

  constructor(
    context: PrintContext,
    beside: BesidePrinter | undefined,
    pageCount: number,
    pages: ReadonlyMap<string, number>,
  ) {
    this.#context = context;
    this.#beside = beside;
    this.#pageCount = pageCount;
    this.#pages = Object.fromEntries(pages);
  }

  #takeRange(): Range {
    const from = this.#next;
    const to = Math.min(this.#pageCount, from + AT_ONCE - 1);
    this.#next = to + 1;
    return { from, to };
  }

  /** What the page needs to lay these sheets out; the places of everything go along once. */
  #order(range: Range) {
    const pages = this.#pages;
    this.#pages = undefined;
    return { ...range, pageCount: this.#pageCount, ...(pages ? { pages } : {}) };
  }

  /** Gives the other page sheets to print, unless it has enough to do. */
  async give(): Promise<void> {
    const beside = this.#beside;
    if (!beside) return;
    for (let { waiting } = beside; waiting < GIVEN_AT_ONCE && this.#next <= this.#pageCount; waiting++) {
      const range = this.#takeRange();
      const { numbers, copy } = copiedSheets.parse(
        await this.#context.timed('overlay', async () =>
          this.#context.session.call('copySheets', this.#order(range)),
        ),
      );
      if (numbers.length === 0) continue;
      if (copy === undefined) this.#left.push(range);
      else this.#given.push({ range, numbers, bytes: begun(beside.printSheets(copy)) });
    }
  }

  /** Prints in this page, whose document is gone afterwards. */
  async #printHere(range: Range): Promise<void> {
    const { session, limits, timed } = this.#context;
    await timed('overlay', async () => {
      const numbers = shownSheets.parse(await session.call('sheets', this.#order(range)));
      if (numbers.length === 0) return;
      this.#printed.push({ numbers, bytes: await printPage(session, limits, { isTagged: false }) });
    });
  }

  /** Prints what is left in both pages, once this one is not needed for the document any more; all sheets, in any order. */
  async finish(): Promise<readonly PrintedSheets[]> {
    while (this.#next <= this.#pageCount) {
      await this.give();
      if (this.#next <= this.#pageCount) await this.#printHere(this.#takeRange());
    }
    for (const { range, numbers, bytes } of this.#given) {
      const printed = await bytes;
      if (printed) this.#printed.push({ numbers, bytes: printed });
      else this.#left.push(range);
    }
    for (const range of this.#left) await this.#printHere(range);
    return this.#printed;
  }
}
