import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Host } from './world/world.ts';

/** Most listening ports of one process, beside those of bystanders. */
const MOST_PORTS_PER_PROCESS = 6000;
/** Open files that a process keeps for connections and everything else. */
const SPARE_FILES = 2000;
/** A process that has not opened its ports by then has failed. */
const START_TIMEOUT_MS = 60_000;

/** What a child process is told: which world, and which share of its hosts. */
export const shardOrder = z.object({
  hosts: z.number().int(),
  seed: z.string(),
  block: z.number().int(),
  index: z.number().int().min(1),
  count: z.number().int().min(2),
});
export type ShardOrder = z.infer<typeof shardOrder>;

/** What a child process answers. */
export const shardReport = z.union([
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);
export type ShardReport = z.infer<typeof shardReport>;

/** Where the system does not tell its limit (macOS), this many files may be open. */
const ASSUMED_OPEN_FILES = 8192;

/** How many files this process may have open. */
function openFileLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (soft === undefined) return ASSUMED_OPEN_FILES;
    return soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
  } catch {
    return ASSUMED_OPEN_FILES;
  }
}

/** Over how many processes the hosts have to be spread so that none runs out of open files. */
export function shardCount(hosts: readonly Host[]): number {
  const ports = hosts.reduce((sum, host) => sum + host.services.length, 0);
  const perProcess = Math.max(500, Math.min(MOST_PORTS_PER_PROCESS, openFileLimit() - SPARE_FILES));
  return Math.max(1, Math.ceil(ports / perProcess));
}

/** The hosts of one share. */
export function shardOf(hosts: readonly Host[], index: number, count: number): readonly Host[] {
  return hosts.filter((_host, position) => position % count === index);
}

/** A child process that serves a share of the hosts. */
export interface Shard {
  close(): Promise<void>;
}

/** Starts a child process for one share and waits until its ports are open. `onLost` is called if it dies later. */
export function startShard(order: ShardOrder, onLost: (message: string) => void): Promise<Shard> {
  const child = fork(fileURLToPath(new URL('shard-process.ts', import.meta.url)), [], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let isClosing = false;
  return new Promise((resolve, reject) => {
    const fail = (message: string): void => {
      child.kill('SIGKILL');
      reject(new Error(message));
    };
    const timer = setTimeout(
      () => fail('A process of the practice network did not start in time.'),
      START_TIMEOUT_MS,
    );
    child.once('message', message => {
      clearTimeout(timer);
      const report = shardReport.safeParse(message);
      if (!report.success || report.data.kind === 'failed') {
        fail(report.success && report.data.kind === 'failed' ? report.data.message : 'Unreadable report.');
        return;
      }
      resolve({
        close: () => {
          isClosing = true;
          return closeChild(child);
        },
      });
    });
    child.once('exit', code => {
      clearTimeout(timer);
      const message = `A process of the practice network ended (code ${code ?? 'none'}).`;
      reject(new Error(message));
      if (!isClosing) onLost(message);
    });
    child.send(order);
  });
}

function closeChild(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
