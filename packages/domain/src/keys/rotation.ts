import { setTimeout as sleep } from 'node:timers/promises';
import {
  keyId,
  messageOf,
  newId,
  newSecretKey,
  tenantId,
  UserError,
  type KeyRing,
  type SecretKey,
  type TenantId,
} from '@glacis/foundation';
import { sql } from '@glacis/db';
import { announce } from '@glacis/realtime';
import { systemOrigin, type AuditOrigin } from '../audit/record.ts';
import type { Platform } from '../platform.ts';
import type { MasterRing } from './master-ring.ts';
import { countForeign, resealColumns, type Sealing } from './reseal.ts';
import { LEASE_MS, wrapTenantKey } from './tenant-ring.ts';

/** After this long no process seals with the version before any more, ms. */
const SETTLE_MS = LEASE_MS + 30_000;
/** The same for the master key, at whose files every process looks before it seals. */
const MASTER_SETTLE_MS = 10_000;
/** Between two looks for something that others do, ms. */
const POLL_MS = 500;

/** A rotation and how far it is. */
export interface Rotation {
  readonly id: string;
  /** Undefined: of the master key. */
  readonly tenantId: TenantId | undefined;
  readonly version: number | null;
  readonly keyId: string;
  readonly state: 'sealing' | 'waiting' | 'done';
  readonly resealed: number;
  readonly remaining: number | null;
  readonly unreadable: number;
  readonly startedAt: string;
  /** When every process has stopped to seal with the old version. */
  readonly settlesAt: string;
  readonly finishedAt: string | null;
}

/** The platform as rotations need it. */
export type KeyPlatform = Pick<Platform, 'database' | 'blobs' | 'keyOf' | 'masterKey' | 'audit' | 'log'>;

/** Makes a new version of a tenant's key, which seals from now on. One that is under way goes on instead. @throws UserError */
export async function beginTenantRotation(
  platform: KeyPlatform,
  tenant: TenantId,
  of: { origin: AuditOrigin; settleMs?: number },
): Promise<Rotation> {
  const { database } = platform;
  const began = await database.control.transaction().execute(async trx => {
    const { rows } = await sql<{ version: number }>`select version from control.tenant_key
      where tenant_id = ${tenant} order by version desc for update`.execute(trx);
    if (!rows[0]) throw new UserError('request.not-found', 'There is no such tenant.');
    const { rows: open } = await sql`select 1 from control.key_rotation
      where tenant_id = ${tenant} and state <> 'done'`.execute(trx);
    if (open.length > 0) return undefined;
    const version = rows[0].version + 1;
    const key = newSecretKey();
    await trx
      .insertInto('control.tenant_key')
      .values({ tenant_id: tenant, version, wrapped: wrapTenantKey(platform.masterKey, tenant, key) })
      .execute();
    await sql`insert into control.key_rotation (id, tenant_id, version, key_id, settles_at)
      values (${newId()}, ${tenant}, ${version}, ${keyId(key)}, ${settlesIn(of.settleMs ?? SETTLE_MS)})`.execute(
      trx,
    );
    await announce(database.through(trx), { tenantId: tenant, topic: 'tenant', id: tenant });
    return version;
  });
  if (began !== undefined) await record(platform, tenant, 'keys.rotate', of.origin, { version: began });
  return openRotation(platform, tenant);
}

/** Has a new master key, which seals from now on. A rotation that is under way goes on instead. @throws UserError */
export async function beginMasterRotation(
  platform: KeyPlatform,
  of: { origin: AuditOrigin; settleMs?: number },
): Promise<Rotation> {
  const ring = masterRing(platform.masterKey);
  const { rows: open } = await sql`select 1 from control.key_rotation
    where tenant_id is null and state <> 'done'`.execute(platform.database.control);
  if (open.length === 0) {
    // First the key: a process that dies here leaves one that seals already, and the next try takes it.
    ring.prepare();
    const { rows } = await sql`insert into control.key_rotation (id, key_id, settles_at)
      values (${newId()}, ${keyId(ring)}, ${settlesIn(of.settleMs ?? MASTER_SETTLE_MS)})
      on conflict do nothing returning id`.execute(platform.database.control);
    if (rows.length > 0)
      await record(platform, undefined, 'keys.rotate-master', of.origin, { key: keyId(ring) });
  }
  return openRotation(platform, undefined);
}

/**
 * Seals again what an older version sealed, and destroys that once nothing uses it. With `isPatient` it waits for other
 * processes; else it says how far it came. Undefined: another process is at it. Every step can be repeated.
 */
