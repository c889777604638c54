import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openPlatform, type OpenPlatform } from '@glacis/domain';
import { createRegistry } from '@glacis/engine';
import {
  childEnvironment,
  createLogger,
  messageOf,
  readConfig,
  tenantId,
  type TenantId,
} from '@glacis/foundation';
import { scanners } from '@glacis/scanners';
import { z } from 'zod';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');
const START_TIMEOUT_MS = 180_000;

const runFile = z.object({ address: z.string(), databaseUrl: z.string(), supervisor: z.number() });

/** A process of the installation, found in /proc. */
export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/** A whole Glacis of its own, started as a user would, with a window into its database. */
export interface Installation {
  readonly folder: string;
  readonly address: string;
  readonly platform: OpenPlatform;
  readonly tenant: TenantId;
  /** Children and grandchildren of the supervisor whose command line holds the text. */
  processes(text: string): readonly RunningProcess[];
  /** Stops it with a signal, waits, and removes its data. Returns the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  readonly supervisor: number;
  /** Second octet of its practice network. */
  readonly block: number;
  output(): string;
}

/** Address blocks of practice networks, without the one that a running Glacis of this machine uses. */
const BLOCKS = [16, 144, 208, 32, 96, 160];

/** Starts an installation with the practice network and no scan, in an address block that is free. */
export async function startInstallation(args: readonly string[] = ['--no-scan']): Promise<Installation> {
  const first = Math.floor(Math.random() * BLOCKS.length);
  for (let index = 0; ; index += 1) {
    const block = BLOCKS[(first + index) % BLOCKS.length] ?? 16;
    try {
      return await startInBlock([...args, '--block', String(block)], block);
    } catch (error) {
      if (index + 1 === BLOCKS.length || !/is taken/.test(messageOf(error))) throw error;
    }
  }
}

async function startInBlock(args: readonly string[], block: number): Promise<Installation> {
  const folder = mkdtempSync('/tmp/glacis-e2e-');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'up', ...args], {
    env: childEnvironment({
      GLACIS_DATA: folder,
      GLACIS_PORT: String(20_000 + Math.floor(Math.random() * 20_000)),
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const exited = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!output.includes('Ctrl-C stops')) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`the installation did not start:\n${output}`);
    await delay(50);
  }
  const run = runFile.parse(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')));
  const config = readConfig(childEnvironment({ GLACIS_DATA: folder, DATABASE_URL: run.databaseUrl }));
  const platform = await openPlatform({
    config,
    processName: 'e2e',
    registry: createRegistry(scanners),
    maxConnections: 3,
    log: createLogger({ name: 'e2e', level: 'silent' }),
  });
  const { id } = await platform.database.control
    .selectFrom('control.tenant')
    .select('id')
    .executeTakeFirstOrThrow();
  return {
    folder,
    address: run.address,
    platform,
    tenant: tenantId(id),
    supervisor: run.supervisor,
    block,
    processes: text => descendants(run.supervisor).filter(entry => entry.command.includes(text)),
    output: () => output,
    stop: async (signal = 'SIGTERM') => {
      await platform.close();
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const code = await exited;
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

/** All processes below one, itself excluded. */
export function descendants(pid: number): RunningProcess[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return [
          {
            pid: Number(name),
            parent,
            command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '),
          },
        ];
      } catch {
        return [];
      }
    });
  const below = (parent: number): RunningProcess[] =>
    all.flatMap(entry => (entry.parent === parent ? [entry, ...below(entry.pid)] : []));
  return below(pid);
}
