/** Raised where an operator would need more time than the event loop can give; the caller runs it on another thread. */
export class HeavyWork extends Error {
  override readonly name = 'HeavyWork';
}

/** Characters that automata may still read; without an allowance as many as they like. */
let left = Number.POSITIVE_INFINITY;

/** Runs `work`; throws HeavyWork when it would have automata read more than `characters` in all. */
export function withAllowance<T>(characters: number, work: () => T): T {
  const before = left;
  left = characters;
  try {
    return work();
  } finally {
    left = before;
  }
}

/** Announces work of about `characters` characters read by an automaton. Throws HeavyWork when the allowance is spent. */
export function charge(characters: number): void {
  left -= characters;
  if (left < 0) throw new HeavyWork('more than the event loop can give');
}
