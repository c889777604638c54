import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '@glacis/db/testing';
import { silentLogger } from '@glacis/foundation';
import { startConsumer } from './consumer.ts';
import { openQueue, type Job, type JobQueue } from './queue.ts';

let db: TestDatabase;
let queue: JobQueue;
before(async () => {
  db = await createTestDatabase();
  queue = await openQueue({ database: db.database, log: silentLogger, install: { queues: ['one', 'two'] } });
});
after(async () => {
  await queue.close();
  await db.close();
});

const data = (subjectId: string) => ({ tenantId: 'tenant', subjectId });

async function until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition was not met in time');
    await delay(10);
  }
}

test('jobs of a rolled back transaction do not exist', async () => {
  await assert.rejects(
    db.database.control.transaction().execute(async trx => {
      await queue.enqueue(db.database.through(trx), 'one', [data('never')]);
      throw new Error('roll back');
    }),
  );
  assert.deepEqual(await queue.fetch('one', 10, '01890000-0000-7000-8000-000000000000').catch(() => []), []);
});

test('every job is handled once, a failing one again, and none is left', async () => {
  const seen: Job[] = [];
  const consumer = startConsumer({
    database: db.database,
    queue,
    log: silentLogger,
    lanes: [
      {
        queues: ['one', 'two'],
        concurrency: 5,
        handle: async job => {
          seen.push(job);
          if (job.data.subjectId === 'fails' && job.attempt < 2) throw new Error('not yet');
          await queue.finish(db.database.query, job);
        },
      },
    ],
  });
  const names = Array.from({ length: 40 }, (_, index) => `job${index}`);
  await queue.enqueue(db.database.query, 'one', names.map(data));
  await queue.enqueue(db.database.query, 'two', [data('fails')]);
  await until(() => seen.length >= 43);
  await consumer.stop();
  assert.deepEqual(
    seen
      .filter(job => job.queue === 'one')
      .map(job => job.data.subjectId)
      .sort(),
    [...names].sort(),
  );
  assert.deepEqual(
    seen.filter(job => job.queue === 'two').map(job => job.attempt),
    [0, 1, 2],
  );
  const { rows } = await db.database.query(
    'select (select count(*) from boss.job)::int as jobs, (select count(*) from control.job_claim)::int as claims',
  );
  assert.deepEqual(rows, [{ jobs: 0, claims: 0 }]);
});

test('the jobs of a killed worker are taken over by another', async () => {
  const child = fork(join(import.meta.dirname, 'fixtures', 'stuck-worker.ts'), [db.url], {
    stdio: 'inherit',
  });
  await queue.enqueue(db.database.query, 'one', [data('a'), data('b')]);
  await once(child, 'message');
  child.kill('SIGKILL');
  const seen: Job[] = [];
  const consumer = startConsumer({
    database: db.database,
    queue,
    log: silentLogger,
    lanes: [
      {
        queues: ['one'],
        concurrency: 2,
        handle: async job => {
          seen.push(job);
          await queue.finish(db.database.query, job);
        },
      },
    ],
  });
  await until(() => seen.length === 2);
  await consumer.stop();
  assert.deepEqual(seen.map(job => [job.data.subjectId, job.attempt]).sort(), [
    ['a', 1],
    ['b', 1],
  ]);
});

test('a job whose confirmed end was lost in a crash of the database is delivered again', async () => {
  const seen: Job[] = [];
  let isLong = true;
  const consumer = startConsumer({
    database: db.database,
    queue,
    log: silentLogger,
    lanes: [
      {
        queues: ['one'],
        concurrency: 2,
        handle: async job => {
          seen.push(job);
          if (job.data.subjectId === 'long') {
            await until(() => !isLong);
            return queue.finish(db.database.query, job);
          }
          // The first end is as if it had never been written.
          if (job.attempt > 0) await queue.finish(db.database.query, job);
        },
      },
    ],
  });
  await queue.enqueue(db.database.query, 'one', [data('lost'), data('long')]);
  await until(() => seen.length === 2);
  await delay(100);
  const { rows } = await db.database.query(
    `select pg_terminate_backend(pid) as ended from pg_stat_activity
     where datname = current_database() and application_name = $1`,
    [`glacis-worker ${process.pid}`],
  );
  assert.deepEqual(rows, [{ ended: true }]);
  await until(() => seen.length === 3);
  isLong = false;
  await consumer.stop();
  assert.deepEqual(
    seen.map(job => [job.data.subjectId, job.attempt]).sort(),
    [
      ['long', 0],
      ['lost', 0],
      ['lost', 1],
    ],
    'what still runs is not given to others',
  );
});
