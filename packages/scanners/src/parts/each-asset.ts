import type { CoverageObservation, InputAsset, Observation } from '@glacis/engine';
import { EgressError, messageOf } from '@glacis/foundation';

/** How looking at one asset ended, and what a person should know about it. */
export interface Outcome {
  readonly outcome: CoverageObservation['outcome'];
  readonly detail?: string;
  /** The rules of templates that were looked for. */
  readonly rules?: NonNullable<CoverageObservation['rules']>;
}

/** Looks at one asset: yields what it sees and returns how it ended; nothing returned means `looked`. */
export type Look = (asset: InputAsset) => AsyncGenerator<Finding, Outcome | undefined, void>;
type Finding = Exclude<Observation, CoverageObservation>;

/** Observations that may wait for ingest before the assets' work is paused. */
const MAX_WAITING = 500;

/**
 * Looks at many assets, `atOnce` of them at a time, and yields exactly one coverage observation for each. What goes wrong
 * with one asset ends in its coverage and does not touch the others; an asset that takes longer than `limitMs` is cut off.
 * Only cancellation and defects end the whole.
 */
export async function* eachAsset(
  assets: readonly InputAsset[],
  options: { atOnce: number; limitMs: number; signal: AbortSignal },
  look: Look,
): AsyncGenerator<Observation, void, void> {
  const channel = new Channel();
  let next = 0;
  const work = async () => {
    for (let asset = assets[next++]; asset && !channel.isClosed; asset = assets[next++]) {
      const outcome = await lookAt(asset, options.limitMs, look, channel);
      await channel.push({
        type: 'coverage',
        asset: { kind: asset.kind, key: asset.key },
        ...outcome,
      });
    }
  };
  const workers = Promise.all(Array.from({ length: Math.min(options.atOnce, assets.length) }, work));
  workers.then(
    () => channel.end(),
    (error: unknown) => channel.end(error),
  );
  const onAbort = () => channel.end(new EgressError('cancelled', 'The scan was cancelled.'));
  if (options.signal.aborted) onAbort();
  options.signal.addEventListener('abort', onAbort, { once: true });
  try {
    yield* channel.drain();
  } finally {
    options.signal.removeEventListener('abort', onAbort);
    channel.end();
  }
}

async function lookAt(asset: InputAsset, limitMs: number, look: Look, channel: Channel): Promise<Outcome> {
  const looking = look(asset);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>(resolve => {
    timer = setTimeout(resolve, limitMs, 'late');
  });
  try {
    for (;;) {
      const step = await Promise.race([looking.next(), late]);
      if (step === 'late') {
        looking.return(undefined).catch(() => undefined);
        return { outcome: 'limited', detail: `cut off after ${Math.round(limitMs / 1000)} s` };
      }
      if (step.done) return step.value ?? { outcome: 'looked' };
      await channel.push(step.value);
    }
  } catch (error) {
    return outcomeOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** What an error of the guard means for the asset. @throws the error itself when it is cancellation or a defect. */
export function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof EgressError) || error.code === 'cancelled') throw error;
  const detail = messageOf(error).slice(0, 300);
  if (error.code === 'out-of-scope' || error.code === 'forbidden-address')
    return { outcome: 'skipped', detail };
  return { outcome: error.code === 'limit' ? 'limited' : 'unreachable', detail };
}

/** Runs `task` over the items, at most `atOnce` at a time, and gives the results in the order of the items. */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await task(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return results;
}

/** Hands observations from many producers to one consumer, and holds the producers back when it is slow. */
class Channel {
  #items: Observation[] = [];
  #end: { error?: unknown } | undefined;
  #wakeConsumer = () => {};
  #wakeProducers: (() => void)[] = [];

  get isClosed(): boolean {
    return this.#end !== undefined;
  }

  async push(item: Observation): Promise<void> {
    while (this.#items.length >= MAX_WAITING && !this.#end)
      await new Promise<void>(resolve => this.#wakeProducers.push(resolve));
    if (this.#end) return;
    this.#items.push(item);
    this.#wakeConsumer();
  }

  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wakeConsumer();
    this.#release();
  }

  #release(): void {
    const waiting = this.#wakeProducers;
    this.#wakeProducers = [];
    for (const wake of waiting) wake();
  }

  async *drain(): AsyncGenerator<Observation, void, void> {
    for (;;) {
      if (this.#end && 'error' in this.#end) throw this.#end.error;
      const items = this.#items;
      this.#items = [];
      this.#release();
      yield* items;
      if (this.#items.length > 0) continue;
      if (this.#end) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      }
      await new Promise<void>(resolve => {
        this.#wakeConsumer = resolve;
      });
    }
  }
}
