import type { Scan } from '../run/scan.ts';

const EVERY_MS = 500;

/** A line on the terminal while a scan runs: requests, rate, matches, time left. Silent when not on a terminal. */
export class Progress {
  private readonly isShown: boolean;
  private timer: NodeJS.Timeout | undefined;
  private hasLine = false;

  constructor(isShown: boolean) {
    this.isShown = isShown;
  }

  /** Shows the counters of a scan until stopped. */
  watch(scan: Scan, groups: number): void {
    if (!this.isShown) return;
    const startedAt = performance.now();
    this.timer = setInterval(() => {
      const seconds = (performance.now() - startedAt) / 1000;
      const { done, known } = scan.progress;
      const left =
        done > 0 && known > done ? ` · ${Math.round((seconds / done) * (known - done))} s left` : '';
      const rate = Math.round(scan.counters.requests / Math.max(seconds, 0.1));
      this.clear();
      process.stderr.write(
        `${done}/${Math.max(known, groups)} · ${scan.counters.requests} requests · ${rate}/s · ${scan.counters.matches} matches${left}`,
      );
      this.hasLine = true;
    }, EVERY_MS);
    this.timer.unref();
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.hasLine) process.stderr.write('\r\x1b[2K');
    this.hasLine = false;
  }

  /** Ends the display. */
  stop(): void {
    clearInterval(this.timer);
    this.clear();
  }
}
