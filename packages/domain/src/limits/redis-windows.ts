import { messageOf, type Logger } from '@glacis/foundation';
import { createClient } from '@redis/client';
import type { WindowStore } from './window-store.ts';

const PREFIX = 'glacis:rate:';
/** Longest wait for Redis, ms: a request must not hang on a count. */
const TIMEOUT_MS = 1000;

/** Counts in Redis or Valkey. Connects at the first use and again by itself; what is not answered in time rejects. */
export function redisWindows(url: string, log: Logger): WindowStore {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: TIMEOUT_MS },
    socket: { connectTimeout: TIMEOUT_MS, reconnectStrategy: retries => Math.min(5000, 100 * 2 ** retries) },
  });
  client.on('error', (error: unknown) => log.debug({ reason: messageOf(error) }, 'Redis is away'));
  let connecting: Promise<unknown> | undefined;
  return {
    add: async entries => {
      connecting ??= client.connect();
      if (!client.isReady) await Promise.race([connecting, timeout()]);
      const batch = client.multi();
      for (const { subject, start, seconds, amount } of entries) {
        const key = `${PREFIX}${subject}:${start}`;
        batch.incrBy(key, amount).expire(key, 2 * seconds);
      }
      const answers = await batch.exec();
      return entries.map((entry, index) => Number(answers[2 * index] ?? entry.amount));
    },
    // Redis forgets by itself.
    forget: async () => {},
    close: async () => {
      if (connecting) client.destroy();
    },
  };
}

function timeout(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('Redis does not answer')), TIMEOUT_MS).unref();
  });
}
