import type { AssetAttributes, AssetKind } from '@glacis/contract';
import {
  EgressError,
  messageOf,
  newId,
  OperationalError,
  tenantId,
  type Logger,
  type SecretKey,
  type TenantId,
} from '@glacis/foundation';
import { isConnectionError, sql, type Database, type TenantTransaction } from '@glacis/db';
import type { Job, JobQueue } from '@glacis/queue';
import type { BlobStore } from '@glacis/storage';
import type { Capabilities } from './capabilities.ts';
import { announceScan, countJobs, ingest } from './ingest.ts';
import { cutText, refId, sortObservations } from './observation-batch.ts';
import { removedScanner, type Registry } from './registry.ts';
import type { BlobObservation, InputAsset, Observation, ScopeView, Scanner } from './scanner.ts';
import { readScan, type ScanRow } from './scan-row.ts';
import { addressOfService } from './scope-judge.ts';

/** How the engine gets what a job may use; the worker composes it. */
export interface JobEnvironment {
  readonly database: Database;
  readonly queue: JobQueue;
  readonly registry: Registry;
  readonly blobs: BlobStore;
  readonly log: Logger;
  keyOf(tenant: TenantId): Promise<SecretKey>;
  /** Opens capabilities bound to one scan's scope; everything they opened is closed with the signal. */
  open(options: { scan: ScanRow; grantedAddresses: readonly string[]; signal: AbortSignal; log: Logger }): {
    capabilities: Capabilities;
    scope: ScopeView;
    close(): Promise<void>;
  };
  /** A signal that aborts when the scan is cancelled, and how to let go of it. */
  cancellation(scanId: string): { signal: AbortSignal; release(): void };
}

/** A job that fails this often is given up: its assets are recorded as not looked at and the scan goes on. */
const MAX_ATTEMPTS = 3;
/** A job whose workers keep dying is given up too, before the queue would drop it and leave the scan waiting for ever. */
const MAX_DELIVERIES = 25;
const FLUSH_OBSERVATIONS = 200;
const FLUSH_MS = 250;

type Storable = Exclude<Observation, BlobObservation>;

/** What a job works on. */
interface Assignment {
  readonly tenant: TenantId;
  readonly scan: ScanRow;
  readonly scanner: Scanner;
  readonly assets: readonly (InputAsset & { readonly id: string })[];
  readonly attempts: number;
}

/** Runs one job of a scan from its queue delivery to its end in the ledger. Throwing means: deliver it again. */
export async function runScanJob(
  job: Job,
  environment: JobEnvironment,
  stopping: AbortSignal,
): Promise<void> {
  const { database, queue, log } = environment;
  const tenant = tenantId(job.data.tenantId);
  const assignment = await database.inTenant(tenant, tx =>
    readAssignment(tx, job.data.subjectId, environment.registry),
  );
  if (!assignment) {
    await queue.finish(database.query, job);
    return;
  }
  const { scan, scanner } = assignment;
  const jobLog = log.child({ tenant, scan: scan.id, scanner: scanner.id, job: job.data.subjectId });
  const cancellation = environment.cancellation(scan.id);
  const timeout = AbortSignal.timeout(scanner.timeoutMs);
  const signal = AbortSignal.any([stopping, cancellation.signal, timeout]);
  try {
    if (job.attempt >= MAX_DELIVERIES)
      throw new OperationalError(
        'internal.unexpected',
        `it was delivered ${job.attempt} times without an end`,
      );
    await runScanner(assignment, job, environment, { signal, timeout, log: jobLog });
  } catch (error) {
    if (cancellation.signal.aborted || error instanceof ScanEnded) {
      await queue.finish(database.query, job);
    } else if (stopping.aborted || error instanceof DatabaseAway) {
      throw error;
    } else {
      await recordFailure(assignment, job, environment, error, jobLog);
    }
  } finally {
    cancellation.release();
  }
}

/** The scan was cancelled, and this process did not hear of it: there is nothing left to do. */
class ScanEnded extends Error {}

/** The results could not be stored because the database is away: the job runs again once it is back. */
class DatabaseAway extends Error {}

