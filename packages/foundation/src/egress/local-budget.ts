import type { AddressBudget } from './guard.ts';
import { EgressError } from './guard.ts';

interface Bucket {
  tokens: number;
  filledAtMs: number;
  waiting: number;
  /** The last taker in line: each waits for the one before, so that order is kept and nobody starves. */
  tail: Promise<void>;
}

/** Most buckets kept; full ones are forgotten first, since a forgotten bucket is a full one. */
const MAX_BUCKETS = 50_000;

/** A token bucket per address for one process: `rate` tokens per second, at most `burst` at once. */
export class LocalBudget implements AddressBudget {
  readonly #rate: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: { ratePerAddress: number; burstPerAddress: number }) {
    this.#rate = options.ratePerAddress;
    this.#burst = options.burstPerAddress;
  }

  take(address: string, count: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(cancelled());
    const bucket = this.#bucketOf(address);
    if (bucket.waiting === 0 && this.#spend(bucket, count)) return Promise.resolve();
    bucket.waiting += 1;
    const turn = bucket.tail.then(() => this.#wait(bucket, count, signal));
    bucket.tail = leave(turn, bucket);
    return untilAborted(turn, signal);
  }

  #bucketOf(address: string): Bucket {
    const known = this.#buckets.get(address);
    if (known) return known;
    if (this.#buckets.size >= MAX_BUCKETS) this.#forgetFullBuckets();
    const bucket: Bucket = {
      tokens: this.#burst,
      filledAtMs: performance.now(),
      waiting: 0,
      tail: Promise.resolve(),
    };
    this.#buckets.set(address, bucket);
    return bucket;
  }

  #forgetFullBuckets(): void {
    for (const [address, bucket] of this.#buckets) {
      this.#refill(bucket);
      if (bucket.waiting === 0 && bucket.tokens >= this.#burst) this.#buckets.delete(address);
    }
  }

  #refill(bucket: Bucket): void {
    const now = performance.now();
    const grown = bucket.tokens + ((now - bucket.filledAtMs) / 1000) * this.#rate;
    bucket.tokens = Math.min(this.#burst, grown);
    bucket.filledAtMs = now;
  }

  #spend(bucket: Bucket, count: number): boolean {
    this.#refill(bucket);
    if (bucket.tokens < count) return false;
    bucket.tokens -= count;
    return true;
  }

  async #wait(bucket: Bucket, count: number, signal: AbortSignal): Promise<void> {
    let left = count;
    while (left > 0) {
      if (signal.aborted) throw cancelled();
      const wanted = Math.min(left, this.#burst);
      if (this.#spend(bucket, wanted)) left -= wanted;
      else await pause(((wanted - bucket.tokens) / this.#rate) * 1000, signal);
    }
  }
}

/** Settles when the taker is done, for better or worse, and takes it out of the line. */
async function leave(turn: Promise<void>, bucket: Bucket): Promise<void> {
  await turn.catch(() => undefined);
  bucket.waiting -= 1;
}

function cancelled(): EgressError {
  return new EgressError('cancelled', 'The scan was cancelled.');
}

/** Settles as `work` does, or rejects at once when the signal aborts. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled());
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Resolves after `ms` or at once when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(1, Math.ceil(ms)));
    signal.addEventListener('abort', done);
  });
}
