import { fork, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { childEnvironment, OperationalError, type Logger } from '@glacis/foundation';
import { z } from 'zod';

const APPS = join(import.meta.dirname, '..', '..', '..');
/**
 * Without limits V8 lets garbage pile up to gigabytes before it looks. Live data of a worker at 5,000 hosts is far below;
 * a process that reaches the limit ends, is started again, and its jobs run elsewhere.
 */
const HEAP = ['--max-old-space-size=384', '--max-semi-space-size=8'];
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 8_000;
/** Restarts of a child that keeps dying wait longer and longer, up to this. */
const MAX_RESTART_DELAY_MS = 5_000;
/** A child that lived this long starts with a clean slate. */
const STABLE_MS = 30_000;

const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), port: z.number().optional(), problem: z.string().optional() }),
  z.object({ type: z.literal('failed'), message: z.string(), code: z.string().optional() }),
]);

/** What a child said when it was ready. */
export interface Ready {
  readonly port?: number | undefined;
  readonly problem?: string | undefined;
}

/** A process of the platform that is started again when it dies. */
export interface Child {
  readonly name: string;
  pid(): number | undefined;
  stop(): Promise<void>;
}

/** Thrown when a child could not start; `code` is the system's, such as EADDRINUSE. */
export class ChildFailed extends OperationalError {
  readonly systemCode: string | undefined;
  constructor(name: string, reason: string, systemCode?: string) {
    super('internal.child-failed', `The ${name} process could not start: ${reason}`);
    this.systemCode = systemCode;
  }
}

/** Starts `apps/<app>/src/main.ts` and waits until it is ready; from then on keeps it running. @throws ChildFailed */
export async function startChild(options: {
  name: string;
  app: string;
  env: Readonly<Record<string, string>>;
  logFolder: string;
  log: Logger;
}): Promise<{ child: Child; ready: Ready }> {
  let isStopping = false;
  let current: ChildProcess | undefined;
  let failures = 0;

  const run = async (): Promise<Ready> => {
    const startedAt = Date.now();
    const spawned = spawnChild(options);
    current = spawned;
    const ready = await untilReady(spawned, options.name);
    spawned.once('exit', (code, signal) => {
      if (isStopping) return;
      failures = Date.now() - startedAt > STABLE_MS ? 0 : failures + 1;
      options.log.warn({ child: options.name, code, signal }, 'a process ended and is started again');
      void restart();
    });
    return ready;
  };
  const restart = async (): Promise<void> => {
    await delay(Math.min(MAX_RESTART_DELAY_MS, 50 * 2 ** failures));
    if (isStopping) return;
    await run().catch(error => {
      options.log.warn({ err: error, child: options.name }, 'a process could not be started again');
      failures += 1;
      return restart();
    });
  };

  const ready = await run();
  return {
    ready,
    child: {
      name: options.name,
      pid: () => current?.pid,
      stop: async () => {
        isStopping = true;
        if (current) await stopProcess(current);
      },
    },
  };
}

function spawnChild(options: {
  name: string;
  app: string;
  env: Readonly<Record<string, string>>;
  logFolder: string;
}): ChildProcess {
  mkdirSync(options.logFolder, { recursive: true });
  const log = createWriteStream(join(options.logFolder, `${options.name}.log`), { flags: 'a' });
  const child = fork(join(APPS, options.app, 'src', 'main.ts'), [], {
    env: childEnvironment(options.env),
    execArgv: ['--disable-warning=ExperimentalWarning', ...HEAP],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // In a group of its own, so that Ctrl-C reaches it through the supervisor alone and in order.
    detached: true,
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.once('exit', () => log.end());
  return child;
}

async function untilReady(child: ChildProcess, name: string): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>();
  const timer = setTimeout(
    () => reject(new ChildFailed(name, 'it was not ready within a minute')),
    READY_TIMEOUT_MS,
  );
  let last = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    last = (last + chunk.toString('utf8')).slice(-2000);
  });
  child.on('message', value => {
    const parsed = message.safeParse(value);
    if (!parsed.success) return;
    if (parsed.data.type === 'ready') resolve(parsed.data);
    else reject(new ChildFailed(name, parsed.data.message, parsed.data.code));
  });
  child.once('exit', code => reject(new ChildFailed(name, lastError(last) ?? `it ended with code ${code}`)));
  child.once('error', error => reject(new ChildFailed(name, error.message)));
  try {
    return await promise;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function lastError(output: string): string | undefined {
  return output
    .split('\n')
    .findLast(line => /Error: /.test(line))
    ?.trim();
}

/** Asks a process to stop, then makes it. */
async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
