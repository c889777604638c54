import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError, type Logger } from '@glacis/foundation';

/** Where the process id of the keeper is noted, in the folder of an embedded PostgreSQL. */
export function keeperFile(folder: string): string {
  return join(folder, 'keeper.pid');
}

/**
 * Deals with the lock file of a server that was not shut down. A dead server's lock is removed; one that outlived its keeper
 * belongs to nobody and is shut down; a living one with its keeper means that another Glacis is running there.
 * @throws UserError
 */
export async function stopPrevious(folder: string, cluster: string, log: Logger): Promise<void> {
  const lock = join(cluster, 'postmaster.pid');
  const keeper = readPid(keeperFile(folder));
  let isAsked = false;
  // A server whose Glacis was just killed needs a moment to shut down.
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const pid = readPid(lock);
    if (pid === undefined) return;
    if (!isRunning(pid, cluster)) {
      log.warn({ pid }, 'removing the lock of a PostgreSQL that no longer runs');
      rmSync(lock, { force: true });
      return;
    }
    if (!isAsked && keeper !== undefined && !isRunning(keeper, cluster)) {
      log.warn({ pid }, 'shutting down a PostgreSQL whose keeper is gone');
      process.kill(pid, 'SIGINT');
      isAsked = true;
    }
    await delay(200);
  }
  throw new UserError(
    'data.in-use',
    `Another Glacis is using the data folder (PostgreSQL runs there as process ${readPid(lock) ?? '?'}). Stop it, or set GLACIS_DATA to another folder.`,
  );
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process belongs to this very cluster and is not another program that got the same number. */
function isRunning(pid: number, cluster: string): boolean {
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
