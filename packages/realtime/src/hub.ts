import { setTimeout as delay } from 'node:timers/promises';
import type { Logger, TenantId } from '@glacis/foundation';
import type { Database, PlainQuery } from '@glacis/db';
import { z } from 'zod';

const CHANNEL = 'glacis_changes';
const RECONNECT_MS = 200;

/** Says that something of a tenant changed; what, the listener reads from the database with the tenant's own rights. */
export const change = z.object({
  tenantId: z.string(),
  topic: z.enum(['scan', 'report', 'cancel', 'tenant']),
  id: z.string(),
});
export type Change = z.infer<typeof change>;

/** Tells all processes about a change once the transaction behind `query` commits. */
export async function announce(
  query: PlainQuery,
  of: { tenantId: TenantId; topic: Change['topic']; id: string },
): Promise<void> {
  await query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify(of)]);
}

/** Receives changes of all processes and hands them to the listeners of this one. */
export interface Hub {
  /** Calls `listener` for each change until the returned function is called. `undefined` means: the connection was lost in between, look again. */
  subscribe(listener: (change: Change | undefined) => void): () => void;
  close(): Promise<void>;
}

/** Connects a hub; it reconnects for as long as it is open. */
export async function openHub(database: Database, log: Logger): Promise<Hub> {
  const listeners = new Set<(change: Change | undefined) => void>();
  const closing = new AbortController();
  const emit = (value: Change | undefined): void => {
    for (const listener of listeners) listener(value);
  };
  const ready = Promise.withResolvers<void>();

  const session = (async () => {
    while (!closing.signal.aborted) {
      try {
        const client = await database.connect('glacis-hub');
        const lost = new Promise<void>(resolve => {
          client.on('end', () => resolve()).on('error', () => resolve());
          closing.signal.addEventListener('abort', () => resolve(), { once: true });
        });
        client.on('notification', message => {
          const parsed = parseChange(message.payload);
          if (parsed) emit(parsed);
          else log.warn('a change was announced in a form that is not understood');
        });
        await client.query(`listen ${CHANNEL}`);
        ready.resolve();
        emit(undefined);
        await lost;
        await client.end();
      } catch (error) {
        if (!closing.signal.aborted)
          log.warn({ err: error }, 'the channel of changes was lost; connecting again');
      }
      if (!closing.signal.aborted) await delay(RECONNECT_MS);
    }
  })();
  await ready.promise;

  return {
    subscribe: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      closing.abort();
      await session;
    },
  };
}

function parseChange(payload: string | undefined): Change | undefined {
  try {
    return change.parse(JSON.parse(payload ?? ''));
  } catch {
    return undefined;
  }
}
