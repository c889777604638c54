import type { CheckResult } from './result.ts';

const MAX_WAITING = 1_000;

/** Results between the scan and its reader; the scan starts no further job while many wait. */
export class ResultQueue {
  private items: CheckResult[] = [];
  private isEnded = false;
  private failure: unknown;
  private wakeReader: (() => void) | undefined;
  private readonly wakeWriters: (() => void)[] = [];

  /** Adds a result. */
  push(result: CheckResult): void {
    this.items.push(result);
    this.wakeReader?.();
  }

  /** No more results; `failure` is thrown at the reader unless undefined. */
  end(failure: unknown): void {
    this.isEnded = true;
    this.failure = failure;
    this.wakeReader?.();
  }

  /** Resolves when the reader keeps up. */
  async room(): Promise<void> {
    while (this.items.length > MAX_WAITING && !this.isEnded)
      await new Promise<void>(resolve => this.wakeWriters.push(resolve));
  }

  /** Gives the results until the end. */
  async *drain(): AsyncGenerator<CheckResult> {
    for (;;) {
      const batch = this.items;
      this.items = [];
      for (const wake of this.wakeWriters.splice(0)) wake();
      yield* batch;
      if (this.items.length > 0) continue;
      if (this.isEnded) break;
      await new Promise<void>(resolve => {
        this.wakeReader = resolve;
      });
      this.wakeReader = undefined;
    }
    if (this.failure !== undefined) throw this.failure;
  }
}
