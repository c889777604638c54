import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, newId, type Logger } from '@glacis/foundation';
import type { Database } from '@glacis/db';
import { releaseDeadWorkers } from './dead-workers.ts';
import { JOBS_CHANNEL, type Job, type JobQueue } from './queue.ts';

/** Handles one job. It ends the job itself, in the transaction that stores its results; throwing gives it back. */
export type JobHandler = (job: Job, signal: AbortSignal) => Promise<void>;

/** One group of queues served with a common limit on jobs at a time. */
export interface Lane {
  readonly queues: readonly string[];
  readonly concurrency: number;
  readonly handle: JobHandler;
}

/** Safety net for notifications that were lost; the usual delay from insert to handler is a few ms. */
const POLL_MS = 1000;
const REAP_MS = 1000;
const FETCH_AT_ONCE = 4;
const RECONNECT_MS = 200;

/** A worker process's end of the queue. */
export interface Consumer {
  readonly workerId: string;
  /** Resolves once all running jobs have ended or were given back. */
  stop(): Promise<void>;
}

/**
 * Starts taking jobs. The process counts as alive while its own database session holds a lock, so its jobs are given to
 * others within about a second of a `kill -9`.
 */
export function startConsumer(options: {
  database: Database;
  queue: JobQueue;
  lanes: readonly Lane[];
  log: Logger;
}): Consumer {
  const { database, queue, lanes, log } = options;
  const workerId = newId();
  const stopping = new AbortController();
  /** What is being worked on, and the id of its job. */
  const running = new Map<Promise<void>, string>();
  const states = lanes.map(lane => ({ lane, active: 0, dirty: new Set(lane.queues), isFetching: false }));
  type LaneState = (typeof states)[number];

  async function pump(state: LaneState): Promise<void> {
    if (state.isFetching) return;
    state.isFetching = true;
    try {
      while (!stopping.signal.aborted && state.active < state.lane.concurrency) {
        const [name] = state.dirty;
        if (name === undefined) return;
        const wanted = Math.min(FETCH_AT_ONCE, state.lane.concurrency - state.active);
        // Moved to the back before the fetch, so that queues take turns and a wake-up during the fetch is not lost.
        state.dirty.delete(name);
        const jobs = await queue.fetch(name, wanted, workerId);
        if (jobs.length === wanted) state.dirty.add(name);
        for (const job of jobs) start(state, job);
      }
    } catch (error) {
      log.warn({ err: error }, 'jobs could not be fetched');
    } finally {
      state.isFetching = false;
    }
  }

  function start(state: LaneState, job: Job): void {
    state.active += 1;
    const work = state.lane
      .handle(job, stopping.signal)
      .catch(error => giveBack(job, messageOf(error)))
      .finally(() => {
        state.active -= 1;
        running.delete(work);
        void pump(state);
      });
    running.set(work, job.id);
  }

  /** Keeps trying while the database is away: until the job is given back it counts as ours. */
  async function giveBack(job: Job, reason: string): Promise<void> {
    log.warn({ job: job.id, queue: job.queue, attempt: job.attempt, reason }, 'a job is given back');
    for (let attempt = 0; attempt < 300; attempt += 1) {
      try {
        await queue.release(database.query, job.queue, [job.id], reason);
        return;
      } catch {
        if (stopping.signal.aborted) return;
        await delay(RECONNECT_MS);
      }
    }
  }

  /**
   * A crash of PostgreSQL may have lost the end of jobs that it had confirmed (ADR 5). They count as ours, and nobody works on
   * them: they are given back.
   */
  async function giveBackLost(): Promise<void> {
    const { rows } = await database.query(
      'select job_id as id, queue from control.job_claim where worker_id = $1 and job_id <> all($2::uuid[])',
      [workerId, [...running.values()]],
    );
    for (const row of rows)
      await queue.release(database.query, String(row['queue']), [String(row['id'])], 'its end was lost');
  }

  const wake = (name?: string): void => {
    for (const state of states) {
      for (const queueName of state.lane.queues)
        if (name === undefined || name === queueName) state.dirty.add(queueName);
      void pump(state);
    }
  };
  const poll = setInterval(() => wake(), POLL_MS);
  const reap = setInterval(() => {
    releaseDeadWorkers(database, queue, log).catch(error =>
      log.debug({ err: error }, 'dead workers could not be looked for'),
    );
  }, REAP_MS);
  const session = keepSession({
    database,
    workerId,
    lanes,
    log,
    signal: stopping.signal,
    onOpen: giveBackLost,
    onJob: wake,
  });

  return {
    workerId,
    stop: async () => {
      clearInterval(poll);
      clearInterval(reap);
      stopping.abort();
      await Promise.allSettled(running.keys());
      await session;
    },
  };
}

/** Holds the session that says "this worker lives", and listens on it for new jobs; reconnects for as long as we run. */
async function keepSession(of: {
  database: Database;
  workerId: string;
  lanes: readonly Lane[];
  log: Logger;
  signal: AbortSignal;
  onOpen: () => Promise<void>;
  onJob: (queue?: string) => void;
}): Promise<void> {
  const queues = of.lanes.flatMap(lane => lane.queues);
  while (!of.signal.aborted) {
    try {
      const client = await of.database.connect(`glacis-worker ${process.pid}`);
      const lost = new Promise<void>(resolve => {
        client.on('end', () => resolve()).on('error', () => resolve());
        of.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      const { rows } = await client.query<{ key: number }>(
        "select nextval('control.worker_lock_key')::int as key",
      );
      await client.query('select pg_advisory_lock(71, $1)', [rows[0]?.key]);
      await client.query(
        `insert into control.worker (id, lock_key, queues) values ($1, $2, $3)
         on conflict (id) do update set lock_key = excluded.lock_key`,
        [of.workerId, rows[0]?.key, queues],
      );
      client.on('notification', message => of.onJob(message.payload));
      await client.query(`listen ${JOBS_CHANNEL}`);
      await of.onOpen();
      of.onJob();
      await lost;
      if (of.signal.aborted) await client.query('delete from control.worker where id = $1', [of.workerId]);
      await client.end();
    } catch (error) {
      if (!of.signal.aborted)
        of.log.warn({ err: error }, 'the worker’s database session was lost; connecting again');
    }
    if (!of.signal.aborted) await delay(RECONNECT_MS);
  }
}
