import { existsSync } from 'node:fs';
import { HttpClient } from '../http/client.ts';
import { hostnameOf, parseTarget } from '../http/target.ts';
import type { Target } from '../http/target.ts';
import { socketTransport } from '../http/transport.ts';
import type { Transport } from '../http/transport.ts';
import { MatchingPool } from '../match/matching-pool.ts';
import type { OastSession } from '../oast/session.ts';
import { SocketDnsResolver } from '../protocols/dns-client.ts';
import type { DnsResolver } from '../protocols/dns-client.ts';
import type { TemplateHandle } from '../template/template-set.ts';
import { executeTemplate } from './execute-template.ts';
import { HostErrors } from './host-errors.ts';
import { LoopShare } from './loop-share.ts';
import type { Plan, PlanGroup } from './plan.ts';
import { probeScheme } from './probe.ts';
import { HostRateLimiter, RateLimiter } from './rate-limiter.ts';
import { ResultQueue } from './result-queue.ts';
import type { CheckResult } from './result.ts';
import type { ScanCounters, ScanServices, ScanSettings } from './services.ts';
import type { ResponseCache } from './template-run.ts';
import { runWorkflow } from './workflow.ts';

/** Options of a scan; every one has a default. */
export interface ScanOptions extends Partial<ScanSettings> {
  /** Opens connections; the system's sockets when absent. */
  readonly transport?: Transport;
  /** Answers DNS questions; the system's servers when absent. */
  readonly dns?: DnsResolver;
  readonly oast?: OastSession;
  readonly signal?: AbortSignal;
  /** Requests per second over all hosts; 0 = no limit. */
  readonly rateLimit?: number;
  /** Requests per second to one host; 0 = no limit. */
  readonly hostRateLimit?: number;
  /** Groups of templates at once on one host. */
  readonly concurrency?: number;
  /** Hosts at once. */
  readonly bulkSize?: number;
  /** Failures in a row after which a host is skipped; 0 = never. */
  readonly maxHostError?: number;
  /** Templates that workflows choose from. */
  readonly workflowTemplates?: readonly TemplateHandle[];
  /** Told about what could not be done. */
  readonly onWarning?: (message: string) => void;
}

/** The default settings of a scan. */
export const DEFAULT_SETTINGS: ScanSettings = {
  timeoutMs: 10_000,
  retries: 1,
  maxRedirects: 10,
  redirects: undefined,
  headers: [],
  userAgent: undefined,
  variables: new Map(),
  sni: undefined,
  attack: undefined,
  maxBody: 10 * 1024 * 1024,
  maxSaved: 1024 * 1024,
  payloadConcurrency: 25,
  maxPayloadSets: 100_000,
  honeypotThreshold: 0,
  omitsRaw: false,
  reportsFailures: false,
};

const TEMPLATES_AT_ONCE = 10;

/** A running scan: iterate it for results; the counters are live. */
export interface Scan extends AsyncIterable<CheckResult> {
  readonly counters: ScanCounters;
  /** Hosts that were given up. */
  readonly skippedHosts: () => readonly string[];
  /** Jobs (group × target) done and known so far. */
  readonly progress: { done: number; known: number };
}

/** Runs up to `width` of the items at a time. */
export async function eachAtOnce<T>(
  items: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let isOver = false;
  const worker = async (): Promise<void> => {
    while (!isOver) {
      const next = await source.next();
      if (next.done === true) {
        isOver = true;
        return;
      }
      await work(next.value);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, width) }, worker));
}

class ScanRun {
  private readonly plan: Plan;
  private readonly services: ScanServices;
  private readonly options: ScanOptions;
  private readonly queue: ResultQueue;
  private readonly progress: Scan['progress'];

  constructor(
    plan: Plan,
    services: ScanServices,
    options: ScanOptions,
    queue: ResultQueue,
    progress: Scan['progress'],
  ) {
    this.plan = plan;
    this.services = services;
    this.options = options;
    this.queue = queue;
    this.progress = progress;
  }

  async all(targets: AsyncIterable<string> | Iterable<string>): Promise<void> {
    for (const handle of this.plan.selfContained) await this.execute(handle, undefined, new Map());
    await eachAtOnce(targets, this.options.bulkSize ?? 25, text => this.host(text));
    await this.services.oast?.finish();
  }

