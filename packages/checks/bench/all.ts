/**
 * Measures the engine and prints one JSON line per figure. Usage: npm run bench [-- FOLDER] (the package's own templates when
 * absent); everything happens on 127.0.0.0/8.
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

const SERVER = `
  require('node:http').createServer((request, response) => {
    request.resume();
    const page = request.headers.host.startsWith('127.0.0.1') && process.env.BODY_BYTES !== '0' ? 'A plain page with some words, version 1.2.3 and a link /wp-content/x\\n'.repeat(Math.ceil(process.env.BODY_BYTES / 70)).slice(0, process.env.BODY_BYTES) : 'small';
    response.writeHead(request.url === '/' ? 200 : 404, { 'content-type': 'text/html', 'content-length': page.length });
    response.end(page);
  }).listen(0, '0.0.0.0', function () { process.stdout.write(this.address().port + '\\n'); });
`;

/** A server of its own process, so that only the engine is measured. */
async function serving(bodyBytes: number, work: (port: number) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, ['-e', SERVER], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, BODY_BYTES: String(bodyBytes) },
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  try {
    await work(Number(line.toString().trim()));
  } finally {
    child.kill();
  }
}

const onlyHttp = (handles: readonly TemplateHandle[]): TemplateHandle[] =>
  handles.filter(
    handle =>
      exclusionOf(handle, {}) === undefined && handle.entry.protocols.every(protocol => protocol === 'http'),
  );

async function oneServer(handles: readonly TemplateHandle[], bodyBytes: number, name: string): Promise<void> {
  const plan = planTemplates(onlyHttp(handles));
  await serving(bodyBytes, async port => {
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
    const scan = startScan(plan, [`http://127.0.0.1:${port}`], { rateLimit: 0, omitsRaw: true });
    delay.enable();
    let results = 0;
    for await (const _ of scan) results += 1;
    delay.disable();
    isOver = true;
    const seconds = (performance.now() - startedAt) / 1000;
    print(name, {
      templates: plan.count,
      requests: scan.counters.requests,
      results,
      seconds: Number(seconds.toFixed(2)),
      requestsPerSecond: Math.round(scan.counters.requests / seconds),
      bodyBytes,
      longestStallCpuMs: Number(longestCpu.toFixed(1)),
      longestStallMs: Number((delay.max / 1e6).toFixed(1)),
      p99StallMs: Number((delay.percentile(99) / 1e6).toFixed(1)),
    });
  });
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
  await serving(0, async port => {
    const targets = Array.from(
      { length: hosts },
      (_, n) => `http://127.${1 + (n >> 8)}.0.${n & 255 || 1}:${port}`,
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
      results,
      peakRssMb: megabytes(peak),
      heapUsedMb: megabytes(heapUsed),
      externalMb: megabytes(external + arrayBuffers),
      seconds: Number(seconds.toFixed(1)),
      requestsPerSecond: Math.round(scan.counters.requests / seconds),
    });
  });
}

if (process.argv[3] === 'memory') {
  // The index is warm, as from the second start on.
  const cacheFolder = mkdtempSync(join(tmpdir(), 'checks-bench-'));
  const index = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      `const { openTemplates } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}); openTemplates([${JSON.stringify(folder)}], { cacheFolder: ${JSON.stringify(cacheFolder)} });`,
    ],
    { stdio: 'inherit' },
  );
  await once(index, 'close');
  await manyHosts(openTemplates([folder], { cacheFolder }).templates, Number(process.argv[4] ?? '1000'));
} else {
  print('machine', { load: loadavg().map(load => Number(load.toFixed(1))), cores: availableParallelism() });
  const handles = loadRate();
  await matching(handles);
  await oneServer(handles, 0, 'one server, small answers');
  await oneServer(handles, 100_000, 'one server, 100 KB answers');
  await coldStart(10_000);
  // A process of its own, so that nothing measured before counts.
  const child = spawn(process.execPath, [...NODE_FLAGS, fileURLToPath(import.meta.url), folder, 'memory'], {
    stdio: 'inherit',
  });
  await once(child, 'close');
}
process.exit(0);
