/**
 * Measures the engine and prints one JSON line per figure. Usage: npm run bench [-- FOLDER [FIGURE]] (the package's own
 * templates when absent; figures: matching, small, large, hostile,
 * start, nuclei, memory); everything happens on 127.0.0.0/8.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../bin/node-flags.mjs';
import { EventData } from '../src/match/event-data.ts';
import { operate } from '../src/match/operate.ts';
import { requiredLiteral } from '../src/match/required-literal.ts';
import {
  OWN_TEMPLATES,
  SocketDnsResolver,
  exclusionOf,
  openTemplates,
  planTemplates,
  startScan,
} from '../src/index.ts';
import type { TemplateHandle } from '../src/index.ts';

const folder = process.argv[2] ?? OWN_TEMPLATES;
const print = (figure: string, value: object): void =>
  void process.stdout.write(`${JSON.stringify({ figure, ...value })}\n`);
const ms = (from: number): number => Number((performance.now() - from).toFixed(1));
/** Milliseconds of processor time of this thread: what the figure would be on a machine that does nothing else. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);

function loadRate(): readonly TemplateHandle[] {
  const startedAt = performance.now();
  const { templates, rejected } = openTemplates([folder]);
  const total = templates.length + rejected.length;
  print('load rate', {
    templates: total,
    loaded: templates.length,
    percent: Number(((100 * templates.length) / total).toFixed(2)),
    ms: ms(startedAt),
  });
  for (const { file, reason } of rejected) process.stderr.write(`${file}: ${reason}\n`);
  return templates;
}

/** Starts the command with 10,000 templates until it has listed what it would run. */
async function coldStart(count: number): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'checks-bench-'));
  const many = join(home, 'many');
  const { templates } = openTemplates([folder]);
  const helpers = join(folder, 'helpers');
  mkdirSync(many);
  try {
    cpSync(helpers, join(many, 'helpers'), { recursive: true });
  } catch {
    // A set without payload files.
  }
  for (let n = 0; n < count; n += 1) {
    const handle = templates[n % templates.length];
    if (handle === undefined) continue;
    mkdirSync(join(many, `d${n % 100}`), { recursive: true });
    writeFileSync(
      join(many, `d${n % 100}`, `t${n}.yaml`),
      readFileSync(handle.file, 'utf8').replace(/^id:.*$/m, `id: t-${n}`),
    );
  }
  const bin = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  const start = async (): Promise<number> => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...NODE_FLAGS, bin, '-tl', '-t', many, '-silent'], {
      stdio: 'ignore',
      env: { ...process.env, HOME: home },
    });
    await once(child, 'close');
    return ms(startedAt);
  };
  const without = await start();
  const withIndex = [await start(), await start(), await start()].sort((a, b) => a - b)[1];
  print('cold start', { templates: count, msWithoutIndex: without, msWithIndex: withIndex });
  rmSync(home, { recursive: true });
}

const PAGE = `<html><head><title>Shop</title></head><body>${'<div class="item">A plain page with some words, version 1.2.3 and a link /wp-content/x</div>\n'.repeat(1100)}</body></html>`;

/** What the server of a figure saw. */
interface Served {
  readonly port: number;
  /** Requests the server counted; ends it. */
  readonly requests: () => Promise<number>;
}

/** A server of its own process, so that only the engine is measured. A server that dies fails the figure. */
async function serving(
  bodyBytes: number,
  work: (server: Served) => Promise<void>,
  lineFile?: string,
): Promise<void> {
  const file = fileURLToPath(new URL('page-server.mjs', import.meta.url));
  const child = spawn(process.execPath, [file], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      BODY_BYTES: String(bodyBytes),
      ...(lineFile === undefined ? {} : { LINE_FILE: lineFile }),
    },
  });
  let [output, isAsked] = ['', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const closed = once(child, 'close') as Promise<[number | null]>;
  const died = new Promise<never>((_, reject) => {
    void closed.then(([code]) => {
      if (!isAsked)
        reject(new Error(`the server of the figure ended by itself (${String(code)}): no figure`));
    });
  });
  died.catch(() => undefined);
  await Promise.race([once(child.stdout, 'data'), died]);
  const requests = async (): Promise<number> => {
    isAsked = child.exitCode === null;
    if (!isAsked) return died;
    child.stdin.end();
    await closed;
    return (JSON.parse(output.split('\n')[1] ?? '{}') as { requests: number }).requests;
  };
  await Promise.race([work({ port: Number.parseInt(output, 10), requests }), died]);
  if (!isAsked) await requests();
}

const onlyHttp = (handles: readonly TemplateHandle[]): TemplateHandle[] =>
  handles.filter(
    handle =>
      exclusionOf(handle, {}) === undefined && handle.entry.protocols.every(protocol => protocol === 'http'),
  );

