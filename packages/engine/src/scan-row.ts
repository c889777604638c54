import { UnexpectedError } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import { z } from 'zod';
import { scanScope, type ScanScope } from './scope.ts';

/** The part of a scan that its jobs need. */
export interface ScanRow {
  readonly id: string;
  readonly state: 'running' | 'closing' | 'completed' | 'cancelled' | 'failed';
  readonly isActive: boolean;
  readonly scanners: readonly string[] | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly scope: ScanScope;
  readonly startedAt: Date;
}

const storedEngine = z.object({
  scanners: z.array(z.string()).optional(),
  options: z.record(z.string(), z.unknown()).default({}),
});

/**
 * Reads a scan; with `forUpdate` it also takes the lock that puts the scan's ingest transactions in a row, so that counters
 * and "first seen in this scan" need no other care. @throws UnexpectedError when it is not there.
 */
export async function readScan(
  tx: TenantTransaction,
  scanId: string,
  options: { forUpdate: boolean },
): Promise<ScanRow> {
  const lock = sql.raw(options.forUpdate ? 'for no key update' : '');
  const { rows } = await sql<{
    id: string;
    state: ScanRow['state'];
    is_active: boolean;
    engine: unknown;
    scope: unknown;
    started_at: Date;
  }>`select id, state, is_active, engine, scope, started_at from scan where id = ${scanId} ${lock}`.execute(
    tx.sql,
  );
  const row = rows[0];
  if (!row) throw new UnexpectedError('A job belongs to a scan that does not exist.');
  const engine = storedEngine.parse(row.engine);
  return {
    id: row.id,
    state: row.state,
    isActive: row.is_active,
    scanners: engine.scanners,
    options: engine.options,
    scope: scanScope.parse(row.scope),
    startedAt: row.started_at,
  };
}
