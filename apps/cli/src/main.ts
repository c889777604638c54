/** The `glacis` command. */
import { parseArgs } from 'node:util';
import { messageOf, OperationalError, UserError } from '@glacis/foundation';
import { audit } from './audit.ts';
import { doctor } from './doctor.ts';
import { keys, KEYS_HELP } from './keys.ts';
import { scan } from './scan.ts';
import { signIn } from './sign-in.ts';
import { target } from './target.ts';
import { token } from './token.ts';
import { tenant, TENANT_HELP } from './tenant.ts';
import { up } from './up/up.ts';
import { UsageError } from './usage.ts';
import { user } from './user.ts';

const HELP = `Glacis shows an organisation its external attack surface and turns what it finds into reports.

  npm start                         start everything, scan the practice network once, keep serving
  npm start -- --scan               the same, and scan again
  npm start -- --exit --out DIR     scan, leave report.pdf, assets.jsonl, findings.jsonl and score.json in DIR, stop
  npm start -- --no-scan            start with the practice network, scan nothing
  npm start -- --no-practice        start an empty platform

  glacis up [OPTION …]              what npm start runs
  glacis scan DOMAIN                scan a domain with the platform that runs on this machine
      --engine FILE                 YAML with the scanners to run and their options
      --json                        assets and findings as JSON lines on standard output
      --report FILE                 write the PDF report
  glacis sign-in                    print a one-time sign-in link for the owner
  glacis target add DOMAIN          adds a domain and says how to prove that it is yours
  glacis target verify DOMAIN       looks for the proof; --method dns, file or meta
  glacis target list [TEXT]         the domains and how far they are proven
  glacis target import FILE         adds lines or CSV (domain, organisation, group, note); - is standard input
      --preview, --valid            only show what would come; leave out wrong lines instead of stopping
  glacis user list                  all people and their tenants
  glacis user sessions EMAIL        where somebody is signed in
  glacis user revoke-sessions EMAIL signs somebody out everywhere
  glacis user remove-factors EMAIL  removes the second factors of somebody who has lost them all
  glacis token create               makes a token of a tenant (--tenant SLUG) or of a person (--user EMAIL), and prints it:
                                    --name TEXT --scope asset.read --scope … [--days 90] [--address 192.0.2.0/24]
  glacis token list                 the tokens of a tenant (--tenant SLUG) or of a person (--user EMAIL)
  glacis token revoke ID            revokes one of them
  glacis audit verify               verifies the audit logs of all tenants, or with --tenant SLUG of one
      --head NUMBER:HASH            and that it still contains the head that was printed before
  glacis audit list                 the latest records of the platform, or with --tenant SLUG of a tenant; --limit 200,
                                    --actor NAME, --action targets, --outcome refused, --from TIME, --to TIME, --search TEXT
  glacis audit export --out FILE    all of them, with the same filters, as JSON lines or with --format csv
  glacis tenant …                   create, list, show, plan, suspend, resume, export, delete: glacis tenant --help
  glacis keys …                     status and rotate, of the master key and tenants’ keys: glacis keys --help
  glacis doctor                     what is there, what is missing, and what that costs

Examples
  npx glacis scan example.org --report report.pdf
  npx glacis scan larkspur.test --json > surface.jsonl
  npm start -- --hosts 1000 --seed demo

Options of up
  --hosts N       size of the practice network, 40 to 10000 (default 40)
  --seed TEXT     another practice network (default 1)
  --block N       its addresses are 127.N.0.0/12 (default 80; another lets two run side by side)

Environment
  GLACIS_DATA     data folder (default .glacis)          GLACIS_PORT   port (default 7800, the next free one if taken)
  DATABASE_URL    a PostgreSQL 15 or newer of your own   GLACIS_CHROMIUM   path of a Chromium
  GLACIS_LOG_LEVEL   trace, debug, info, warn, error

Exit codes
  0 done   1 something failed (the last line says what)   2 the command was not understood   130 interrupted
`;

const HELP_OF: Readonly<Record<string, string>> = { tenant: TENANT_HELP, keys: KEYS_HELP };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(argv: readonly string[]): Promise<number> {
  const [command = 'up', ...rest] = argv;
  if (rest.includes('--help') || rest.includes('-h')) return help(HELP_OF[command]);
  switch (command) {
    case '--help':
    case '-h':
    case 'help':
      return help();
    case 'up':
      return runUp(rest);
    case 'scan':
      return runScan(rest);
    case 'doctor':
      return doctor(say);
    case 'sign-in':
      return signIn(say);
    case 'target':
      return target(rest, say);
    case 'tenant':
      return tenant(rest, say);
    case 'user':
      return user(rest, say);
    case 'token':
      return token(rest, say);
    case 'audit':
      return audit(rest, say);
    case 'keys':
      return keys(rest, say);
    default:
      throw new UsageError(`There is no command “${command}”. See: glacis --help`);
  }
}

function help(text = HELP): number {
  process.stdout.write(text);
  return 0;
}

function runUp(args: readonly string[]): Promise<number> {
  const values = parseUp(args);
  const hosts = Number(values.hosts);
  if (!Number.isInteger(hosts) || hosts < 40 || hosts > 10_000) {
    throw new UsageError('--hosts must be a whole number from 40 to 10000.');
  }
  const scanWhen = values.scan ? 'again' : values['no-scan'] ? 'never' : 'first';
  const isPractice = !values['no-practice'];
  return up(
    {
      isPractice,
      hosts,
      seed: values.seed,
      block: Number(values.block),
      scan: scanWhen,
      isExiting: values.exit,
      out: values.out,
    },
    say,
  );
}

function runScan(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        engine: { type: 'string' },
        json: { type: 'boolean', default: false },
        report: { type: 'string' },
      },
    });
    const [target, ...more] = positionals;
    if (target === undefined || more.length > 0)
      throw new UsageError('Name one domain: glacis scan example.org');
    return scan({ target, engine: values.engine, isJson: values.json, report: values.report }, say);
  } catch (cause) {
    throw cause instanceof UsageError
      ? cause
      : new UsageError(`${messageOf(cause)} See: glacis --help`, { cause });
  }
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
        block: { type: 'string', default: '80' },
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