async function oneServer(
  handles: readonly TemplateHandle[],
  bodyBytes: number,
  name: string,
  lineFile?: string,
): Promise<void> {
  const plan = planTemplates(onlyHttp(handles));
  await serving(
    bodyBytes,
    async ({ port, requests }) => {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      let [lastCpu, longestCpu, isOver] = [cpuMs(), 0, false];
      const tick = (): void => {
        const now = cpuMs();
        longestCpu = Math.max(longestCpu, now - lastCpu);
        lastCpu = now;
        if (!isOver) setImmediate(tick);
      };
      tick();
      const startedAt = performance.now();
      let stopped = 0;
      const onWarning = (message: string): void => void (stopped += Number(message.includes('was stopped')));
      const scan = startScan(plan, [`http://127.0.0.1:${port}`], { rateLimit: 0, omitsRaw: true, onWarning });
      delay.enable();
      let results = 0;
      for await (const _ of scan) results += 1;
      delay.disable();
      isOver = true;
      const seconds = (performance.now() - startedAt) / 1000;
      print(name, {
        templates: plan.count,
        requests: scan.counters.requests,
        errors: scan.counters.errors,
        served: await requests(),
        results,
        ...(lineFile === undefined ? {} : { stopped }),
        seconds: Number(seconds.toFixed(2)),
        requestsPerSecond: Math.round(scan.counters.requests / seconds),
        bodyBytes,
        longestStallCpuMs: Number(longestCpu.toFixed(1)),
        longestStallMs: Number((delay.max / 1e6).toFixed(1)),
        p99StallMs: Number((delay.percentile(99) / 1e6).toFixed(1)),
      });
    },
    lineFile,
  );
}

const patternsOf = (handle: TemplateHandle): string[] =>
  handle
    .get()
    .blocks.flatMap(({ operators }) =>
      [...operators.matchers, ...operators.extractors].flatMap(item =>
        item.type === 'regex' ? item.regexes.map(({ source }) => source) : [],
      ),
    );

/** Answers full of what the patterns of the templates look for, so that no prefilter spares an automaton. */
async function hostile(handles: readonly TemplateHandle[]): Promise<void> {
  const usable = onlyHttp(handles).map(handle => ({ handle, patterns: patternsOf(handle) }));
  const chosen = usable.sort((left, right) => right.patterns.length - left.patterns.length).slice(0, 60);
  const wanted = chosen.flatMap(({ patterns }) =>
    patterns.flatMap(source => requiredLiteral(source)?.anyOf ?? []),
  );
  const folder = mkdtempSync(join(tmpdir(), 'checks-bench-'));
  const file = join(folder, 'line');
  writeFileSync(file, `<p>${[...new Set(wanted)].join('</p>\n<p>')} ${'0a'.repeat(40)}</p>\n`, 'latin1');
  const some = (count: number): TemplateHandle[] => chosen.slice(0, count).map(({ handle }) => handle);
  await oneServer(some(60), 1_000_000, 'hostile server, 1 MB answers', file);
  await oneServer(some(10), 10_000_000, 'hostile server, 10 MB answers', file);
  rmSync(folder, { recursive: true });
}

/** One pass of all templates of the largest group over one 100 KB answer. */
async function matching(handles: readonly TemplateHandle[]): Promise<void> {
  const group = planTemplates(onlyHttp(handles)).groups[0];
  if (group === undefined) return;
  const blocks = group.templates.flatMap(handle => handle.get().blocks.slice(0, 1));
  const pass = async (body: string): Promise<[wall: number, cpu: number]> => {
    const head = 'HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n';
    const values = {
      body,
      all_headers: head,
      header: head,
      response: head + body,
      status_code: 200,
      content_length: body.length,
      duration: 0.1,
      content_type: 'text/html',
    };
    const dns = new SocketDnsResolver([]);
    const cpuBefore = cpuMs();
    const startedAt = performance.now();
    for (const block of blocks)
      await operate(block.operators, new EventData(new Map(Object.entries(values)), () => undefined), {
        signal: undefined,
        dns,
      });
    return [ms(startedAt), cpuMs() - cpuBefore];
  };
  const times: [wall: number, cpu: number][] = [];
  for (let n = 0; n < 9; n += 1) times.push(await pass(`${PAGE.slice(0, 100_000)}${n}`));
  print('matching 100 KB', {
    templates: blocks.length,
    firstMs: times[0]?.[0],
    medianMs: times.map(([wall]) => wall).sort((a, b) => a - b)[4],
    medianCpuMs: Number(
      times
        .map(([, cpu]) => cpu)
        .sort((a, b) => a - b)[4]
        ?.toFixed(1),
    ),
  });
}

