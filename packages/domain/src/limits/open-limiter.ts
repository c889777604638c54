import type { Logger, RateLimits } from '@glacis/foundation';
import type { Database } from '@glacis/db';
import { RateLimiter } from './rate-limiter.ts';
import { redisWindows } from './redis-windows.ts';
import { postgresWindows } from './window-store.ts';

/** Opens the limiter of a process: its counts are in Redis where one is named, and else in PostgreSQL. */
export function openRateLimiter(
  database: Database,
  log: Logger,
  of: {
    readonly limits: RateLimits;
    readonly redisUrl?: string | undefined;
    readonly now?: () => number;
  },
): RateLimiter {
  const store = of.redisUrl === undefined ? postgresWindows(database) : redisWindows(of.redisUrl, log);
  return new RateLimiter(store, of.limits, log, of.now);
}
