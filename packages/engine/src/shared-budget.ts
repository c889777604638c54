import { setTimeout as delay } from 'node:timers/promises';
import { EgressError, type AddressBudget } from '@glacis/foundation';
import { isConnectionError, type Database } from '@glacis/db';

/** Tokens taken at once for later use, as a share of a second's rate: few round trips, and little is lost when a worker dies. */
const LEASE_SECONDS = 0.25;
const MAX_ADDRESSES = 50_000;
const AWAY_MS = 250;

/**
 * The per-address budget that all workers and tenants share: tokens are leased in small batches from a table, and what is
 * leased is spent locally. A lease not spent within a second is forgotten (the address simply gets less traffic).
 */
export function createSharedBudget(
  database: Database,
  limits: { ratePerAddress: number; burstPerAddress: number },
): AddressBudget {
  const leases = new Map<string, { tokens: number; until: number }>();
  const queues = new Map<string, Promise<void>>();
  const leaseSize = Math.max(1, Math.ceil(limits.ratePerAddress * LEASE_SECONDS));

  /** While the database is away nobody gets tokens: the taker waits for it instead of failing its job. */
  async function leaseRows(address: string, wanted: number): Promise<readonly Record<string, unknown>[]> {
    try {
      const values = [address, wanted, limits.ratePerAddress, limits.burstPerAddress];
      return (
        await database.query('select granted, wait_ms from control.lease_budget($1, $2, $3, $4)', values)
      ).rows;
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      return [{ granted: 0, wait_ms: AWAY_MS }];
    }
  }

  async function lease(address: string, count: number, signal: AbortSignal): Promise<void> {
    let missing = count;
    for (;;) {
      const held = leases.get(address);
      if (held && held.until > Date.now()) {
        const spent = Math.min(held.tokens, missing);
        held.tokens -= spent;
        missing -= spent;
      }
      if (missing === 0) return;
      if (signal.aborted) throw new EgressError('cancelled', 'The scan was cancelled.');
      const rows = await leaseRows(address, Math.max(missing, leaseSize));
      const granted = Number(rows[0]?.['granted'] ?? 0);
      if (granted > 0) leases.set(address, { tokens: granted, until: Date.now() + 1000 });
      else
        await delay(Math.min(1000, Math.max(5, Number(rows[0]?.['wait_ms'] ?? 50))), undefined, {
          signal,
        }).catch(() => {});
      if (leases.size > MAX_ADDRESSES)
        for (const [key, value] of leases) if (value.until < Date.now()) leases.delete(key);
    }
  }

  return {
    take: (address, count, signal) => {
      const held = leases.get(address);
      if (held && held.tokens >= count && held.until > Date.now() && !queues.has(address)) {
        held.tokens -= count;
        return Promise.resolve();
      }
      // Takers of one address wait in line, so that a large one is not starved by small ones.
      const turn = (queues.get(address) ?? Promise.resolve()).then(() => lease(address, count, signal));
      const settled = turn
        .catch(() => {})
        .then(() => {
          if (queues.get(address) === settled) queues.delete(address);
        });
      queues.set(address, settled);
      return turn;
    },
  };
}
