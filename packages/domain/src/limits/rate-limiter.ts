import { messageOf, type Logger, type RateLimits } from '@glacis/foundation';
import type { WindowStore } from './window-store.ts';

/** What requests are counted by. */
export type RatePolicy = keyof RateLimits;

/** Whose requests are counted under a policy. */
export interface RateSubject {
  readonly policy: RatePolicy;
  readonly key: string;
}

/** Where a subject stands in its present window. */
export interface RateState {
  readonly policy: RatePolicy;
  readonly quota: number;
  readonly windowSeconds: number;
  /** How many requests are left; less than true while other processes hold leases. */
  readonly remaining: number;
  readonly resetSeconds: number;
  readonly isOver: boolean;
}

const WINDOW_SECONDS = 60;
/** A lease is this part of the quota, and never more than so many requests. */
const LEASE_PARTS = 20;
const MAX_LEASE = 200;
/** Most subjects that are remembered; over that, all are asked for anew. */
const MAX_SUBJECTS = 50_000;

interface Leased {
  readonly subject: string;
  readonly quota: number;
  readonly start: number;
  /** Requests that may pass without asking. */
  lease: number;
  /** Count of all processes as last heard. */
  used: number;
  isOver: boolean;
  pending: Promise<void> | undefined;
}

/**
 * Limits requests per minute. The counts are shared by all server processes, but not asked for at each request: a process
 * leases a part of the quota at a time and hands it out by itself, so that most requests cost no round trip, and together
 * the processes never let more than the quota pass. When the store is away each process counts for itself.
 */
export class RateLimiter {
  #store: WindowStore;
  #limits: RateLimits;
  #log: Logger;
  #now: () => number;
  #leased = new Map<string, Leased>();
  #waiting: { leased: Leased; resolve: () => void }[] = [];
  #isAway = false;
  #tidiedAt = 0;

  constructor(store: WindowStore, limits: RateLimits, log: Logger, now: () => number = Date.now) {
    this.#store = store;
    this.#limits = limits;
    this.#log = log;
    this.#now = now;
  }

  /** Counts one request of each subject. */
  take(subjects: readonly RateSubject[]): Promise<RateState[]> {
    return Promise.all(
      subjects
        .filter(subject => this.#limits[subject.policy] !== undefined)
        .map(subject => this.#takeOne(subject)),
    );
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #takeOne({ policy, key }: RateSubject): Promise<RateState> {
    const quota = this.#limits[policy] ?? 0;
    for (;;) {
      const leased = this.#leaseOf(`${policy}:${key}`, quota);
      if (leased.lease > 0) {
        leased.lease -= 1;
        return this.#state(policy, leased, false);
      }
      if (leased.isOver) return this.#state(policy, leased, true);
      leased.pending ??= this.#fill(leased).finally(() => (leased.pending = undefined));
      await leased.pending;
    }
  }

  #state(policy: RatePolicy, leased: Leased, isOver: boolean): RateState {
    const left = (leased.start + WINDOW_SECONDS) * 1000 - this.#now();
    return {
      policy,
      quota: leased.quota,
      windowSeconds: WINDOW_SECONDS,
      remaining: isOver ? 0 : Math.max(0, leased.quota - leased.used) + leased.lease,
      resetSeconds: Math.max(1, Math.ceil(left / 1000)),
      isOver,
    };
  }

  #leaseOf(subject: string, quota: number): Leased {
    const start = Math.floor(this.#now() / 1000 / WINDOW_SECONDS) * WINDOW_SECONDS;
    const known = this.#leased.get(subject);
    if (known?.start === start) return known;
    if (this.#leased.size >= MAX_SUBJECTS) this.#leased.clear();
    const fresh: Leased = { subject, quota, start, lease: 0, used: 0, isOver: false, pending: undefined };
    this.#leased.set(subject, fresh);
    this.#tidy(start);
    return fresh;
  }

  /** Asks for a lease, together with whoever else asks in the same turn of the event loop. */
  #fill(leased: Leased): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push({ leased, resolve });
      if (this.#waiting.length === 1) setImmediate(() => void this.#ask());
    });
  }

  async #ask(): Promise<void> {
    const asked = this.#waiting;
    this.#waiting = [];
    const wanted = asked.map(({ leased }) => ({
      subject: leased.subject,
      start: leased.start,
      seconds: WINDOW_SECONDS,
      amount: Math.max(1, Math.min(MAX_LEASE, Math.floor(leased.quota / LEASE_PARTS))),
    }));
    try {
      const used = await this.#store.add(wanted);
      this.#isAway = false;
      for (const [index, { leased }] of asked.entries()) {
        const amount = wanted[index]?.amount ?? 0;
        const after = used[index] ?? 0;
        leased.lease += Math.max(0, Math.min(amount, leased.quota - (after - amount)));
        leased.used = Math.min(leased.quota, after);
        leased.isOver = leased.lease === 0;
      }
    } catch (error) {
      if (!this.#isAway)
        this.#log.warn(
          { reason: messageOf(error) },
          'the shared rate limits are away; each server counts for itself',
        );
      this.#isAway = true;
      for (const { leased } of asked) {
        leased.lease = leased.quota - leased.used;
        leased.used = leased.quota;
        leased.isOver = leased.lease === 0;
      }
    }
    for (const { resolve } of asked) resolve();
  }

  /** Once a window, forgets old ones here and in the store. */
  #tidy(start: number): void {
    if (this.#tidiedAt === start) return;
    this.#tidiedAt = start;
    for (const [subject, leased] of this.#leased) if (leased.start < start) this.#leased.delete(subject);
    this.#store.forget(start - WINDOW_SECONDS).catch(() => {});
  }
}