/** What a delivered job is about; from here on it takes no further assets. Undefined when there is nothing left to do. */
async function readAssignment(
  tx: TenantTransaction,
  jobId: string,
  registry: Registry,
): Promise<Assignment | undefined> {
  const { rows } = await sql<{ scan_id: string; scanner: string; asset_ids: string[]; attempts: number }>`
    update scan_job set begun = true where id = ${jobId} and state = 'open'
    returning scan_id, scanner, asset_ids, attempts`.execute(tx.sql);
  const row = rows[0];
  if (!row) return undefined;
  const scanner = registry.get(row.scanner) ?? removedScanner(row.scanner);
  const scan = await readScan(tx, row.scan_id, { forUpdate: false });
  if (scan.state !== 'running') return undefined;
  const { rows: assets } = await sql<{
    id: string;
    kind: AssetKind;
    key: string;
    attributes: AssetAttributes;
  }>`
    select id, kind, key, attributes from asset where id = any(${row.asset_ids}::uuid[]) order by kind, key`.execute(
    tx.sql,
  );
  return { tenant: tx.tenantId, scan, scanner, assets, attempts: row.attempts };
}

async function runScanner(
  assignment: Assignment,
  job: Job,
  environment: JobEnvironment,
  run: { signal: AbortSignal; timeout: AbortSignal; log: Logger },
): Promise<void> {
  const { scan, scanner, assets, tenant } = assignment;
  const key = await environment.keyOf(tenant);
  const opened = environment.open({
    scan,
    grantedAddresses: addressesOf(assets),
    signal: run.signal,
    log: run.log,
  });
  const options = scanner.options.parse(scan.options[scanner.id] ?? {});
  const covered = new Set<string>();
  let buffer: Storable[] = [];
  let flushedAt = performance.now();
  try {
    for await (const observation of scanner.run(
      { ...opened.capabilities, options, scope: opened.scope, signal: run.signal },
      assets,
    )) {
      // A picture that comes after the cancellation is not stored either.
      if (observation.type === 'blob') run.signal.throwIfAborted();
      if (observation.type === 'blob') await storeBlob(observation, tenant, key, environment);
      else buffer.push(observation);
      if (observation.type === 'coverage') covered.add(refId(observation.asset));
      const isDue = buffer.length >= FLUSH_OBSERVATIONS || performance.now() - flushedAt > FLUSH_MS;
      if (!isDue || buffer.length === 0) continue;
      run.signal.throwIfAborted();
      await flush(assignment, buffer, key, environment);
      buffer = [];
      flushedAt = performance.now();
    }
    run.signal.throwIfAborted();
  } catch (error) {
    // Time is up: what was seen counts, what was not is recorded as cut short.
    if (!run.timeout.aborted) throw error;
    run.log.warn('a job reached its time limit');
  } finally {
    await opened.close();
  }
  for (const asset of assets) {
    if (covered.has(refId(asset))) continue;
    const detail = run.timeout.aborted
      ? `not finished within ${scanner.timeoutMs / 1000} s`
      : 'the scanner did not report on it';
    buffer.push({ type: 'coverage', asset, outcome: 'limited', detail });
  }
  await finish(assignment, job, buffer, key, environment);
}

/** Addresses that dispatch decided are in scope, and that the guard may therefore connect to without a host name. */
function addressesOf(assets: readonly InputAsset[]): string[] {
  return assets.flatMap(asset =>
    asset.kind === 'ip' ? [asset.key] : asset.kind === 'service' ? [addressOfService(asset.key)] : [],
  );
}

/** Stores what came so far, so that others can go on with it while this job still runs. */
function flush(
  assignment: Assignment,
  observations: readonly Storable[],
  key: SecretKey,
  environment: JobEnvironment,
): Promise<void> {
  return store(assignment.tenant, environment, async tx => {
    const scan = await readScan(tx, assignment.scan.id, { forUpdate: true });
    if (scan.state !== 'running') throw new ScanEnded();
    await ingest(tx, sortObservations(observations), {
      scan,
      scanner: assignment.scanner.id,
      registry: environment.registry,
      queue: environment.queue,
      key,
    });
    await announceScan(tx, scan.id);
  });
}

/** Stores the rest and ends the job, exactly once: of two deliveries the later one finds the ledger closed. */
function finish(
  assignment: Assignment,
  job: Job,
  observations: readonly Storable[],
  key: SecretKey,
  environment: JobEnvironment,
): Promise<void> {
  const { queue, registry, log } = environment;
  return store(assignment.tenant, environment, async tx => {
    const scan = await readScan(tx, assignment.scan.id, { forUpdate: true });
    if (scan.state === 'running' && (await closeLedger(tx, job.data.subjectId, 'done', null))) {
      const batch = sortObservations(observations);
      if (batch.rejected.length > 0)
        log.warn(
          { scanner: assignment.scanner.id, rejected: batch.rejected.slice(0, 5) },
          'malformed observations were dropped',
        );
      await ingest(tx, batch, { scan, scanner: assignment.scanner.id, registry, queue, key });
      await sql`update scan_progress set done = done + 1 where scan_id = ${scan.id} and scanner = ${assignment.scanner.id}`.execute(
        tx.sql,
      );
      await countJobs(tx, scan.id, -1, queue);
      await announceScan(tx, scan.id);
    }
    await tx.asPlatform(query => queue.finish(query, job));
  });
}

