import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import {
  childEnvironment,
  messageOf,
  networkProfile,
  OperationalError,
  type NetworkProfile,
} from '@glacis/foundation';
import { z } from 'zod';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'practice-net', 'src', 'main.ts');
const READY_TIMEOUT_MS = 60_000;

const readyLine = z.object({
  ready: z.literal(true),
  dns: z.string(),
  ct: z.url(),
  control: z.url(),
  domains: z.array(z.string()),
  ranges: z.array(z.string()),
});

/** A running practice network. */
export interface PracticeNetwork {
  readonly control: string;
  readonly profile: NetworkProfile;
  stop(): Promise<void>;
}

/** The domains of the practice network, known before it starts. */
export const PRACTICE_DOMAINS = ['larkspur.test', 'larkspur-labs.test'] as const;

/** Starts the practice network; it publishes the given challenges (domain → value). It ends with this process. */
export async function startPractice(options: {
  hosts: number;
  seed: string;
  /** Second octet of its addresses. */
  block: number;
  truthFile: string;
  challenges: ReadonlyMap<string, string>;
}): Promise<PracticeNetwork> {
  const args = [
    'serve',
    '--hosts',
    String(options.hosts),
    '--seed',
    options.seed,
    '--block',
    String(options.block),
    '--truth',
    options.truthFile,
  ];
  for (const [domain, value] of options.challenges) args.push('--challenge', `${domain}=${value}`);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: childEnvironment({}),
    detached: true,
  });
  const ready = await untilReady(child);
  return {
    control: ready.control,
    profile: networkProfile.parse({
      zones: ready.domains,
      resolvers: [ready.dns],
      nameServerPort: Number(ready.dns.split(':').at(-1)),
      ctSearchUrl: ready.ct,
      allowedPrivateRanges: ready.ranges,
      // Loopback needs no politeness towards others.
      ratePerAddress: 2000,
      burstPerAddress: 2000,
    }),
    stop: async () => {
      const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function untilReady(child: ChildProcess): Promise<z.output<typeof readyLine>> {
  const { promise, resolve, reject } = Promise.withResolvers<z.output<typeof readyLine>>();
  const timer = setTimeout(() => reject(new Error('it was not ready within a minute')), READY_TIMEOUT_MS);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-1000);
  });
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', line => {
      const parsed = readyLine.safeParse(JSON.parse(line));
      if (parsed.success) resolve(parsed.data);
    });
  }
  child.once('exit', code => reject(new Error(errors.trim() || `it ended with code ${code}`)));
  try {
    return await promise;
  } catch (cause) {
    child.kill('SIGKILL');
    throw new OperationalError(
      'internal.child-failed',
      `The practice network could not start: ${messageOf(cause).replace(/\.$/, '')}. Start without it: npm start -- --no-practice`,
      { cause },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Compares an export with the truth about the practice network. Returns the exit code and what it printed. */
export async function scorePractice(options: {
  truthFile: string;
  assets: string;
  findings: string;
  control: string;
  out: string;
}): Promise<{ code: number; output: string }> {
  const args = [
    'score',
    '--truth',
    options.truthFile,
    '--assets',
    options.assets,
    '--findings',
    options.findings,
    '--control',
    options.control,
    '--out',
    options.out,
  ];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment({}),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const code = await new Promise<number>(resolve => child.once('exit', exitCode => resolve(exitCode ?? 1)));
  return { code, output };
}
