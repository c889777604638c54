import { sql, type TenantTransaction } from '@glacis/db';
import { newSecret } from '@glacis/foundation';
import type { ProofMethod, TargetView } from '@glacis/contract';
import { notFound } from '../http/caller.ts';
import { stopScansOf } from '../scans/stop.ts';
import { CHECK_HOURS, dropClaim, noteClaim, postponeCheck } from './claims.ts';
import { GRACE_DAYS, PROOF_DAYS, readTarget } from './view.ts';

/** Hours until a proof that was not there is looked for again. */
const RECHECK_HOURS = 6;

/** What a look for a proof has shown. `unknown`: nothing could be learnt, which proves neither. */
export interface ProofLook {
  readonly found: 'present' | 'absent' | 'unknown';
  /** A sentence for the owner. */
  readonly detail: string;
}

interface LockedTarget {
  domain: string;
  challenge: string;
  proof_state: TargetView['proof']['state'];
  proof_method: ProofMethod | null;
  is_overdue: boolean;
  is_grace_over: boolean;
}

/**
 * Locks what decides over active scanning: a start of a scan shares the lock, a change of a proof holds it alone. So a scan
 * that starts sees the change, or the change sees the scan.
 */
export async function lockProofs(tx: TenantTransaction, mode: 'shared' | 'alone'): Promise<void> {
  const lock = sql.raw(mode === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock');
  await sql`select ${lock}(hashtextextended('proofs of ' || current_schema(), 0))`.execute(tx.sql);
}

async function lockTarget(tx: TenantTransaction, id: string): Promise<LockedTarget> {
  await lockProofs(tx, 'alone');
  const { rows } = await sql<LockedTarget>`select domain, challenge, proof_state, proof_method,
      coalesce(proof_expires_at < now(), false) as is_overdue,
      coalesce(proof_missing_since < now() - make_interval(days => ${GRACE_DAYS}), false) as is_grace_over
    from target where id = ${id} for no key update`.execute(tx.sql);
  if (!rows[0]) throw notFound('target');
  return rows[0];
}

/**
 * Notes what a look has shown. `challenge` is what was looked for: when it is no longer the target's, the proof was revoked
 * meanwhile and the look counts for nothing.
 */
export async function applyLook(
  tx: TenantTransaction,
  of: { id: string; challenge: string; method: Exclude<ProofMethod, 'parent'>; look: ProofLook },
): Promise<TargetView> {
  const { id, method, look } = of;
  const target = await lockTarget(tx, id);
  if (target.challenge !== of.challenge) return readTarget(tx, id);
  await sql`update target set proof_detail = ${look.detail}, proof_checked_at = now() where id = ${id}`.execute(
    tx.sql,
  );
  if (look.found === 'present') await prove(tx, id, target.domain, method);
  else if (target.proof_state === 'proven' && target.proof_method === method) {
    if (target.is_overdue) await expire(tx, id, target.domain, 'The proof was not renewed in time.');
    else if (look.found === 'unknown') await postponeCheck(tx, id, CHECK_HOURS);
    else if (target.is_grace_over)
      await expire(tx, id, target.domain, `The proof is gone for more than ${GRACE_DAYS} days.`);
    else {
      await sql`update target set proof_missing_since = coalesce(proof_missing_since, now()) where id = ${id}`.execute(
        tx.sql,
      );
      await postponeCheck(tx, id, RECHECK_HOURS);
    }
  }
  return readTarget(tx, id);
}

/** Ends a proof whose time is up; one that was renewed meanwhile stays. */
export async function expireOverdue(tx: TenantTransaction, id: string): Promise<void> {
  const target = await lockTarget(tx, id);
  if (target.proof_state !== 'proven') await dropClaim(tx, id);
  else if (target.is_overdue) await expire(tx, id, target.domain, 'The proof was not renewed in time.');
  else await postponeCheck(tx, id, CHECK_HOURS);
}

/** Takes a proof back: its challenge is worth nothing from now on, and scans that rest on it end. */
export async function revokeProof(tx: TenantTransaction, id: string): Promise<TargetView> {
  const { domain } = await lockTarget(tx, id);
  await sql`update target set challenge = ${newSecret()} where id = ${id}`.execute(tx.sql);
  await sql`delete from proof_mail where target_id = ${id}`.execute(tx.sql);
  await expire(tx, id, domain, 'The proof was revoked.', 'unproven');
  return readTarget(tx, id);
}

async function prove(
  tx: TenantTransaction,
  id: string,
  domain: string,
  method: Exclude<ProofMethod, 'parent'>,
): Promise<void> {
  await sql`update target set proof_state = 'proven', proof_method = ${method}, proof_via = null, proven_at = now(),
    proof_expires_at = now() + make_interval(days => ${PROOF_DAYS}), proof_missing_since = null where id = ${id}`.execute(
    tx.sql,
  );
  await noteClaim(tx, { targetId: id, domain, method });
  const { rows } = await sql<{ id: string }>`select id from target where domain like ${`%.${domain}`}
    and (proof_state <> 'proven' or proof_method = 'parent')`.execute(tx.sql);
  await inheritProofs(
    tx,
    rows.map(row => row.id),
  );
}

/** Lets targets share in the proof of the nearest domain above them that is proven by itself. */
export async function inheritProofs(tx: TenantTransaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    with above as (
      select distinct on (t.id) t.id, p.domain, p.proven_at, p.proof_expires_at
      from target t
      cross join lateral (select string_to_array(t.domain, '.') as labels) n
      cross join lateral generate_subscripts(n.labels, 1) i
      join target p on p.domain = array_to_string(n.labels[i + 1:], '.')
        and p.proof_state = 'proven' and p.proof_method <> 'parent'
      where t.id = any(${ids}::uuid[]) and (t.proof_state <> 'proven' or t.proof_method = 'parent')
      order by t.id, i
    )
    update target t set proof_state = 'proven', proof_method = 'parent', proof_via = above.domain,
      proof_detail = 'Covered by the proof of ' || above.domain || '.', proven_at = above.proven_at,
      proof_expires_at = above.proof_expires_at, proof_missing_since = null
    from above where above.id = t.id`.execute(tx.sql);
}

/** Ends the proof of a target and of those it covers, unless a domain above still proves them, and the scans that rest on them. */
async function expire(
  tx: TenantTransaction,
  id: string,
  domain: string,
  reason: string,
  state: 'expired' | 'unproven' = 'expired',
): Promise<void> {
  await dropClaim(tx, id);
  const { rows } = await sql<{ id: string }>`
    update target set proof_state = case when id = ${id} then ${state} else 'expired' end,
      proof_detail = case when id = ${id} then ${reason} else ${`The proof of ${domain}, which covered it, has ended.`} end,
      proof_method = null, proof_via = null, proof_expires_at = null, proof_missing_since = null
    where id = ${id} or (proof_method = 'parent' and proof_via = ${domain}) returning id`.execute(tx.sql);
  const ids = rows.map(row => row.id);
  await inheritProofs(tx, ids);
  const { rows: ended } = await sql<{ domain: string }>`select domain from target
    where id = any(${ids}::uuid[]) and proof_state <> 'proven'`.execute(tx.sql);
  if (ended.length === 0) return;
  await stopScansOf(
    tx,
    ended.map(row => row.domain),
    `Cancelled, because the ownership of ${domain} is no longer proven. ${reason}`,
  );
}
