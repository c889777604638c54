import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { bytesOfText } from '../bytes.ts';
import { proxyTransport } from '../http/proxy.ts';
import { socketTransport } from '../http/transport.ts';
import { registerOast } from '../oast/client.ts';
import type { OastSession } from '../oast/session.ts';
import { OWN_TEMPLATES } from '../own-templates.ts';
import { SocketDnsResolver } from '../protocols/dns-client.ts';
import { planTemplates } from '../run/plan.ts';
import type { CheckResult } from '../run/result.ts';
import { startScan } from '../run/scan.ts';
import type { Scan, ScanOptions } from '../run/scan.ts';
import type { Attack } from '../template/model.ts';
import { exclusionOf, readIgnoreList } from '../template/select.ts';
import type { Selection } from '../template/select.ts';
import { openTemplates } from '../template/template-set.ts';
import type { TemplateHandle, TemplateSet } from '../template/template-set.ts';
import { UsageError, helpText, parseFlags } from './flags.ts';
import type { Flags } from './flags.ts';
import { Progress } from './progress.ts';
import { formatResult } from './text-output.ts';

/** Where `update` puts templates and the index of known files lies. */
export const HOME_FOLDER = join(homedir(), '.glacis-checks');

function openAll(flags: Flags): TemplateSet {
  const paths = [...flags.templates, ...flags.workflows];
  return openTemplates(paths.length > 0 ? paths : [OWN_TEMPLATES], {
    isLenient: flags.noStrict,
    ...(flags.noCache ? {} : { cacheFolder: join(HOME_FOLDER, 'cache') }),
  });
}

function selectionOf(flags: Flags, set: TemplateSet): Selection {
  const paths = [...flags.templates, ...flags.workflows].map(path => resolve(path));
  const folders = paths.length > 0 ? paths : [OWN_TEMPLATES];
  const ignored = folders.filter(path => existsSync(join(path, '.nuclei-ignore'))).map(readIgnoreList);
  return {
    ids: flags.ids,
    excludedIds: flags.excludedIds,
    tags: flags.tags.map(tag => tag.toLowerCase()),
    excludedTags: flags.excludedTags.map(tag => tag.toLowerCase()),
    includedTags: flags.includedTags.map(tag => tag.toLowerCase()),
    severities: flags.severity.map(severity => severity.toLowerCase()),
    explicitFiles: new Set(set.templates.map(handle => handle.file).filter(file => paths.includes(file))),
    hasSelfContained: flags.selfContained,
    hasFile: flags.file,
    hasOast: flags.oastServer !== undefined && !flags.noOast,
    ignored: { tags: ignored.flatMap(list => list.tags), files: ignored.flatMap(list => list.files) },
  };
}

function variablesOf(flags: Flags): Map<string, string> {
  return new Map(
    flags.variables.map(text => {
      const equals = text.indexOf('=');
      if (equals <= 0) throw new UsageError(`-V needs name=value, not ${text}`);
      return [bytesOfText(text.slice(0, equals)), bytesOfText(text.slice(equals + 1))];
    }),
  );
}

function headersOf(flags: Flags): [string, string][] {
  return flags.headers.map(text => {
    const colon = text.indexOf(':');
    if (colon <= 0) throw new UsageError(`-H needs Name: value, not ${text}`);
    return [bytesOfText(text.slice(0, colon).trim()), bytesOfText(text.slice(colon + 1).trim())];
  });
}

function attackOf(flags: Flags): Attack | undefined {
  const attack = (['batteringram', 'pitchfork', 'clusterbomb'] as const).find(
    known => known === flags.attack,
  );
  if (flags.attack !== undefined && attack === undefined)
    throw new UsageError('-attack-type is batteringram, pitchfork or clusterbomb');
  return attack;
}

function resolversOf(flags: Flags): string[] {
  if (flags.resolvers === undefined) return [];
  const text = existsSync(flags.resolvers) ? readFileSync(flags.resolvers, 'utf8') : flags.resolvers;
  return text.split(/[\s,]+/).filter(item => item !== '' && !item.startsWith('#'));
}

