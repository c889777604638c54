import { setImmediate as yieldToLoop } from 'node:timers/promises';

/** Milliseconds of work after which sockets and timers get their turn. */
const SLICE_MS = 8;

/** Divides the one thread between matching and everything else: whoever is about to work waits while the slice is used up. */
export class LoopShare {
  private sliceStartedAt = performance.now();
  private next: Promise<void> | undefined;

  /** Resolves when there is time left in the slice. */
  async turn(): Promise<void> {
    while (performance.now() - this.sliceStartedAt > SLICE_MS) {
      this.next ??= this.newSlice();
      await this.next;
    }
  }

  private async newSlice(): Promise<void> {
    await yieldToLoop();
    this.next = undefined;
    this.sliceStartedAt = performance.now();
  }
}
