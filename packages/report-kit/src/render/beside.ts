import type { MemoryCollector } from './memory.ts';
import type { PageSession } from './page-session.ts';
import type { PrintContext } from './print-document.ts';
import { positionsIn } from './print-part.ts';
import type { PrintedPart } from './print-part.ts';
import { printPage } from './print.ts';

/** The other page of a job: prints the parts that it is given as HTML, one after the other. */
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

  /** Parts that it was given and has not printed yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Prints a part that `kit.copyPart` gave; undefined when HTML does not say all of it. */
  async print(copy: unknown, leadPages: number): Promise<PrintedPart | undefined> {
    this.#waiting += 1;
    const work = this.#last
      .then(async () => this.#print(copy, leadPages))
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#last = work.catch(() => undefined);
    return work;
  }

  async #print(copy: unknown, leadPages: number): Promise<PrintedPart | undefined> {
    const { limits, isTagged, timed } = this.#context;
    await this.#memory.collect(this.#session);
    return timed('printBeside', async () => {
      if ((await this.#session.call('showCopy', copy)) !== true) return undefined;
      const bytes = await printPage(this.#session, limits, { isTagged, leadPages });
      return { bytes, positions: positionsIn(bytes, leadPages) };
    });
  }

  /** Prints sheets that `kit.copySheets` gave; undefined when HTML does not say all of them. */
  async printSheets(copy: unknown): Promise<Uint8Array | undefined> {
    await this.#last;
    if ((await this.#session.call('showCopy', copy)) !== true) return undefined;
    return printPage(this.#session, this.#context.limits, { isTagged: false });
  }
}