/** Counts a failed attempt; the last one ends the job as failed, visibly, and the scan goes on without it. */
async function recordFailure(
  assignment: Assignment,
  job: Job,
  environment: JobEnvironment,
  error: unknown,
  log: Logger,
): Promise<void> {
  const reason = cutText(messageOf(error), 500);
  const isLast = assignment.attempts + 1 >= MAX_ATTEMPTS || job.attempt >= MAX_DELIVERIES;
  log.warn({ err: error, attempt: assignment.attempts + 1, isLast }, 'a scanner failed');
  const { queue } = environment;
  await store(assignment.tenant, environment, async tx => {
    const scan = await readScan(tx, assignment.scan.id, { forUpdate: true });
    if (!isLast || scan.state !== 'running') {
      await sql`update scan_job set attempts = attempts + 1, error = ${reason} where id = ${job.data.subjectId}`.execute(
        tx.sql,
      );
      await tx.asPlatform(query => queue.release(query, job.queue, [job.id], reason));
      return;
    }
    if (await closeLedger(tx, job.data.subjectId, 'failed', reason)) {
      const outcome = error instanceof EgressError ? 'unreachable' : 'limited';
      const coverage = assignment.assets.map(asset => ({
        type: 'coverage' as const,
        asset,
        outcome: outcome as 'unreachable' | 'limited',
        detail: `the scanner failed: ${reason}`,
      }));
      const key = await environment.keyOf(assignment.tenant);
      await ingest(tx, sortObservations(coverage), {
        scan,
        scanner: assignment.scanner.id,
        registry: environment.registry,
        queue,
        key,
      });
      await sql`update scan_progress set failed = failed + 1 where scan_id = ${scan.id} and scanner = ${assignment.scanner.id}`.execute(
        tx.sql,
      );
      await countJobs(tx, scan.id, -1, queue);
      await announceScan(tx, scan.id);
    }
    await tx.asPlatform(query => queue.finish(query, job));
  });
}

async function closeLedger(
  tx: TenantTransaction,
  jobId: string,
  state: 'done' | 'failed',
  error: string | null,
): Promise<boolean> {
  const { rows } = await sql`update scan_job set state = ${state}, attempts = attempts + 1, error = ${error}
    where id = ${jobId} and state = 'open' returning id`.execute(tx.sql);
  return rows.length > 0;
}

/** Repeatable: when a crash of PostgreSQL loses the commit, it loses the job's end with it, and the job runs again. */
async function store(
  tenant: TenantId,
  environment: JobEnvironment,
  work: (tx: TenantTransaction) => Promise<void>,
): Promise<void> {
  try {
    await environment.database.inTenant(tenant, work, { isRepeatable: true });
  } catch (cause) {
    // What the database refuses it refuses every time: that fails the job, or its scan would wait for ever.
    if (!isPassing(cause)) throw cause;
    throw new DatabaseAway(`The results could not be stored: ${messageOf(cause)}`, { cause });
  }
}

/** The server is away, out of room, or has to choose between transactions: later it may work (SQLSTATE 40, 53, 55P03, 57). */
function isPassing(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return isConnectionError(thrown) || /^(40|53|55P03|57|58)/.test(code);
}

async function storeBlob(
  blob: BlobObservation,
  tenant: TenantId,
  key: SecretKey,
  environment: JobEnvironment,
): Promise<void> {
  const storageKey = await environment.blobs.put(tenant, key, blob.bytes);
  let replaced: string | null = null;
  await store(tenant, environment, async tx => {
    const { rows } = await sql<{ id: string; storage_key: string | null }>`
      select a.id, b.storage_key from asset a left join blob b on b.asset_id = a.id and b.name = ${blob.name}
      where a.kind = ${blob.asset.kind} and a.key = ${blob.asset.key}`.execute(tx.sql);
    const asset = rows[0];
    replaced = asset ? asset.storage_key : storageKey;
    if (!asset) return;
    await sql`insert into blob (id, asset_id, name, media_type, size_bytes, storage_key)
      values (${newId()}, ${asset.id}, ${blob.name}, ${blob.mediaType}, ${blob.bytes.byteLength}, ${storageKey})
      on conflict (asset_id, name) where asset_id is not null do update set media_type = excluded.media_type,
        size_bytes = excluded.size_bytes, storage_key = excluded.storage_key, created_at = now()`.execute(
      tx.sql,
    );
  });
  if (replaced) await environment.blobs.delete(tenant, replaced);
}