async function manyHosts(handles: readonly TemplateHandle[], hosts: number): Promise<void> {
  const plan = planTemplates(onlyHttp(handles).slice(0, 300));
  await serving(0, async ({ port, requests }) => {
    const targets = Array.from(
      { length: hosts },
      (_, n) => `http://127.1.${n >> 7}.${1 + (n & 127)}:${port}`,
    );
    let peak = 0;
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 100);
    const startedAt = performance.now();
    const scan = startScan(plan, targets, { rateLimit: 0, omitsRaw: true, maxHostError: 0 });
    let results = 0;
    for await (const _ of scan) results += 1;
    clearInterval(timer);
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    const seconds = (performance.now() - startedAt) / 1000;
    print('memory', {
      hosts,
      templates: plan.count,
      requests: scan.counters.requests,
      errors: scan.counters.errors,
      served: await requests(),
      results,
      peakRssMb: megabytes(peak),
      heapUsedMb: megabytes(heapUsed),
      externalMb: megabytes(external + arrayBuffers),
      seconds: Number(seconds.toFixed(1)),
      requestsPerSecond: Math.round(scan.counters.requests / seconds),
    });
  });
}

async function secondsOf(command: string, args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: 'ignore' });
  await once(child, 'close');
  return Number(((performance.now() - startedAt) / 1000).toFixed(2));
}

/** The whole folder against one server with limits off, both as commands; nuclei only where it is on the PATH. */
async function besideNuclei(): Promise<void> {
  const probe = spawn('nuclei', ['-version'], { stdio: 'ignore' });
  const isThere = await once(probe, 'close').then(
    () => true,
    () => false,
  );
  if (!isThere) return print('beside nuclei', { skipped: 'there is no nuclei on the PATH' });
  const bin = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  const own = [...NODE_FLAGS, bin, '-t', folder, '-rl', '0', '-jsonl', '-silent', '-ni'];
  const theirs = ['-t', folder, '-rl', '0', '-jsonl', '-silent', '-ni', '-duc', '-nc', '-etags', 'dos,fuzz,bruteforce,local,intrusive']; // prettier-ignore
  const sides = [['ours', process.execPath, own], ['nuclei', 'nuclei', theirs]] as const; // prettier-ignore
  const figures: Record<string, { seconds: number[]; served: number }> = {};
  for (const [name, command, args] of sides) {
    const seconds: number[] = [];
    let served = 0;
    for (let round = 0; round < 3; round += 1) {
      await serving(0, async ({ port, requests }) => {
        seconds.push(await secondsOf(command, [...args, '-u', `http://127.0.0.1:${port}`]));
        served = await requests();
      });
    }
    figures[name] = { seconds: seconds.sort((a, b) => a - b), served };
  }
  print('beside nuclei', figures);
}

/** One figure in a process of its own with the flags of the command, so that nothing measured before counts. */
async function figureAlone(figure: string): Promise<void> {
  const file = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [...NODE_FLAGS, file, folder, figure], { stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the figure "${figure}" failed`);
}

/** The templates as from the second start on: the index is warm. */
async function indexedTemplates(): Promise<readonly TemplateHandle[]> {
  const cacheFolder = mkdtempSync(join(tmpdir(), 'checks-bench-'));
  const door = new URL('../src/index.ts', import.meta.url).href;
  const script = `const { openTemplates } = await import(${JSON.stringify(door)}); openTemplates([${JSON.stringify(folder)}], { cacheFolder: ${JSON.stringify(cacheFolder)} });`;
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  await once(spawn(process.execPath, flags, { stdio: 'inherit' }), 'close');
  const { templates } = openTemplates([folder], { cacheFolder });
  rmSync(cacheFolder, { recursive: true });
  return templates;
}

const figures: Readonly<Record<string, () => Promise<void>>> = {
  matching: async () => matching(loadRate()),
  small: async () => oneServer(await indexedTemplates(), 0, 'one server, small answers'),
  large: async () => oneServer(await indexedTemplates(), 100_000, 'one server, 100 KB answers'),
  hostile: async () => hostile(await indexedTemplates()),
  start: async () => coldStart(10_000),
  nuclei: async () => besideNuclei(),
  memory: async () => manyHosts(await indexedTemplates(), Number(process.argv[4] ?? '1000')),
};

const chosen = figures[process.argv[3] ?? ''];
if (chosen !== undefined) await chosen();
else {
  print('machine', { load: loadavg().map(load => Number(load.toFixed(1))), cores: availableParallelism() });
  for (const figure of Object.keys(figures)) await figureAlone(figure);
}
process.exit(0);
