import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError, type Logger } from '@glacis/foundation';

/**
 * Deals with the lock file of a server that was not shut down. A dead server's lock is removed; a living one on the same
 * folder means that another Glacis is running there. @throws UserError
 */
export async function stopPrevious(cluster: string, log: Logger): Promise<void> {
  const lock = join(cluster, 'postmaster.pid');
  // A server whose Glacis was just killed needs a moment to shut down.
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const pid = lockedBy(lock);
    if (pid === undefined) return;
    if (!isPostgres(pid, cluster)) {
      log.warn({ pid }, 'removing the lock of a PostgreSQL that no longer runs');
      rmSync(lock, { force: true });
      return;
    }
    await delay(200);
  }
  throw new UserError(
    'data.in-use',
    `Another Glacis is using the data folder (PostgreSQL runs there as process ${lockedBy(lock) ?? '?'}). Stop it, or set GLACIS_DATA to another folder.`,
  );
}

function lockedBy(lock: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(lock, 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process is a PostgreSQL on this very cluster and not another program that got the same number. */
function isPostgres(pid: number, cluster: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(cluster);
  } catch {
    if (process.platform === 'linux') return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
