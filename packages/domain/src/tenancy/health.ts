import type { PlatformHealth } from '@glacis/contract';
import { sql } from '@glacis/db';
import type { Platform } from '../platform.ts';

interface WorkerRow {
  id: string;
  queues: number;
  started_at: Date;
  is_alive: boolean;
  jobs: number;
}

/** How the platform is: who works, what waits, what failed, how large it has grown. */
export async function readHealth(platform: Platform): Promise<PlatformHealth> {
  const { database, queue } = platform;
  const { rows: workers } = await sql<WorkerRow>`select w.id, cardinality(w.queues) as queues, w.started_at,
      exists (select 1 from pg_locks l where l.locktype = 'advisory' and l.classid = 71 and l.objid = w.lock_key
        and l.granted) as is_alive,
      (select count(*)::int from control.job_claim c where c.worker_id = w.id) as jobs
    from control.worker w order by w.started_at limit 1000`.execute(database.control);
  const { rows: sizes } = await sql<{
    bytes: number;
  }>`select pg_database_size(current_database())::float8 as bytes`.execute(database.control);
  const { rows: states } = await sql<{ state: keyof PlatformHealth['tenants']; n: number }>`
    select state, count(*)::int as n from control.tenant group by state`.execute(database.control);
  const { rows: mails } = await sql<{ waiting: number; failed: number; last_error: string | null }>`select
      count(*) filter (where state = 'waiting')::int as waiting,
      count(*) filter (where state = 'failed')::int as failed,
      (select error from control.mail where error is not null and state <> 'sent'
        order by created_at desc limit 1) as last_error
    from control.mail where state <> 'sent'`.execute(database.control);
  const counts = { active: 0, suspended: 0, deleting: 0, shredding: 0 };
  for (const row of states) counts[row.state] = row.n;
  return {
    workers: workers.map(row => ({
      id: row.id,
      queues: row.queues,
      startedAt: row.started_at.toISOString(),
      isAlive: row.is_alive,
      jobs: row.jobs,
    })),
    queues: [...(await queue.depths(database.query))],
    databaseBytes: sizes[0]?.bytes ?? 0,
    tenants: counts,
    mails: {
      isConfigured: platform.smtp !== undefined,
      waiting: mails[0]?.waiting ?? 0,
      failed: mails[0]?.failed ?? 0,
      lastError: mails[0]?.last_error ?? null,
    },
  };
}