export async function continueRotation(
  platform: KeyPlatform,
  rotation: Pick<Rotation, 'id' | 'tenantId' | 'keyId'>,
  of: { signal: AbortSignal; isPatient: boolean; origin?: AuditOrigin },
): Promise<Rotation | undefined> {
  const lock = await platform.database.connect('glacis-key-rotation');
  try {
    const { rows } = await lock.query<{ is_ours: boolean }>(
      `select pg_try_advisory_lock(hashtextextended('glacis key rotation', 0)) as is_ours`,
    );
    if (!rows[0]?.is_ours) return undefined;
    const key = await ringOf(platform, rotation);
    while (!(await advance(platform, rotation, key, of))) {
      if (!of.isPatient) break;
      await sleep(POLL_MS, undefined, { signal: of.signal });
    }
    return await readRotation(platform, rotation.id);
  } finally {
    await lock.end();
  }
}

/** Goes on with all rotations that are under way, as far as they can go now. */
export async function continueRotations(platform: KeyPlatform, signal: AbortSignal): Promise<void> {
  const { rows } = await sql<RotationRow>`select * from control.key_rotation where state <> 'done'
    order by started_at`.execute(platform.database.control);
  for (const row of rows) {
    if (signal.aborted) return;
    // One that cannot go on, for want of its key, must not keep the others waiting.
    await continueRotation(platform, viewOf(row), { signal, isPatient: false }).catch((error: unknown) =>
      platform.log.warn({ rotation: row.id, reason: messageOf(error) }, 'a rotation of keys could not go on'),
    );
  }
}

/** The rotation of a tenant's key, or of the master key, that began last; undefined when there was none. */
export async function lastRotation(
  { database }: Pick<Platform, 'database'>,
  tenant: TenantId | undefined,
): Promise<Rotation | undefined> {
  const { rows } = await sql<RotationRow>`select * from control.key_rotation
    where tenant_id is not distinct from ${tenant ?? null}::uuid order by started_at desc, id desc limit 1`.execute(
    database.control,
  );
  return rows[0] && viewOf(rows[0]);
}

interface RotationRow {
  id: string;
  tenant_id: string | null;
  version: number | null;
  key_id: string;
  state: Rotation['state'];
  resealed: string;
  remaining: string | null;
  unreadable: string;
  started_at: Date;
  settles_at: Date;
  finished_at: Date | null;
}

