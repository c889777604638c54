/** The `glacis` command. */
import { parseArgs } from 'node:util';
import { messageOf, OperationalError, UserError } from '@glacis/foundation';
import { up } from './up/up.ts';

const HELP = `Glacis shows an organisation its external attack surface and turns what it finds into reports.

  npm start                         start everything, scan the practice network once, keep serving
  npm start -- --scan               the same, and scan again
  npm start -- --exit --out DIR     scan, leave report.pdf, assets.jsonl, findings.jsonl and score.json in DIR, stop
  npm start -- --no-scan            start with the practice network, scan nothing
  npm start -- --no-practice        start an empty platform

Options of up
  --hosts N       size of the practice network, 40 to 10000 (default 40)
  --seed TEXT     another practice network (default 1)

Environment
  GLACIS_DATA     data folder (default .glacis)          GLACIS_PORT   port (default 7800, the next free one if taken)
  DATABASE_URL    a PostgreSQL 15 or newer of your own   GLACIS_CHROMIUM   path of a Chromium
  GLACIS_LOG_LEVEL   trace, debug, info, warn, error

Exit codes
  0 done   1 something failed (the line above says what)   2 the command was not understood   130 interrupted
`;

/** A command line that cannot be understood. */
class UsageError extends Error {}

async function main(argv: readonly string[]): Promise<number> {
  const [command = 'up', ...rest] = argv;
  if (command === '--help' || command === '-h' || command === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (command !== 'up') throw new UsageError(`There is no command “${command}”. See: glacis --help`);
  const values = parseUp(rest);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const hosts = Number(values.hosts);
  if (!Number.isInteger(hosts) || hosts < 40 || hosts > 10_000)
    throw new UsageError('--hosts must be a whole number from 40 to 10000.');
  return up(
    {
      isPractice: !values['no-practice'],
      hosts,
      seed: values.seed,
      scan: values.scan ? 'again' : values['no-scan'] ? 'never' : 'first',
      isExiting: values.exit,
      out: values.out,
    },
    line => process.stdout.write(`${line}\n`),
  );
}

function parseUp(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        exit: { type: 'boolean', default: false },
        out: { type: 'string' },
        scan: { type: 'boolean', default: false },
        'no-scan': { type: 'boolean', default: false },
        'no-practice': { type: 'boolean', default: false },
        hosts: { type: 'string', default: '40' },
        seed: { type: 'string', default: '1' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(`${messageOf(cause)} See: npm start -- --help`, { cause });
  }
}

main(process.argv.slice(2)).then(
  code => process.exit(code),
  (error: unknown) => {
    const isExpected =
      error instanceof UserError || error instanceof OperationalError || error instanceof UsageError;
    const text = isExpected
      ? messageOf(error)
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
