import type { MemoryCollector } from './memory.ts';
import type { PageSession } from './page-session.ts';
import type { PrintContext } from './print-document.ts';
import { positionsIn } from './print-part.ts';
import type { PrintedPart } from './print-part.ts';
import { printPage } from './print.ts';

/** The other page of a job: prints what it is given as HTML, one after the other. */
export class BesidePrinter {
  readonly #session: PageSession;
  readonly #context: PrintContext;
  readonly #memory: MemoryCollector;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: PageSession, context: PrintContext, memory: MemoryCollector) {
    this.#session = session;
    this.#context = context;
    this.#memory = memory;
  }

  /** How many times it was given something that it has not printed yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Prints a part that `kit.copyPart` gave; undefined when HTML does not say all of it. */
  async print(copy: string, leadPages: number): Promise<PrintedPart | undefined> {
    const { limits, isTagged, timed } = this.#context;
    return this.#inTurn(async session =>
      timed('printBeside', async () => {
        if ((await session.call('showCopy', copy)) !== true) return undefined;
        const bytes = await printPage(session, limits, { isTagged, leadPages });
        return { bytes, positions: positionsIn(bytes, leadPages) };
      }),
    );
  }

  /** Prints sheets that `kit.copySheets` gave; undefined when HTML does not say all of them. */
  async printSheets(copy: string): Promise<Uint8Array | undefined> {
    return this.#inTurn(async session => {
      if ((await session.call('showCopy', copy)) !== true) return undefined;
      return printPage(session, this.#context.limits, { isTagged: false });
    });
  }

  async #inTurn<T>(work: (session: PageSession) => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const turn = this.#last
      .then(async () => this.#memory.collect(this.#session))
      .then(async () => work(this.#session))
      .finally(() => {
        this.#waiting -= 1;
      });
    // Whoever asked for it hears of it; the next one has its turn all the same.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