function viewOf(row: RotationRow): Rotation {
  return {
    id: row.id,
    tenantId: row.tenant_id === null ? undefined : tenantId(row.tenant_id),
    version: row.version,
    keyId: row.key_id,
    state: row.state,
    resealed: Number(row.resealed),
    remaining: row.remaining === null ? null : Number(row.remaining),
    unreadable: Number(row.unreadable),
    startedAt: row.started_at.toISOString(),
    settlesAt: row.settles_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

async function readRotation({ database }: KeyPlatform, id: string): Promise<Rotation> {
  const { rows } = await sql<RotationRow>`select * from control.key_rotation where id = ${id}`.execute(
    database.control,
  );
  // The tenant, and with it the rotation, may have been deleted.
  if (!rows[0]) throw new UserError('request.not-found', 'There is no such tenant.');
  return viewOf(rows[0]);
}

async function openRotation(platform: KeyPlatform, tenant: TenantId | undefined): Promise<Rotation> {
  const rotation = await lastRotation(platform, tenant);
  if (!rotation) throw new UserError('request.not-found', 'There is no such tenant.');
  return rotation;
}

/** What the operator has to do once the master key has been replaced, as a sentence; undefined: nothing. */
export function afterMasterRotation(platform: Pick<Platform, 'masterKey'>): string | undefined {
  return masterRing(platform.masterKey).afterwards;
}

const settlesIn = (ms: number) => sql`clock_timestamp() + make_interval(secs => ${ms / 1000}::float8)`;

function masterRing(key: SecretKey): MasterRing {
  if ('prepare' in key) return key as MasterRing;
  throw new UserError('config.invalid', 'This process cannot replace the master key.');
}

/** The ring that the rotation is about, with the new version as its current one. @throws UserError when that is not there. */
async function ringOf(
  platform: KeyPlatform,
  rotation: Pick<Rotation, 'tenantId' | 'keyId'>,
): Promise<KeyRing> {
  if (rotation.tenantId === undefined) {
    const ring = masterRing(platform.masterKey);
    if (keyId(ring) === rotation.keyId) return ring;
    throw new UserError(
      'config.invalid',
      'The new master key is not here. Set GLACIS_MASTER_KEY_NEXT as it was when its rotation began.',
    );
  }
  const key = await platform.keyOf(rotation.tenantId);
  if (Buffer.isBuffer(key)) throw new UserError('config.invalid', 'This process cannot replace keys.');
  await key.refresh(true);
  return key as KeyRing;
}

/**
 * One pass over everything. When it was the last, the old versions are destroyed: it found nothing to do, and when it began
 * neither a process nor a transaction was left that could still write with an old version, or read what was before.
 */
async function advance(
  platform: KeyPlatform,
  rotation: Pick<Rotation, 'id' | 'tenantId'>,
  key: KeyRing,
  of: { signal: AbortSignal; origin?: AuditOrigin },
): Promise<boolean> {
  const { database } = platform;
  const isLast = await isSettled(platform, rotation.id);
  const { resealed, left, unreadable } = await sealAll(platform, rotation, key, of.signal);
  await sql`update control.key_rotation set remaining = ${left}, unreadable = ${unreadable},
      state = ${left === 0 ? 'waiting' : 'sealing'},
      sealed_at = case when ${resealed} = 0 then coalesce(sealed_at, clock_timestamp()) else clock_timestamp() end
    where id = ${rotation.id}`.execute(database.control);
  if (!isLast || resealed > 0 || left > 0) return false;
  await destroyOld(platform, rotation, of.origin ?? systemOrigin('job', 'key rotation'));
  if (unreadable > 0)
    platform.log.warn({ tenant: rotation.tenantId, unreadable }, 'sealed values that no key opens were left');
  return true;
}

/** Whether whoever might hold an old version has ended: processes by their lease, transactions by their age. */
async function isSettled({ database }: KeyPlatform, id: string): Promise<boolean> {
  const { rows } = await sql<{
    is_settled: boolean;
  }>`select sealed_at is not null and clock_timestamp() > settles_at
      and not exists (select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' and xact_start <= greatest(settles_at, sealed_at)) as is_settled
    from control.key_rotation where id = ${id}`.execute(database.control);
  return rows[0]?.is_settled ?? false;
}

async function sealAll(
  { database, blobs }: KeyPlatform,
  { id, tenantId: tenant }: Pick<Rotation, 'id' | 'tenantId'>,
  key: KeyRing,
  signal: AbortSignal,
): Promise<{ resealed: number; left: number; unreadable: number }> {
  let resealed = 0;
  const note = async (count: number): Promise<void> => {
    resealed += count;
    await key.refresh(false);
    await sql`update control.key_rotation set resealed = resealed + ${count},
      remaining = greatest(0, remaining - ${count}) where id = ${id}`.execute(database.control);
  };
  await key.refresh(false);
  const sealing: Sealing = { database, tenant, key, signal, note };
  const files = tenant === undefined ? 0 : await blobs.countForeign(tenant, key);
  await sql`update control.key_rotation set remaining = ${files + (await countForeign(sealing))}
    where id = ${id}`.execute(database.control);
  let unreadable = await resealColumns(sealing);
  // What somebody had locked, or has just written.
  const left = Math.max(0, (await countForeign(sealing)) - unreadable);
  if (tenant !== undefined) {
    const done = await blobs.reseal(tenant, key, { signal, onEach: () => note(1) });
    unreadable += done.unreadable;
  }
  return { resealed, left, unreadable };
}

async function destroyOld(
  platform: KeyPlatform,
  rotation: Pick<Rotation, 'id' | 'tenantId'>,
  origin: AuditOrigin,
): Promise<void> {
  const { database } = platform;
  const tenant = rotation.tenantId;
  if (tenant === undefined) masterRing(platform.masterKey).finish();
  const version = await database.control.transaction().execute(async trx => {
    const { rows } = await sql<{ version: number | null }>`update control.key_rotation
      set state = 'done', remaining = 0, finished_at = clock_timestamp() where id = ${rotation.id} returning version`.execute(
      trx,
    );
    if (tenant === undefined) return null;
    await sql`delete from control.tenant_key where tenant_id = ${tenant} and version < ${rows[0]?.version ?? 0}`.execute(
      trx,
    );
    await announce(database.through(trx), { tenantId: tenant, topic: 'tenant', id: tenant });
    return rows[0]?.version ?? null;
  });
  const detail = version === null ? {} : { replacedBy: version };
  await record(platform, tenant, 'keys.destroy-old', origin, detail);
}

function record(
  platform: KeyPlatform,
  tenant: TenantId | undefined,
  action: string,
  origin: AuditOrigin,
  detail: Readonly<Record<string, string | number>>,
): Promise<void> {
  return platform.audit.append({ tenantId: tenant, origin, action, detail }, { outcome: 'succeeded' });
}
