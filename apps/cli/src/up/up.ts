import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import {
  createLogger,
  messageOf,
  readConfig,
  readNetworkProfiles,
  UserError,
  withDataFolder,
  type Config,
  type Logger,
} from '@glacis/foundation';
import { openPlatform, REPORT_QUEUE, type OpenPlatform } from '@glacis/domain';
import { CLOSING_QUEUE, createRegistry, queueOf } from '@glacis/engine';
import { scanners } from '@glacis/scanners';
import { startChild, ChildFailed, type Child } from './child.ts';
import { startDatabase, type RunningDatabase } from './database.ts';
import { ensureTargets, prepareHome, type Home } from './first-run.ts';
import { PRACTICE_DOMAINS, startPractice, type PracticeNetwork } from './practice.ts';
import { dataFolderOf } from './data-folder.ts';
import { scanAndReport } from './scan-and-report.ts';
import { buildWebApp } from './web-build.ts';

/** What `glacis up` was asked for. */
export interface UpOptions {
  readonly isPractice: boolean;
  readonly hosts: number;
  readonly seed: string;
  /** Second octet of the practice network's addresses (127.BLOCK.0.0/12). */
  readonly block: number;
  /** Scan the practice network when that was not done yet, in any case, or not at all. */
  readonly scan: 'first' | 'again' | 'never';
  /** Stop after the scan and its report. */
  readonly isExiting: boolean;
  /** Folder for report.pdf, assets.jsonl, findings.jsonl and score.json. */
  readonly out: string | undefined;
}

const PORTS_TRIED = 50;

/** The parts that were started, in order; stopped in reverse. */
class Parts {
  readonly #stops: (() => Promise<void>)[] = [];
  #stopped: Promise<void> | undefined;
  add(stop: () => Promise<void>): void {
    this.#stops.unshift(stop);
  }
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      for (const stop of this.#stops) await stop().catch(() => {});
    })();
    return this.#stopped;
  }
}

/** Starts the whole platform and keeps it running until a signal comes. Returns the exit code. */
export async function up(options: UpOptions, say: (line: string) => void): Promise<number> {
  const parts = new Parts();
  const interrupted = Promise.withResolvers<'interrupted'>();
  const onSignal = (): void => interrupted.resolve('interrupted');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  try {
    const run = runPlatform(options, say, parts);
    const outcome = await Promise.race([run, interrupted.promise]);
    if (outcome === 'interrupted') {
      say('Stopping …');
      return options.isExiting ? 130 : 0;
    }
    if (options.isExiting) return outcome;
    await interrupted.promise;
    say('Stopping …');
    return 0;
  } finally {
    await parts.stop();
  }
}

async function runPlatform(options: UpOptions, say: (line: string) => void, parts: Parts): Promise<number> {
  const given = readConfig();
  const config = withDataFolder(given, dataFolderOf(given));
  const log = createLogger({ name: 'glacis', level: config.logLevel === 'warn' ? 'error' : config.logLevel });
  const web = buildWebApp();
  web.catch(() => {});
  const database = await startDatabase(config, log);
  parts.add(() => database.stop());
  const registry = createRegistry(scanners);
  const platform = await openPlatform({
    config: { ...config, databaseUrl: database.url },
    processName: 'glacis',
    registry,
    install: { queues: [...scanners.map(queueOf), CLOSING_QUEUE, REPORT_QUEUE] },
    maxConnections: 4,
    log,
  });
  parts.add(() => platform.close());
  const home = await prepareHome(platform, options);
  const practice = options.isPractice
    ? await joinPractice(options, config, platform, home, parts)
    : undefined;
  await web;
  const port = await startProcesses(config, database, log, parts, say);
  const address = `http://127.0.0.1:${port}`;
  writeRunFile(config, { address, database, supervisor: process.pid });
  let code = 0;
  if (practice && options.scan !== 'never') {
    code = await scanAndReport({
      ...options,
      platform,
      home,
      domains: PRACTICE_DOMAINS,
      practice,
      truthFile: truthFile(config),
      config,
      say,
    });
  }
  if (!options.isExiting) {
    say('');
    say(
      `Web app   ${home.link ? `${address}/sign-in?link=${home.link}   (signs you in once; set a password there)` : address}`,
    );
    say(`API       ${address}/api/docs`);
    say(`Data      ${config.dataFolder}`);
    say('Ctrl-C stops everything.');
  }
  return code;
}

