/** Lets at most `perSecond` acquisitions through per second, evenly spread with a burst of a tenth of a second. 0 = no limit. */
export class RateLimiter {
  private readonly intervalMs: number;
  private readonly burstMs: number;
  private nextAt = 0;

  constructor(perSecond: number) {
    this.intervalMs = perSecond > 0 ? 1000 / perSecond : 0;
    this.burstMs = Math.max(this.intervalMs, 100);
  }

  /** Resolves when a request may go out; rejects when the signal aborts. */
  async acquire(signal: AbortSignal | undefined): Promise<void> {
    if (this.intervalMs === 0) return;
    const now = performance.now();
    this.nextAt = Math.max(this.nextAt, now - this.burstMs) + this.intervalMs;
    const waitMs = this.nextAt - now;
    if (waitMs > 0) await pause(waitMs, signal);
  }
}

/** Waits; rejects at once when the signal aborts. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new Error('stopped'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** A rate limit of its own for each host. Hosts that rest are forgotten. */
export class HostRateLimiter {
  private readonly perSecond: number;
  private readonly limiters = new Map<string, RateLimiter>();

  constructor(perSecond: number) {
    this.perSecond = perSecond;
  }

  /** Resolves when a request to the host may go out. */
  async acquire(host: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.perSecond <= 0) return;
    let limiter = this.limiters.get(host);
    if (limiter === undefined) {
      limiter = new RateLimiter(this.perSecond);
      if (this.limiters.size > 50_000) this.limiters.clear();
      this.limiters.set(host, limiter);
    }
    await limiter.acquire(signal);
  }
}
