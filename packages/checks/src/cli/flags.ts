/** A flag of the command: takes no value, one, or several (repeated or parted by commas). */
interface Flag {
  readonly names: readonly string[];
  readonly kind: 'switch' | 'text' | 'number' | 'list' | 'repeat';
  readonly help: string;
}

const FLAGS = {
  target: { names: ['u', 'target'], kind: 'repeat', help: 'URL, host or address to look at' },
  list: { names: ['l', 'list'], kind: 'text', help: 'file with one target per line' },
  templates: {
    names: ['t', 'templates'],
    kind: 'repeat',
    help: 'template file or folder; the own set when absent',
  },
  workflows: { names: ['w', 'workflows'], kind: 'repeat', help: 'workflow file or folder' },
  tags: { names: ['tags'], kind: 'list', help: 'only templates with one of these tags' },
  excludedTags: {
    names: ['etags', 'exclude-tags'],
    kind: 'list',
    help: 'no templates with one of these tags',
  },
  includedTags: {
    names: ['itags', 'include-tags'],
    kind: 'list',
    help: 'tags that run although they are left out by default',
  },
  severity: { names: ['severity', 's'], kind: 'list', help: 'only these severities' },
  ids: { names: ['id', 'template-id'], kind: 'list', help: 'only templates with these ids (* allowed)' },
  excludedIds: { names: ['eid', 'exclude-id'], kind: 'list', help: 'no templates with these ids' },
  jsonl: { names: ['jsonl', 'j'], kind: 'switch', help: 'one JSON record per line' },
  silent: { names: ['silent'], kind: 'switch', help: 'results only' },
  variables: { names: ['V', 'var'], kind: 'repeat', help: 'variable as name=value' },
  headers: { names: ['H', 'header'], kind: 'repeat', help: 'header for every request, as Name: value' },
  timeout: {
    names: ['timeout'],
    kind: 'number',
    help: 'seconds to connect (10); an exchange gets three times as long',
  },
  retries: { names: ['retries'], kind: 'number', help: 'further attempts after a network error (1)' },
  rateLimit: {
    names: ['rl', 'rate-limit'],
    kind: 'number',
    help: 'requests per second in all (150; 0 = no limit)',
  },
  hostRateLimit: {
    names: ['rlh', 'rate-limit-host'],
    kind: 'number',
    help: 'requests per second to one host',
  },
  concurrency: { names: ['c', 'concurrency'], kind: 'number', help: 'templates at once on one host (25)' },
  bulkSize: { names: ['bs', 'bulk-size'], kind: 'number', help: 'hosts at once (25)' },
  payloadConcurrency: {
    names: ['pc', 'payload-concurrency'],
    kind: 'number',
    help: 'payload sets at once (25)',
  },
  noRedirects: { names: ['dr', 'disable-redirects'], kind: 'switch', help: 'follow no redirects' },
  redirects: { names: ['fr', 'follow-redirects'], kind: 'switch', help: 'follow all redirects' },
  hostRedirects: {
    names: ['fhr', 'follow-host-redirects'],
    kind: 'switch',
    help: 'follow redirects on the same host',
  },
  maxRedirects: { names: ['mr', 'max-redirects'], kind: 'number', help: 'redirects followed at most (10)' },
  matcherStatus: {
    names: ['ms', 'matcher-status'],
    kind: 'switch',
    help: 'report templates that did not match, too',
  },
  selfContained: {
    names: ['esc', 'enable-self-contained'],
    kind: 'switch',
    help: 'run self-contained templates',
  },
  file: { names: ['file'], kind: 'switch', help: 'run file templates; targets are paths' },
  sni: { names: ['sni'], kind: 'text', help: 'TLS server name' },
  attack: {
    names: ['attack-type', 'at'],
    kind: 'text',
    help: 'batteringram, pitchfork or clusterbomb for all templates',
  },
  proxy: { names: ['proxy', 'p'], kind: 'text', help: 'http://, https:// or socks5:// proxy' },
  oastServer: { names: ['iserver', 'interactsh-server'], kind: 'text', help: 'out-of-band server' },
  oastToken: { names: ['itoken', 'interactsh-token'], kind: 'text', help: 'token of that server' },
  noOast: { names: ['ni', 'no-interactsh'], kind: 'switch', help: 'no out-of-band checks' },
  resolvers: { names: ['r', 'resolvers'], kind: 'text', help: 'DNS servers: a file or a list with commas' },
  noClustering: {
    names: ['disable-clustering', 'dc'],
    kind: 'switch',
    help: 'share no answers between templates',
  },
  stats: { names: ['stats'], kind: 'switch', help: 'figures at the end, as JSON on the error channel' },
  output: { names: ['o', 'output'], kind: 'text', help: 'file for the results' },
  validate: {
    names: ['validate'],
    kind: 'switch',
    help: 'load the templates and say which are refused and why',
  },
  noStrict: { names: ['no-strict-syntax'], kind: 'switch', help: 'pass over unknown keys in templates' },
  maxHostError: {
    names: ['mhe', 'max-host-error'],
    kind: 'number',
    help: 'failures in a row until a host is skipped (30; 0 = never)',
  },
  honeypot: {
    names: ['honeypot-threshold'],
    kind: 'number',
    help: 'templates that may match one host (0 = any number)',
  },
  maxBody: {
    names: ['rsr', 'response-size-read'],
    kind: 'number',
    help: 'bytes of a body that are read (10485760)',
  },
  maxSaved: {
    names: ['rss', 'response-size-save'],
    kind: 'number',
    help: 'bytes of request and response in a record (1048576)',
  },
  omitRaw: { names: ['or', 'omit-raw'], kind: 'switch', help: 'no request and response in records' },
  noCache: { names: ['no-cache'], kind: 'switch', help: 'keep no index of templates' },
  listTemplates: { names: ['tl'], kind: 'switch', help: 'list the templates that would run' },
  version: { names: ['version'], kind: 'switch', help: 'print the version' },
  help: { names: ['h', 'help'], kind: 'switch', help: 'this text' },
} as const satisfies Record<string, Flag>;