function truthFile(config: Config): string {
  return join(config.dataFolder, 'practice-truth.json');
}

/** Makes the practice targets, starts the practice network with their challenges, and tells all processes how to reach it. */
async function joinPractice(
  options: UpOptions,
  config: Config,
  platform: OpenPlatform,
  home: Home,
  parts: Parts,
): Promise<PracticeNetwork> {
  const targets = await ensureTargets(platform, home.tenant, PRACTICE_DOMAINS);
  const challenges = new Map(
    targets.map(target => [target.domain, target.proof.record.value.replace(/^[^=]*=/, '')]),
  );
  const practice = await startPractice({
    hosts: options.hosts,
    seed: options.seed,
    block: options.block,
    truthFile: truthFile(config),
    challenges,
  });
  parts.add(() => practice.stop());
  // Profiles of other zones in the file are the user's and stay.
  const { zones } = practice.profile;
  const others = readNetworkProfiles(config.networkProfilesFile).filter(
    profile => !profile.zones.some(zone => zones.includes(zone)),
  );
  writeFileSync(config.networkProfilesFile, JSON.stringify([practice.profile, ...others], null, 2));
  return practice;
}

/** Starts server, workers and renderer. Returns the port of the server: the wanted one or the next that is free. */
async function startProcesses(
  config: Config,
  database: RunningDatabase,
  log: Logger,
  parts: Parts,
  say: (line: string) => void,
): Promise<number> {
  const env = {
    DATABASE_URL: database.url,
    GLACIS_DATA: config.dataFolder,
    GLACIS_LOG_LEVEL: config.logLevel === 'warn' ? 'info' : config.logLevel,
  };
  const start = async (
    name: string,
    app: string,
    extra: Record<string, string> = {},
  ): Promise<{ child: Child; problem: string | undefined }> => {
    const { child, ready } = await startChild({
      name,
      app,
      env: { ...env, ...extra },
      logFolder: join(config.dataFolder, 'logs'),
      log,
    });
    parts.add(() => child.stop());
    return { child, problem: ready.problem };
  };
  const port = await startServer(config.port, candidate =>
    start('server', 'server', { GLACIS_PORT: String(candidate) }),
  );
  if (port !== config.port)
    say(`Port ${config.port} is in use; the web app is on port ${port}. Choose another with GLACIS_PORT.`);
  const workers = Array.from({ length: Math.max(2, availableParallelism()) }, (_, index) =>
    start(`worker-${index + 1}`, 'worker'),
  );
  const [renderer] = await Promise.all([start('renderer', 'renderer'), ...workers]);
  if (renderer?.problem)
    say(
      `Screenshots and reports cannot be made: ${renderer.problem} Set GLACIS_CHROMIUM to a Chromium that starts, or leave it unset to use the one that comes along.`,
    );
  return port;
}

async function startServer(first: number, start: (port: number) => Promise<unknown>): Promise<number> {
  for (let port = first; port < first + PORTS_TRIED && port <= 65_535; port += 1) {
    try {
      await start(port);
      return port;
    } catch (error) {
      const isTaken =
        error instanceof ChildFailed && (error.systemCode === 'EADDRINUSE' || error.systemCode === 'EACCES');
      if (!isTaken) throw error;
    }
  }
  throw new UserError(
    'data.no-port',
    `The ports ${first} to ${first + PORTS_TRIED - 1} are all in use. Set GLACIS_PORT to a free one.`,
  );
}

/** Lets other commands on this machine find the running platform. */
function writeRunFile(
  config: Config,
  of: { address: string; database: RunningDatabase; supervisor: number },
): void {
  try {
    if (!existsSync(config.dataFolder)) mkdirSync(config.dataFolder, { recursive: true });
    const content = {
      address: of.address,
      databaseUrl: of.database.url,
      supervisor: of.supervisor,
      databasePid: of.database.pid(),
    };
    writeFileSync(join(config.dataFolder, 'run.json'), JSON.stringify(content), { mode: 0o600 });
  } catch (cause) {
    throw new UserError(
      'storage.cannot-write',
      `The data folder ${config.dataFolder} cannot be written: ${messageOf(cause)}.`,
      { cause },
    );
  }
}
