import { messageOf, newId, type Logger } from '@glacis/foundation';
import type { Database, PlainQuery } from '@glacis/db';
import { PgBoss } from 'pg-boss';
import { z } from 'zod';

/** Channel on which producers name the queue that has new jobs. */
export const JOBS_CHANNEL = 'glacis_jobs';
const SCHEMA = 'boss';
/** Deliveries are repeated until the ledger of the job's owner says that it ended; this only bounds a job that kills every worker. */
const RETRY_LIMIT = 30;
const EXPIRE_SECONDS = 900;

/** What a job carries: whose it is and what it is about, as identifiers only; never secrets or scanned bytes. */
export const jobData = z.object({ tenantId: z.string(), subjectId: z.string() });
export type JobData = z.infer<typeof jobData>;

/** A job as a worker gets it. `attempt` starts at 0. */
export interface Job {
  readonly id: string;
  readonly queue: string;
  readonly data: JobData;
  readonly attempt: number;
}

/** The queue of the platform: PostgreSQL tables kept by pg-boss. */
export interface JobQueue {
  /** Adds jobs within the transaction behind `query`; workers are woken when it commits. */
  enqueue(query: PlainQuery, queue: string, jobs: readonly JobData[]): Promise<void>;
  /** Takes up to `count` jobs and notes that `workerId` has them. */
  fetch(queue: string, count: number, workerId: string): Promise<readonly Job[]>;
  /** Ends a job within the transaction behind `query`. Ending one that is gone is no error. */
  finish(query: PlainQuery, job: Job): Promise<void>;
  /** Gives jobs back for another attempt. */
  release(query: PlainQuery, queue: string, ids: readonly string[], reason: string): Promise<void>;
  /** Removes every job of a tenant, whatever its state. */
  removeOf(query: PlainQuery, tenantId: string): Promise<void>;
  /** How many jobs wait, run and were given up, by queue. */
  depths(query: PlainQuery): Promise<readonly QueueDepth[]>;
  /** Names of all queues, those of earlier versions too. */
  names(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What lies in a queue. */
export interface QueueDepth {
  readonly queue: string;
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
}

const queueDepth = z.object({
  queue: z.string(),
  waiting: z.number(),
  active: z.number(),
  failed: z.number(),
});

/**
 * Opens the queue. `install` makes or migrates its tables and queues (one process at start-up does this; the others expect
 * them); `isKeeper` expires and tidies jobs while it runs (one process does, more do no harm).
 */
export async function openQueue(options: {
  database: Database;
  log: Logger;
  install?: { queues: readonly string[] };
  isKeeper?: boolean;
}): Promise<JobQueue> {
  const { database, log } = options;
  const open = async (settings: { isInstaller: boolean }): Promise<PgBoss> => {
    const boss = new PgBoss({
      db: { executeSql: (text, values = []) => database.query(text, values) },
      schema: SCHEMA,
      migrate: settings.isInstaller,
      createSchema: settings.isInstaller,
      supervise: !settings.isInstaller && (options.isKeeper ?? false),
      schedule: false,
    });
    boss.on('error', error => log.warn({ err: error }, 'the job queue reports an error'));
    return boss.start();
  };
  if (options.install) {
    const installer = await open({ isInstaller: true });
    for (const queue of options.install.queues) {
      await installer.createQueue(queue, {
        retryLimit: RETRY_LIMIT,
        retryDelay: 0,
        expireInSeconds: EXPIRE_SECONDS,
      });
    }
    await installer.stop({ graceful: false });
  }
  // Opened after the queues exist: it knows them from its start and asks for none within a transaction.
  const boss = await open({ isInstaller: false });

  const through = (query: PlainQuery) => ({
    db: { executeSql: (text: string, values: unknown[] = []) => query(text, values) },
  });
  const wake = (query: PlainQuery, queue: string) => query('select pg_notify($1, $2)', [JOBS_CHANNEL, queue]);

  return {
    enqueue: async (query, queue, jobs) => {
      if (jobs.length === 0) return;
      const rows = jobs.map(data => ({ id: newId(), data, group: { id: data.tenantId } }));
      await boss.insert(queue, rows, through(query));
      await wake(query, queue);
    },
    fetch: async (queue, count, workerId) => {
      const rows = await boss.fetch<unknown>(queue, { batchSize: count, includeMetadata: true });
      if (rows.length === 0) return [];
      await database.query(
        `insert into control.job_claim (job_id, queue, worker_id) select unnest($1::uuid[]), $2, $3
         on conflict (job_id) do update set worker_id = excluded.worker_id, claimed_at = now()`,
        [rows.map(row => row.id), queue, workerId],
      );
      return rows.map(row => ({ id: row.id, queue, data: jobData.parse(row.data), attempt: row.retryCount }));
    },
    finish: async (query, job) => {
      await boss.deleteJob(job.queue, job.id, through(query));
      await query('delete from control.job_claim where job_id = $1', [job.id]);
    },
    release: async (query, queue, ids, reason) => {
      if (ids.length === 0) return;
      await boss.fail(queue, [...ids], { reason: reason.slice(0, 500) }, through(query));
      await query('delete from control.job_claim where job_id = any($1::uuid[])', [ids]);
      await wake(query, queue);
    },
    removeOf: async (query, tenantId) => {
      await query(
        `with gone as (delete from ${SCHEMA}.job where data ->> 'tenantId' = $1 returning id)
         delete from control.job_claim where job_id in (select id from gone)`,
        [tenantId],
      );
    },
    depths: async query => {
      const { rows } = await query(
        `select name as queue, count(*) filter (where state in ('created', 'retry'))::int as waiting,
           count(*) filter (where state = 'active')::int as active,
           count(*) filter (where state = 'failed')::int as failed
         from ${SCHEMA}.job group by name order by name`,
      );
      return rows.map(row => queueDepth.parse(row));
    },
    names: async () => (await boss.getQueues()).map(queue => queue.name),
    close: () => boss.stop({ graceful: false }).catch(error => log.warn(messageOf(error))),
  };
}
