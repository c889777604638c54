import { messageOf, tenantId, UserError } from '@glacis/foundation';
import { systemOrigin } from '../audit/record.ts';
import type { Platform } from '../platform.ts';
import { expireOverdue } from './proof-state.ts';
import { verifyTarget } from './verify.ts';
import { readTarget } from './view.ts';

/** How often due proofs are looked for, ms. */
const TICK_MS = 15_000;
const AT_ONCE = 8;
const BATCH = 64;
/** Minutes for which a process keeps what it took; after a crash others take it then. */
const LEASE_MINUTES = 15;

/** Looks again at proofs that are due, of all tenants; several processes share the work. Returns how many it looked at. */
export async function recheckProofs(platform: Platform, signal?: AbortSignal): Promise<number> {
  const { rows } = await platform.database.query(
    `update control.domain_claim c set check_due_at = now() + make_interval(mins => $1)
     from (select tenant_id, target_id from control.domain_claim where check_due_at <= now()
       order by check_due_at limit $2 for update skip locked) due
     where c.tenant_id = due.tenant_id and c.target_id = due.target_id
     returning c.tenant_id, c.target_id, c.method`,
    [LEASE_MINUTES, BATCH],
  );
  const waiting = rows.values();
  const worker = async (): Promise<void> => {
    for (const row of waiting) {
      if (signal?.aborted) return;
      await recheck(platform, String(row['tenant_id']), String(row['target_id']), row['method'] === 'email');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return rows.length;
}

async function recheck(
  platform: Platform,
  tenant: string,
  targetId: string,
  isMailed: boolean,
): Promise<void> {
  const within: Parameters<typeof verifyTarget>[1] = work =>
    platform.database.inTenant(tenantId(tenant), work);
  try {
    // A mailed code cannot be asked for again: it only runs out.
    const { proof } = isMailed
      ? await within(async tx => {
          await expireOverdue(tx, targetId);
          return readTarget(tx, targetId);
        })
      : await verifyTarget(platform, within, targetId);
    if (proof.state === 'proven') return;
    await platform.audit.append(
      {
        tenantId: tenantId(tenant),
        origin: systemOrigin('job', 'check of proofs'),
        action: 'targets.proof-expired',
        subject: { kind: 'targets', id: targetId },
      },
      { outcome: 'succeeded' },
    );
  } catch (error) {
    const isGone = error instanceof UserError && error.code === 'request.not-found';
    if (isGone) {
      await platform.database.query(
        'delete from control.domain_claim where tenant_id = $1 and target_id = $2',
        [tenant, targetId],
      );
    } else {
      platform.log.warn(
        { tenant, target: targetId, reason: messageOf(error) },
        'a proof could not be looked at',
      );
    }
  }
}

/** Keeps looking at due proofs until it is stopped. */
export function startProofChecks(platform: Platform): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let running: Promise<unknown> | undefined;
  const tick = (): void => {
    running ??= recheckProofs(platform, stopping.signal)
      .catch(error => platform.log.warn({ err: error }, 'due proofs could not be looked for'))
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(tick, TICK_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}
