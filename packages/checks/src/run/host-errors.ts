const PERMANENT = /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|no such host/;

/** Counts failures per host and port: a permanent one, or `max` passing ones in a row, and the host is skipped. 0 = never. */
export class HostErrors {
  private readonly max: number;
  private readonly failures = new Map<string, number>();

  constructor(max: number) {
    this.max = max;
  }

  /** True when the host is given up. */
  isSkipped(key: string): boolean {
    return this.max > 0 && (this.failures.get(key) ?? 0) >= this.max;
  }

  /** Takes note of an answer: the count starts again. */
  succeeded(key: string): void {
    this.failures.delete(key);
  }

  /** Takes note of a failure. */
  failed(key: string, message: string): void {
    if (this.max <= 0) return;
    const count = PERMANENT.test(message) ? this.max : (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, count);
  }

  /** The hosts given up so far. */
  skipped(): string[] {
    return [...this.failures].filter(([, count]) => count >= this.max).map(([key]) => key);
  }
}
