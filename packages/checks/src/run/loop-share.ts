import { setImmediate as yieldToLoop } from 'node:timers/promises';

/** Milliseconds of work after which sockets and timers get their turn. */
const SLICE_MS = 8;

/** Divides the one thread between matching and everything else: whoever is about to work waits while the slice is used up. */
export class LoopShare {
  private sliceStartedAt = performance.now();
  private last: Promise<void> = Promise.resolve();

  /**
   * Resolves when there is time left in the slice. Turns are given one after the other: the next is decided on when the work
   * that followed this one is done, or many that ask at once would all find the slice unused.
   */
  turn(): Promise<void> {
    const turn = this.last.then(() => this.room());
    this.last = turn;
    return turn;
  }

  private async room(): Promise<void> {
    while (performance.now() - this.sliceStartedAt > SLICE_MS) {
      await yieldToLoop();
      this.sliceStartedAt = performance.now();
    }
  }
}
