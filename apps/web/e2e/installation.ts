import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'src', 'main.ts');
const START_TIMEOUT_MS = 240_000;
/** Address blocks that a practice network may take, and the port on which each answers. */
const BLOCKS = [160, 96, 32, 208, 144] as const;
const PRACTICE_PORT = 8099;

/** A whole Glacis of its own with the practice network, started as a person would start it, without a scan. */
export interface Installation {
  readonly address: string;
  /** Address of the one-time sign-in link. */
  readonly link: string;
  /** Lets the practice network publish the proof of ownership of one of its domains; `value` is what follows the equals sign. */
  publish(domain: string, value: string): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts an installation with further settings; with `isNamed` its public address is localhost, which can have passkeys.
 * @throws Error with its output when it does not come up.
 */
export async function startInstallation(options: Options = {}): Promise<Installation> {
  // Other tests start theirs at the same time: a block that was free a moment ago may be taken now.
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (let index = 0; ; index += 1) {
    const block = BLOCKS[index % BLOCKS.length] ?? BLOCKS[0];
    try {
      return await startInBlock(block, options);
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('is taken')) || Date.now() > deadline)
        throw error;
    }
  }
}

/** What an installation of a test has of its own. */
interface Options {
  readonly isNamed?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

async function startInBlock(
  block: number,
  { isNamed = false, settings = {} }: Options,
): Promise<Installation> {
  const folder = mkdtempSync('/tmp/glacis-web-e2e-');
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const args = ['up', '--no-scan', '--block', String(block)];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    env: {
      ...process.env,
      ...settings,
      GLACIS_DATA: folder,
      GLACIS_PORT: String(port),
      ...(isNamed ? { GLACIS_PUBLIC_URL: `http://localhost:${port}` } : {}),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!output.includes('Ctrl-C stops')) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the installation did not start:\n${output}`);
    }
    await delay(50);
  }
  const link = /http:\/\/\S+\/sign-in\?link=\S+/.exec(output)?.[0];
  if (!link) {
    await stop();
    throw new Error(`the installation names no sign-in link:\n${output}`);
  }
  const publish = async (domain: string, value: string): Promise<void> => {
    const body = JSON.stringify({ domain, value });
    const response = await fetch(`http://127.${block}.0.1:${PRACTICE_PORT}/challenges`, {
      method: 'POST',
      body,
    });
    if (!response.ok) throw new Error(`the practice network answered ${response.status}`);
  };
  const address = isNamed ? `http://localhost:${port}` : new URL(link).origin;
  return { address, link: link.replace(new URL(link).origin, address), publish, stop };
}
