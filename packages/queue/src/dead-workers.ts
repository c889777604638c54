import type { Logger } from '@glacis/foundation';
import type { Database } from '@glacis/db';
import type { JobQueue } from './queue.ts';

/** A worker that died between taking jobs and noting that it has them leaves active jobs without a claim. */
const UNCLAIMED_SECONDS = 5;

const FIND = `
  select c.job_id as id, c.queue
  from control.job_claim c
  join control.worker w on w.id = c.worker_id
  where not exists (
    select 1 from pg_locks l
    where l.locktype = 'advisory' and l.granted and l.classid = 71 and l.objid::bigint = w.lock_key
      and l.database = (select oid from pg_database where datname = current_database()))
  union all
  select j.id, j.name from boss.job j
  where j.state = 'active' and j.started_on < now() - make_interval(secs => ${UNCLAIMED_SECONDS})
    and not exists (select 1 from control.job_claim c where c.job_id = j.id)`;

const FORGET = `
  delete from control.worker w
  where not exists (
    select 1 from pg_locks l
    where l.locktype = 'advisory' and l.granted and l.classid = 71 and l.objid::bigint = w.lock_key
      and l.database = (select oid from pg_database where datname = current_database()))`;

/** Gives the jobs of workers whose session is gone to others. Any process may call it; one at a time does the work. */
export async function releaseDeadWorkers(database: Database, queue: JobQueue, log: Logger): Promise<number> {
  const found = await database.query(FIND);
  if (found.rows.length === 0) return 0;
  return database.control.transaction().execute(async trx => {
    const query = database.through(trx);
    const lock = await query('select pg_try_advisory_xact_lock(71, -1) as won');
    if (lock.rows[0]?.['won'] !== true) return 0;
    const { rows } = await query(FIND);
    const byQueue = Map.groupBy(rows, row => String(row['queue']));
    for (const [name, jobs] of byQueue) {
      await queue.release(
        query,
        name,
        jobs.map(job => String(job['id'])),
        'its worker is gone',
      );
    }
    await query(FORGET);
    if (rows.length > 0) log.warn({ jobs: rows.length }, 'jobs of a dead worker were given to others');
    return rows.length;
  });
}
