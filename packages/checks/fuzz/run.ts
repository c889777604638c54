/**
 * Coverage-guided fuzzing of what takes hostile bytes: templates, expressions, HTTP responses. What reaches a new block
 * is kept and varied on. Usage: npm run fuzz -w packages/checks [-- SECONDS [TARGET]]; ends with 1 and
 * leaves the input in fuzz/findings when something is thrown that should not be, or takes too long.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../src/errors.ts';
import { BlockCoverage } from './coverage.ts';
import { mutate, randomOf } from './mutate.ts';
import { targets, type FuzzTarget } from './targets.ts';

/** Inputs between two looks at the coverage: a look costs as much as some tens of runs. */
const BATCH = 24;
/** An input of 4 KB that takes longer holds the event loop. */
const MAX_RUN_MS = 50;
const MAX_CORPUS = 20_000;

interface Finding {
  readonly input: Buffer;
  readonly reason: string;
}

async function tryInput(target: FuzzTarget, input: Buffer): Promise<Finding | undefined> {
  const before = process.threadCpuUsage();
  try {
    await target.run(input);
  } catch (error) {
    return { input, reason: error instanceof Error ? (error.stack ?? error.message) : messageOf(error) };
  }
  const used = process.threadCpuUsage(before);
  const tookMs = (used.user + used.system) / 1000;
  return tookMs > MAX_RUN_MS ? { input, reason: `took ${Math.round(tookMs)} ms` } : undefined;
}

/** Slow once may be the compiler or the collector; slow three times is the input. */
async function isConfirmed(target: FuzzTarget, finding: Finding): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt += 1)
    if ((await tryInput(target, finding.input)) === undefined) return false;
  return true;
}

async function fuzz(target: FuzzTarget, seconds: number): Promise<readonly Finding[]> {
  const folder = join(import.meta.dirname, 'seeds', target.name);
  const corpus: Buffer[] = readdirSync(folder).map(name => readFileSync(join(folder, name)));
  const coverage = new BlockCoverage(url => /packages\/checks\/src|js-yaml/.test(url));
  const seen = new Set<string>();
  const findings = new Map<string, Finding>();
  const random = randomOf(Date.now());
  const attempt = async (input: Buffer): Promise<void> => {
    const finding = await tryInput(target, input);
    if (finding === undefined || !(await isConfirmed(target, finding))) return;
    // One for each place: the message’s first lines say which.
    const place = finding.reason
      .split('\n')
      .slice(0, 3)
      .join('\n')
      .replace(/\d+ ms|"[^"]*"/g, '');
    if (!findings.has(place)) findings.set(place, finding);
  };
  const learn = (): boolean => {
    let isNew = false;
    for (const key of coverage.take()) {
      isNew ||= !seen.has(key);
      seen.add(key);
    }
    return isNew;
  };
  for (const seed of corpus) await attempt(seed);
  learn();
  const startedAt = performance.now();
  let runs = 0;
  while (performance.now() - startedAt < seconds * 1000) {
    const batch = Array.from({ length: BATCH }, () =>
      mutate(corpus[random(corpus.length)] ?? Buffer.alloc(0), {
        random,
        words: target.words,
        others: corpus,
      }),
    );
    for (const input of batch) await attempt(input);
    runs += batch.length;
    // Blocks that were new to the batch are new no longer, so the inputs are told apart by what they reach together.
    const before = new Set(seen);
    if (!learn() || corpus.length >= MAX_CORPUS) continue;
    for (const input of batch) {
      await attempt(input);
      const reached = coverage.take();
      if ([...reached].some(key => !before.has(key))) corpus.push(input);
      for (const key of reached) before.add(key);
    }
  }
  coverage.close();
  const figure = {
    fuzzed: target.name,
    seconds,
    runs,
    corpus: corpus.length,
    blocks: seen.size,
    findings: findings.size,
  };
  process.stdout.write(`${JSON.stringify(figure)}\n`);
  return [...findings.values()];
}

const seconds = Number(process.argv[2] ?? '60');
const wanted = targets.filter(({ name }) => process.argv[3] === undefined || process.argv[3] === name);
if (!(seconds > 0) || wanted.length === 0) {
  process.stderr.write(
    `Usage: npm run fuzz -w packages/checks -- SECONDS [${targets.map(({ name }) => name).join('|')}]\n`,
  );
  process.exit(2);
}
for (const target of wanted) {
  for (const { input, reason } of await fuzz(target, seconds / wanted.length)) {
    const folder = join(import.meta.dirname, 'findings');
    const file = join(
      folder,
      `${target.name}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}`,
    );
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, input);
    process.stdout.write(`${file}\n${reason.split('\n').slice(0, 6).join('\n')}\n`);
    process.exitCode = 1;
  }
}