type FlagKey = keyof typeof FLAGS;
type ValueOf<K extends FlagKey> = (typeof FLAGS)[K]['kind'] extends 'switch'
  ? boolean
  : (typeof FLAGS)[K]['kind'] extends 'text'
    ? string | undefined
    : (typeof FLAGS)[K]['kind'] extends 'number'
      ? number | undefined
      : readonly string[];
/** The flags of one call. */
export type Flags = { readonly [K in FlagKey]: ValueOf<K> };

/** A call that cannot be understood; the message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const BY_NAME = new Map<string, [FlagKey, Flag]>(
  (Object.keys(FLAGS) as FlagKey[]).flatMap(key =>
    FLAGS[key].names.map((name): [string, [FlagKey, Flag]] => [name, [key, FLAGS[key]]]),
  ),
);

function emptyValue(flag: Flag): boolean | string[] | undefined {
  if (flag.kind === 'switch') return false;
  return flag.kind === 'list' || flag.kind === 'repeat' ? [] : undefined;
}

function valueOf(flag: Flag, name: string, text: string): number | string {
  if (flag.kind !== 'number') return text;
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0 || text.trim() === '')
    throw new UsageError(`-${name} needs a number of 0 or more, not ${text}`);
  return number;
}

/** Reads the arguments of a call; `-flag value`, `-flag=value` and `--flag` all work. Throws UsageError. */
export function parseFlags(args: readonly string[]): Flags {
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(FLAGS).map(([key, flag]) => [key, emptyValue(flag)]),
  );
  for (let index = 0; index < args.length; index += 1) {
    const match = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(args[index] ?? '');
    const found = match === null ? undefined : BY_NAME.get(match[1] ?? '');
    if (match === null || found === undefined)
      throw new UsageError(`${args[index] ?? ''} is no flag; -h lists them`);
    const [key, flag] = found;
    if (flag.kind === 'switch') {
      values[key] = match[2] !== 'false';
      continue;
    }
    const text = match[2] ?? args[(index += 1)];
    if (text === undefined) throw new UsageError(`-${match[1] ?? ''} needs a value`);
    const before = values[key];
    if (!Array.isArray(before)) values[key] = valueOf(flag, match[1] ?? '', text);
    else if (flag.kind === 'repeat' && !['u', 'target', 't', 'templates', 'w', 'workflows'].includes(match[1] ?? '')) before.push(text);
    else before.push(...text.split(',').map(part => part.trim()).filter(part => part !== '')); // prettier-ignore
  }
  return values as Flags;
}

/** The help text. */
export function helpText(): string {
  const lines = Object.values(FLAGS).map((flag: Flag) => {
    const names = flag.names.map(name => `-${name}`).join(', ');
    return `  ${names.padEnd(38)} ${flag.help}`;
  });
  return `glacis-checks: runs templates in the Nuclei format.

  glacis-checks -u https://host.example -t templates/
  glacis-checks -validate -t templates/
  glacis-checks update --from FOLDER|URL [--to FOLDER]
  glacis-checks oast --domain NAME [--ip ADDRESS]

${lines.join('\n')}
`;
}