function optionsOf(
  flags: Flags,
  oast: OastSession | undefined,
  handles: readonly TemplateHandle[],
  warn: (message: string) => void,
): ScanOptions {
  const redirects = flags.noRedirects
    ? 'none'
    : flags.redirects
      ? 'any'
      : flags.hostRedirects
        ? 'host'
        : undefined;
  const attack = attackOf(flags);
  return {
    transport: flags.proxy === undefined ? socketTransport : proxyTransport(flags.proxy, socketTransport),
    dns: new SocketDnsResolver(resolversOf(flags)),
    variables: variablesOf(flags),
    headers: headersOf(flags),
    workflowTemplates: handles,
    omitsRaw: flags.omitRaw,
    reportsFailures: flags.matcherStatus,
    onWarning: warn,
    ...(oast === undefined ? {} : { oast }),
    ...(redirects === undefined ? {} : { redirects }),
    ...(attack === undefined ? {} : { attack }),
    ...(flags.timeout === undefined ? {} : { timeoutMs: Math.max(1, flags.timeout * 1000) }),
    ...(flags.retries === undefined ? {} : { retries: flags.retries }),
    ...(flags.rateLimit === undefined ? {} : { rateLimit: flags.rateLimit }),
    ...(flags.hostRateLimit === undefined ? {} : { hostRateLimit: flags.hostRateLimit }),
    ...(flags.concurrency === undefined ? {} : { concurrency: flags.concurrency }),
    ...(flags.bulkSize === undefined ? {} : { bulkSize: flags.bulkSize }),
    ...(flags.payloadConcurrency === undefined
      ? {}
      : { payloadConcurrency: Math.max(1, flags.payloadConcurrency) }),
    ...(flags.maxRedirects === undefined ? {} : { maxRedirects: flags.maxRedirects }),
    ...(flags.maxHostError === undefined ? {} : { maxHostError: flags.maxHostError }),
    ...(flags.honeypot === undefined ? {} : { honeypotThreshold: flags.honeypot }),
    ...(flags.maxBody === undefined ? {} : { maxBody: flags.maxBody }),
    ...(flags.maxSaved === undefined ? {} : { maxSaved: flags.maxSaved }),
    ...(flags.sni === undefined ? {} : { sni: flags.sni }),
  };
}

async function* targetsOf(flags: Flags): AsyncGenerator<string> {
  yield* flags.target;
  if (flags.list !== undefined)
    yield* createInterface({ input: createReadStream(flags.list, 'utf8'), crlfDelay: Infinity });
  const isPiped = flags.target.length === 0 && flags.list === undefined && !process.stdin.isTTY;
  if (isPiped) yield* createInterface({ input: process.stdin, crlfDelay: Infinity });
}

function validate(flags: Flags): number {
  const { templates, rejected } = openAll({ ...flags, noCache: true });
  if (!flags.silent) for (const { file, reason } of rejected) process.stderr.write(`${file}: ${reason}\n`);
  process.stdout.write(`${JSON.stringify({ loaded: templates.length, rejected })}\n`);
  return rejected.length === 0 ? 0 : 1;
}

async function printResults(scan: Scan, flags: Flags, progress: Progress): Promise<void> {
  const file = flags.output === undefined ? undefined : createWriteStream(flags.output, 'utf8');
  const write = (result: CheckResult): void => {
    const line = flags.jsonl ? JSON.stringify(result) : formatResult(result);
    progress.clear();
    process.stdout.write(`${line}\n`);
    file?.write(`${line}\n`);
  };
  for await (const result of scan) write(result);
  if (file !== undefined) await new Promise<void>(done => file.end(done));
}

/** Runs the command without a subcommand: a scan, a validation or a listing. Resolves with the exit code. */
export async function runScanCommand(args: readonly string[]): Promise<number> {
  const flags = parseFlags(args);
  if (flags.help || args.length === 0) {
    process.stdout.write(helpText());
    return 0;
  }
  if (flags.version) {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    process.stdout.write(`${version}\n`);
    return 0;
  }
  if (flags.validate) return validate(flags);
  const set = openAll(flags);
  const selection = selectionOf(flags, set);
  const handles = set.templates.filter(handle => exclusionOf(handle, selection) === undefined);
  if (flags.listTemplates) {
    for (const handle of handles) process.stdout.write(`${handle.entry.path}\n`);
    return 0;
  }
  if (handles.length === 0)
    throw new UsageError(
      `No template is left to run: ${set.templates.length} were loaded, ${set.rejected.length} refused (-validate says why).`,
    );
  return scan(flags, set, handles);
}

async function scan(flags: Flags, set: TemplateSet, handles: readonly TemplateHandle[]): Promise<number> {
  const progress = new Progress(!flags.silent && process.stderr.isTTY === true);
  const warn = (message: string): void => {
    progress.clear();
    if (!flags.silent) process.stderr.write(`${message}\n`);
  };
  if (set.rejected.length > 0) warn(`${set.rejected.length} templates are refused; -validate says why.`);
  const stop = new AbortController();
  let isStopped = false;
  const onSignal = (): void => {
    isStopped = true;
    stop.abort();
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const hasOast =
    flags.oastServer !== undefined && !flags.noOast && handles.some(handle => handle.entry.needsOast);
  const oast = hasOast
    ? await registerOast({
        server: flags.oastServer ?? '',
        token: flags.oastToken ?? '',
        transport: socketTransport,
        onWarning: warn,
      })
    : undefined;
  const plan = planTemplates(handles, !flags.noClustering);
  const startedAt = performance.now();
  const running = startScan(plan, targetsOf(flags), {
    ...optionsOf(flags, oast, handles, warn),
    signal: stop.signal,
  });
  progress.watch(running, plan.groups.length);
  try {
    await printResults(running, flags, progress);
  } finally {
    progress.stop();
  }
  if (flags.stats) {
    const seconds = (performance.now() - startedAt) / 1000;
    process.stderr.write(
      `${JSON.stringify({ templates: handles.length, ...running.counters, seconds: Number(seconds.toFixed(3)), skippedHosts: running.skippedHosts().length })}\n`,
    );
  }
  return isStopped ? 1 : 0;
}
