import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql, type TenantTransaction } from '@glacis/db';
import { createTestDatabase } from '@glacis/db/testing';
import { networkProfile, newId, newSecret, silentLogger } from '@glacis/foundation';
import { openQueue, startConsumer, type Job } from '@glacis/queue';
import { openHub } from '@glacis/realtime';
import { fileBlobStore } from '@glacis/storage';
import { z } from 'zod';
import type { EngineConfig } from '../src/engine-config.ts';
import { createJobEnvironment } from '../src/job-environment.ts';
import { CLOSING_QUEUE, createRegistry, queueOf } from '../src/registry.ts';
import { runScanJob } from '../src/run-job.ts';
import type { Scanner } from '../src/scanner.ts';
import { startScan } from '../src/start-scan.ts';

/** A scanner for tests: everything but what the test is about has a value. */
export function fakeScanner(of: Partial<Scanner> & Pick<Scanner, 'id' | 'consumes' | 'run'>): Scanner {
  return {
    title: of.id,
    description: 'A scanner of a test.',
    produces: [],
    reports: [],
    mode: 'passive',
    risk: 'safe',
    options: z.object({}),
    batchSize: 10,
    timeoutMs: 30_000,
    ...of,
  };
}

/** The engine with a real database, queue, hub and blob store around some scanners, and one tenant. */
export async function createEngineWorld(scanners: readonly Scanner[]) {
  const db = await createTestDatabase();
  const { database } = db;
  const tenant = await db.createTenant();
  const folder = mkdtempSync(join(tmpdir(), 'glacis-engine-test-'));
  const registry = createRegistry(scanners);
  const installer = await openQueue({
    database,
    log: silentLogger,
    install: { queues: [...scanners.map(queueOf), CLOSING_QUEUE] },
  });
  await installer.close();
  // As in a worker: a process that finds the queues in place knows them all from its start.
  const queue = await openQueue({ database, log: silentLogger });
  const hub = await openHub(database, silentLogger);
  const environment = createJobEnvironment({
    database,
    queue,
    hub,
    registry,
    blobs: fileBlobStore(folder),
    log: silentLogger,
    keyOf: () => Promise.resolve(tenant.key),
  });
  const closed: string[] = [];

  const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>): Promise<T> =>
    database.inTenant(tenant.id, work);
  return {
    db,
    database,
    tenant,
    registry,
    queue,
    hub,
    environment,
    /** Scans whose closing job came, in order; one that comes twice is here twice. */
    closed,
    inTenant,
    /** Runs a query inside the tenant. */
    rows: async (text: string): Promise<Record<string, unknown>[]> =>
      (await inTenant(tx => sql.raw<Record<string, unknown>>(text).execute(tx.sql))).rows,
    /** Starts a scan of one domain. */
    start: async (
      domain: string,
      options: { isActive?: boolean; engine?: EngineConfig; excluded?: string[] } = {},
    ): Promise<string> =>
      inTenant(async tx => {
        const targetId = newId();
        await tx.sql
          .insertInto('target')
          .values({ id: targetId, domain: `${targetId}.test`, challenge: newSecret() })
          .execute();
        const profile = networkProfile.parse({ zones: ['*'], resolvers: ['127.0.0.1:9'] });
        return startScan(tx, {
          targetId,
          domains: [domain],
          scope: {
            domains: [domain],
            networks: [],
            excluded: options.excluded ?? [],
            allowedPrivateRanges: [],
            profile,
          },
          engine: options.engine ?? { options: {} },
          isActive: options.isActive ?? true,
          requestedBy: null,
          registry,
          queue,
          key: tenant.key,
        });
      }),
    /** A worker process's consumer, in this process. */
    work: (concurrency = 4) =>
      startConsumer({
        database,
        queue,
        log: silentLogger,
        lanes: [
          {
            queues: scanners.map(queueOf),
            concurrency,
            handle: (job, signal) => runScanJob(job, environment, signal),
          },
          {
            queues: [CLOSING_QUEUE],
            concurrency: 1,
            handle: async (job: Job) => {
              closed.push(job.data.subjectId);
              await queue.finish(database.query, job);
            },
          },
        ],
      }),
    /** Takes the jobs that wait in a scanner's queue without running them. */
    take: (id: string, count = 10): Promise<readonly Job[]> => takeJobs(queue, database, id, count),
    close: async () => {
      await hub.close();
      await queue.close();
      await db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function takeJobs(
  queue: Awaited<ReturnType<typeof openQueue>>,
  database: Awaited<ReturnType<typeof createTestDatabase>>['database'],
  scanner: string,
  count: number,
): Promise<readonly Job[]> {
  const worker = newId();
  await database.query(
    `insert into control.worker (id, lock_key, queues) values ($1, nextval('control.worker_lock_key')::int, '{}')`,
    [worker],
  );
  return queue.fetch(queueOf({ id: scanner }), count, worker);
}
