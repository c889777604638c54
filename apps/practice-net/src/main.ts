/** The practice network's command: `serve`, `truth` and `score`. */
import { parseArgs } from 'node:util';
import { DEFAULT_BLOCK } from './address-plan.ts';
import { printTruth, serve } from './commands.ts';
import { InputError, scoreFiles } from './score/score-files.ts';
import type { Measure, Score } from './score/score.ts';

const usage = `A small internet on 127.0.0.0/8, the same for the same seed.

  serve [--hosts 40] [--seed 1] [--block 80] [--truth FILE] [--challenge DOMAIN=VALUE …]
      Serve until a signal comes or the parent process ends; prints one line of JSON when ready.
  truth [--hosts 40] [--seed 1] [--block 80]
      Print what is true about the network, as JSON, without serving it.
  score --truth FILE --assets FILE --findings FILE [--counters FILE | --control URL] [--out FILE]
      Compare the export of a scan with the truth; exit code 1 when something is missed, made up or out of scope.
`;

/** A command line that cannot be understood; the message says what to change. */
class UsageError extends Error {}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new UsageError(`--${name} must be a whole number, not “${text}”.`);
  return value;
}

function challengesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map(pair => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`--challenge must be DOMAIN=VALUE, not “${pair}”.`);
      return [pair.slice(0, at).toLowerCase(), pair.slice(at + 1)];
    }),
  );
}

function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new UsageError(`score needs --${name}.`);
  return value;
}

async function score(values: {
  readonly [name in 'truth' | 'assets' | 'findings' | 'counters' | 'control' | 'out']?: string | undefined;
}): Promise<number> {
  if (values.counters === undefined && values.control === undefined) {
    throw new UsageError('score needs --counters FILE or --control URL, to know what reached others.');
  }
  const result = await scoreFiles({
    truth: required('truth', values.truth),
    assets: required('assets', values.assets),
    findings: required('findings', values.findings),
    counters:
      values.counters === undefined
        ? { control: required('control', values.control) }
        : { file: values.counters },
    out: values.out,
  });
  const text = values.out === undefined ? JSON.stringify(result, undefined, 2) : summaryOf(result).join('\n');
  process.stdout.write(`${text}\n`);
  return result.passed ? 0 : 1;
}

/** The score for people: a line, and a line for everything that was missed or is not true. */
function summaryOf(score: Score): string[] {
  const share = (of: number): string => `${Math.floor(of * 1000) / 10} %`;
  const part = (name: string, of: Measure): string =>
    `${of.found} of ${of.expected} ${name} (recall ${share(of.recall)}, precision ${share(of.precision)})`;
  return [
    `Score     ${part('assets', score.totals.assets)}, ${part('findings', score.totals.findings)}, ${score.packetsOutsideScope} packets outside the scope`,
    ...score.missed.map(key => `  missed    ${key}`),
    ...score.unexpected.map(key => `  not true  ${key}`),
  ];
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      hosts: { type: 'string', default: '40' },
      seed: { type: 'string', default: '1' },
      block: { type: 'string', default: String(DEFAULT_BLOCK) },
      truth: { type: 'string' },
      challenge: { type: 'string', multiple: true, default: [] },
      assets: { type: 'string' },
      findings: { type: 'string' },
      counters: { type: 'string' },
      control: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [command] = positionals;
  const size = {
    hosts: wholeNumber('hosts', values.hosts),
    seed: values.seed,
    block: wholeNumber('block', values.block),
  };
  if (values.help || command === undefined) {
    process.stdout.write(usage);
  } else if (command === 'serve') {
    await serve({ ...size, challenges: challengesOf(values.challenge), truthFile: values.truth });
  } else if (command === 'truth') {
    printTruth(size);
  } else if (command === 'score') {
    process.exitCode = await score(values);
  } else {
    throw new UsageError(`There is no command “${command}”: use serve, truth or score.`);
  }
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n`);
  process.exit(
    error instanceof UsageError || error instanceof RangeError || error instanceof InputError ? 2 : 1,
  );
});