  private async host(text: string): Promise<void> {
    if (this.services.signal?.aborted === true) return;
    const hasFiles = this.plan.groups.some(
      group => group.templates[0]?.entry.protocols.includes('file') === true,
    );
    const isPath = hasFiles && existsSync(text);
    const parsed = isPath
      ? { input: text, scheme: '', host: text, port: undefined, path: '', query: '' }
      : parseTarget(text);
    if (parsed === undefined) {
      if (text.trim() !== '') this.services.warn(`${text.slice(0, 200)} is no URL, host or address`);
      return;
    }
    const needsHttp =
      !isPath &&
      (this.plan.groups.some(group => group.templates[0]?.entry.protocols.includes('http')) ||
        this.plan.workflows.length > 0);
    const probed = parsed.scheme === '' && needsHttp ? await probeScheme(parsed, this.services) : parsed;
    const target = probed ?? parsed;
    if (probed === undefined) this.services.warn(`${hostnameOf(parsed)} answers neither https nor http`);
    this.progress.known += this.plan.groups.length;
    await eachAtOnce(this.plan.groups, this.options.concurrency ?? 25, async group => {
      await this.queue.room();
      if (this.services.signal?.aborted !== true) await this.group(group, target);
      this.progress.done += 1;
    });
    for (const handle of this.plan.workflows) {
      await runWorkflow(handle.get(), target, this.services, this.options.workflowTemplates ?? []);
    }
    this.services.client.closeHost(target.host);
  }

  private async group(group: PlanGroup, target: Target): Promise<void> {
    const cache: ResponseCache = new Map();
    const width = group.templates.length > 1 ? TEMPLATES_AT_ONCE : 1;
    await eachAtOnce(group.templates, width, handle => this.execute(handle, target, cache));
  }

  private async execute(
    handle: TemplateHandle,
    target: Target | undefined,
    cache: ResponseCache,
  ): Promise<void> {
    await this.services.loop.turn();
    try {
      await executeTemplate(handle.get(), target, this.services, cache);
    } catch (error) {
      this.services.warn(`${handle.entry.path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Drops the matches of hosts that match more distinct templates than an honest one would. */
function trapFilter(
  threshold: number,
  warn: (message: string) => void,
  emit: (result: CheckResult) => void,
): (result: CheckResult) => void {
  if (threshold <= 0) return emit;
  const matched = new Map<string, Set<string>>();
  return result => {
    const key = `${result.host}:${result.port ?? ''}`;
    const ids = matched.get(key) ?? new Set();
    matched.set(key, ids);
    ids.add(result['template-id']);
    if (ids.size <= threshold) emit(result);
    else if (ids.size === threshold + 1)
      warn(
        `${key} matches more than ${threshold} templates and is held to be a trap; its further matches are left out`,
      );
  };
}

/** Starts a plan over targets. Results come as they are found; abort with `signal`. */
export function startScan(
  plan: Plan,
  targets: AsyncIterable<string> | Iterable<string>,
  options: ScanOptions = {},
): Scan {
  const transport = options.transport ?? socketTransport;
  const loop = new LoopShare();
  const client = new HttpClient(transport, () => loop.turn());
  const counters: ScanCounters = { requests: 0, errors: 0, matches: 0, unresolved: 0 };
  const progress = { done: 0, known: 0 };
  const queue = new ResultQueue();
  const warn = options.onWarning ?? ((): void => undefined);
  const given = Object.fromEntries(
    Object.entries(options).filter(([key, value]) => key in DEFAULT_SETTINGS && value !== undefined),
  );
  const settings: ScanSettings = { ...DEFAULT_SETTINGS, ...given };
  const hostErrors = new HostErrors(
    Math.max(options.maxHostError ?? 30, options.maxHostError === 0 ? 0 : (options.concurrency ?? 25)),
  );
  const stop = new AbortController();
  const matching = new MatchingPool(warn);
  const services: ScanServices = {
    settings,
    transport,
    client,
    dns: options.dns ?? new SocketDnsResolver([]),
    rate: new RateLimiter(options.rateLimit ?? 150),
    hostRate: new HostRateLimiter(options.hostRateLimit ?? 0),
    hostErrors,
    oast: options.oast,
    counters,
    matching,
    loop,
    tlsUpgrades: new Set(),
    emit: trapFilter(settings.honeypotThreshold, warn, result => queue.push(result)),
    warn,
    signal: options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]),
  };
  const run = new ScanRun(plan, services, options, queue, progress);
  const start = (): void => {
    run.all(targets).then(
      () => queue.end(undefined),
      (error: unknown) => queue.end(error),
    );
  };
  return {
    counters,
    progress,
    skippedHosts: () => hostErrors.skipped(),
    async *[Symbol.asyncIterator]() {
      start();
      try {
        yield* queue.drain();
      } finally {
        // Whoever stops reading ends the scan.
        stop.abort();
        client.close();
        matching.close();
      }
    },
  };
}
