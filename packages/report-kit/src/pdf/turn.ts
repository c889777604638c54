import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work goes on for so long at most before others have their turn. */
const TURN_MS = 8;

/** Lets long work in this thread be interrupted: what comes from the browser is answered in between. */
export class Turn {
  #endsAt = performance.now() + TURN_MS;

  /** Whether others should have their turn. */
  get isOver(): boolean {
    return performance.now() > this.#endsAt;
  }

  /** Waits until it is this work's turn again. */
  async next(): Promise<void> {
    await nextTurn();
    this.#endsAt = performance.now() + TURN_MS;
  }
}
