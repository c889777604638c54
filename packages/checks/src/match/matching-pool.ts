import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { DslValue } from '../dsl/values.ts';
import type { Operators } from '../template/model.ts';
import type { EventData } from './event-data.ts';
import type { MatchingJob, MatchingReply, PartReference } from './matching-job.ts';
import { namesRead } from './names-read.ts';
import { sourceOf } from './operators-source.ts';
import type { OperatorsSource } from './operators-source.ts';
import { SentParts } from './sent-parts.ts';

/** Limits of matching on other threads. */
export interface MatchingLimits {
  readonly threads: number;
  /** Milliseconds after which a job is stopped; the event then counts as not matched. */
  readonly jobMs: number;
  /** Megabytes of a thread's heap. */
  readonly heapMb: number;
}

/** One thread fewer than the machine has cores, at most two: the first core is the event loop's. */
export const DEFAULT_MATCHING_LIMITS: MatchingLimits = {
  threads: Math.max(1, Math.min(2, availableParallelism() - 1)),
  jobMs: 10_000,
  heapMb: 512,
};

/** Texts from this length on are kept by the thread, since the templates that share an answer send the same ones. */
const MIN_PART = 16_384;

interface Waiting {
  readonly operators: Operators;
  readonly data: EventData;
  readonly settle: (reply: MatchingReply | undefined) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly parts: SentParts;
  /** Numbers of the operators it has. */
  readonly known: Set<number>;
  job: Waiting | undefined;
  timer: NodeJS.Timeout | undefined;
}

let lastNumber = 0;
const numbers = new WeakMap<Operators, number>();

function numberOf(operators: Operators): number {
  const number = numbers.get(operators) ?? (lastNumber += 1);
  numbers.set(operators, number);
  return number;
}

/** Threads that run operators over events too large for the event loop; the first job starts the first thread. */
export class MatchingPool {
  private readonly limits: MatchingLimits;
  private readonly warn: (message: string) => void;
  private readonly threads: Thread[] = [];
  private readonly queue: Waiting[] = [];
  private isClosed = false;

  constructor(warn: (message: string) => void, limits: MatchingLimits = DEFAULT_MATCHING_LIMITS) {
    this.warn = warn;
    this.limits = limits;
  }

  /** Runs operators over an event; undefined when that was stopped, which a warning says. */
  run(operators: Operators, data: EventData): Promise<MatchingReply | undefined> {
    return new Promise(settle => {
      if (this.isClosed) return settle(undefined);
      this.queue.push({ operators, data, settle });
      this.dispatch();
    });
  }

  /** Ends the threads; jobs under way count as stopped. */
  close(): void {
    this.isClosed = true;
    for (const waiting of this.queue.splice(0)) waiting.settle(undefined);
    for (let thread = this.threads[0]; thread !== undefined; thread = this.threads[0]) this.end(thread);
  }

  private dispatch(): void {
    while (this.queue.length > 0) {
      const free = this.threads.find(thread => thread.job === undefined);
      const thread = free ?? (this.threads.length < this.limits.threads ? this.start() : undefined);
      if (thread === undefined) return;
      const waiting = this.queue.shift();
      if (waiting !== undefined) this.send(thread, waiting);
    }
  }

  private start(): Thread {
    const worker = new Worker(new URL('matching-thread.ts', import.meta.url), {
      // The process may run with flags that a thread does not take.
      execArgv: ['--disable-warning=ExperimentalWarning'],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: this.limits.heapMb, maxYoungGenerationSizeMb: 48 },
    });
    const thread: Thread = {
      worker,
      parts: new SentParts(),
      known: new Set(),
      job: undefined,
      timer: undefined,
    };
    worker.on('message', (reply: MatchingReply) => this.finish(thread, reply));
    worker.on('error', error => this.stop(thread, `failed: ${error.message}`));
    worker.unref();
    this.threads.push(thread);
    return thread;
  }

  private send(thread: Thread, waiting: Waiting): void {
    thread.job = waiting;
    // Only while it works does a thread keep the process alive.
    thread.worker.ref();
    const stopped = `took longer than ${this.limits.jobMs / 1000} s`;
    thread.timer = setTimeout(() => this.stop(thread, stopped), this.limits.jobMs);
    thread.worker.postMessage(jobOf(thread, waiting), []);
  }

  private finish(thread: Thread, reply: MatchingReply | undefined): void {
    const { job } = thread;
    clearTimeout(thread.timer);
    thread.job = undefined;
    thread.worker.unref();
    job?.settle(reply);
    this.dispatch();
  }

  private stop(thread: Thread, why: string): void {
    const { job } = thread;
    if (job !== undefined) {
      const id = String(job.data.get('template-id') ?? 'a template');
      this.warn(`${id}: matching ${why} and was stopped; the answer counts as not matched`);
    }
    this.end(thread);
    this.dispatch();
  }

  private end(thread: Thread): void {
    const at = this.threads.indexOf(thread);
    if (at !== -1) this.threads.splice(at, 1);
    const { job } = thread;
    thread.job = undefined;
    clearTimeout(thread.timer);
    thread.worker.removeAllListeners('message');
    void thread.worker.terminate();
    job?.settle(undefined);
  }
}

function jobOf(thread: Thread, { operators, data }: Waiting): MatchingJob {
  const number = numberOf(operators);
  const source: OperatorsSource | undefined = thread.known.has(number) ? undefined : sourceOf(operators);
  thread.known.add(number);
  const values: [string, DslValue | PartReference][] = [];
  for (const name of namesRead(operators)) {
    const value = data.get(name);
    if (value === undefined) continue;
    const isPart = typeof value === 'string' && value.length >= MIN_PART;
    values.push([name, isPart ? { part: thread.parts.numberOf(value) } : value]);
  }
  const { added, forgotten } = thread.parts.changes();
  return { operators: number, source, parts: added, forgotten, values, effects: data.effects };
}
