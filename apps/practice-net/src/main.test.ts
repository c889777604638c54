import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isOpen } from '../test/clients.ts';
import { blocks } from './address-plan.ts';
import { truth as truthSchema } from './truth/schema.ts';

const entry = fileURLToPath(new URL('main.ts', import.meta.url));
const flags = ['--disable-warning=ExperimentalWarning'];
const readyLine = z.object({
  ready: z.literal(true),
  dns: z.string(),
  ct: z.url(),
  control: z.url(),
  domains: z.array(z.string()),
  ranges: z.array(z.string()),
  truth: z.string().nullable(),
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

function ended(child: ChildProcess): Promise<Ended> {
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise(resolve => child.once('close', code => resolve({ code, output, errors })));
}

function firstLine(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const end = output.indexOf('\n');
      if (end >= 0) resolve(output.slice(0, end));
    });
    child.once('close', () => reject(new Error(`ended without a line: ${output}`)));
  });
}

const run = (...args: readonly string[]): Promise<Ended> =>
  ended(spawn(process.execPath, [...flags, entry, ...args]));

/** A block in which no control address answers; the first ones of the list are left to networks in other tests. */
async function freeBlock(): Promise<number> {
  for (const block of blocks.slice(-2)) {
    if (!(await isOpen(`127.${block}.0.1`, 8099))) return block;
  }
  throw new Error('no free block');
}

async function waitUntilClosed(address: string, port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (await isOpen(address, port)) {
    if (Date.now() > deadline) throw new Error(`${address}:${port} is still open`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

it('serve writes the truth, says where everything is, and stops on a signal', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'practice-'));
  const block = await freeBlock();
  const file = join(folder, 'truth.json');
  try {
    const args = [...flags, entry, 'serve', '--block', String(block), '--truth', file];
    const child = spawn(process.execPath, args);
    const end = ended(child);
    const ready = readyLine.parse(JSON.parse(await firstLine(child)));
    assert.equal(ready.dns, `127.${block}.0.53:5300`);
    assert.equal(ready.truth, file);
    const { assets, ...head } = truthSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    assert.deepEqual(ready.domains, head.domains);
    assert.ok(assets.length > 100);
    child.kill('SIGTERM');
    assert.equal((await end).code, 0);
    assert.equal(await isOpen(`127.${block}.0.53`, 5300), false);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('serve ends when its parent is killed', async () => {
  const block = await freeBlock();
  const script = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ${JSON.stringify([...flags, entry, 'serve', '--block', String(block)])}, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.pipe(process.stdout);
  `;
  const parent = spawn(process.execPath, ['-e', script]);
  await firstLine(parent);
  assert.equal(await isOpen(`127.${block}.0.53`, 5300), true);
  parent.kill('SIGKILL');
  await waitUntilClosed(`127.${block}.0.53`, 5300);
});

it('truth prints the same twice', async () => {
  const [first, second] = await Promise.all([run('truth', '--seed', '9'), run('truth', '--seed', '9')]);
  assert.equal(first.code, 0);
  assert.equal(first.output, second.output);
  assert.equal(truthSchema.parse(JSON.parse(first.output)).seed, '9');
});

it('says what is wrong with a command line, in one sentence', async () => {
  const wrong = [
    [['dance'], /There is no command “dance”/],
    [['serve', '--hosts', 'many'], /--hosts must be a whole number/],
    [['serve', '--hosts', '3'], /between 40 and 10000/],
    [['serve', '--challenge', 'nothing'], /--challenge must be DOMAIN=VALUE/],
    [['score', '--truth', 't'], /score needs --counters FILE or --control URL/],
    [
      ['score', '--truth', '/none', '--assets', 'a', '--findings', 'f', '--counters', 'c'],
      /\/none cannot be read/,
    ],
  ] as const;
  for (const [args, pattern] of wrong) {
    const { code, errors } = await run(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(errors, pattern);
    assert.equal(errors.trim().split('\n').length, 1);
  }
  assert.match((await run('--help')).output, /serve/);
});
