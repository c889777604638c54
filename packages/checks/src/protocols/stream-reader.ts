import type { Duplex } from 'node:stream';

/** How long a read waits. */
export interface ReadLimits {
  /** Bytes wanted. */
  readonly size: number;
  /** Milliseconds until the first byte. */
  readonly firstMs: number;
  /** Milliseconds of silence after which what came is enough. */
  readonly quietMs: number;
}

/** Reads from a connection in pieces; remembers bytes that came before they were asked for. */
export class StreamReader {
  private chunks: Buffer[] = [];
  private size = 0;
  private isClosed = false;
  private wake: (() => void) | undefined;
  private readonly stream: Duplex;
  private readonly maxBuffered: number;

  constructor(stream: Duplex, maxBuffered = 4 * 1024 * 1024) {
    this.stream = stream;
    this.maxBuffered = maxBuffered;
    stream.on('data', this.take);
    stream.on('end', this.close).on('close', this.close).on('error', this.close);
    // One that was handed over is paused.
    stream.resume();
  }

  private readonly close = (): void => {
    this.isClosed = true;
    this.wake?.();
  };

  private readonly take = (chunk: Buffer): void => {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size > this.maxBuffered) this.stream.pause();
    this.wake?.();
  };

  /** Gives the connection to somebody else, paused, with the bytes that nobody has asked for. Rejects when it has ended. */
  handOver(): void {
    if (this.isClosed) throw new Error('the connection ended');
    this.stream.pause();
    this.stream.off('data', this.take);
    this.stream.off('end', this.close).off('close', this.close).off('error', this.close);
    if (this.size > 0) this.stream.unshift(Buffer.concat(this.chunks));
    this.chunks = [];
  }

  /** Waits for bytes up to the limits and gives at most `size` of them; '' when none came. */
  async read(limits: ReadLimits): Promise<string> {
    const deadline = performance.now() + limits.firstMs + 10 * limits.quietMs;
    while (this.size < limits.size && !this.isClosed) {
      const before = this.size;
      const waitMs = Math.min(before === 0 ? limits.firstMs : limits.quietMs, deadline - performance.now());
      if (waitMs <= 0) break;
      await this.changed(waitMs);
      if (this.size === before) break;
    }
    const all = Buffer.concat(this.chunks);
    const given = all.subarray(0, limits.size);
    const rest = all.subarray(given.length);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.size = rest.length;
    if (this.stream.isPaused()) this.stream.resume();
    return given.toString('latin1');
  }

  private changed(waitMs: number): Promise<void> {
    return new Promise(resolve => {
      const finish = (): void => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
      const timer = setTimeout(finish, waitMs);
      this.wake = finish;
    });
  }
}
