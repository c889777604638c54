/**
 * How long the pentest design takes with 100, 1,000 and 10,000 findings, warm, and WeasyPrint beside it on the same HTML
 * when it is installed. Usage: `node tools/run.mjs packages/report-kit/bench/render.ts [COUNT …]`; prints JSON.
 * `REPORT_KIT_CHROMIUM` chooses the browser: a path, or `bundled`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtInDesigns, createRenderer } from '../src/index.ts';
import type { RenderJob, Renderer } from '../src/index.ts';
import { residentBytes } from '../src/render/memory.ts';
import { pentestOf } from './sample.ts';

/** Peak memory of this process and all that it started, in MiB, sampled; and the processor time that they have used. */
function watchTree(): () => Promise<{ peakMiB: number; nodePeakMiB: number; cpuMs: number }> {
  let peak = 0;
  let nodePeak = 0;
  let browsers = 0;
  const cpu = process.cpuUsage();
  const look = async (): Promise<void> => {
    peak = Math.max(peak, residentBytes(process.pid) ?? 0);
    nodePeak = Math.max(nodePeak, process.memoryUsage().rss);
    browsers = Math.max(browsers, await childTicks(process.pid));
  };
  const before = childTicks(process.pid);
  const timer = setInterval(() => void look(), 50);
  return async () => {
    clearInterval(timer);
    const { user, system } = process.cpuUsage(cpu);
    const ticks = Math.max(0, browsers - (await before));
    return {
      peakMiB: Math.round(peak / 1024 ** 2),
      nodePeakMiB: Math.round(nodePeak / 1024 ** 2),
      cpuMs: Math.round((user + system) / 1_000 + ticks * TICK_MS),
    };
  };
}

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Processor time of all processes below this one. */
async function childTicks(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  let ticks = 0;
  for (const thread of threads) {
    const children = await readFile(`/proc/${pid}/task/${thread}/children`, 'latin1').catch(() => '');
    for (const child of children.split(' ').filter(text => text.trim() !== '')) {
      const stat = await readFile(`/proc/${child}/stat`, 'latin1').catch(() => '');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0) + (await childTicks(Number(child)));
    }
  }
  return ticks;
}

async function idle(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms));
}

/** A round by itself tells the memory and processor time: reading these 20 times a second takes a fifth of one processor. */
async function measure(renderer: Renderer, job: RenderJob, rounds: number) {
  const totals: number[] = [];
  let last: Awaited<ReturnType<Renderer['render']>> | undefined;
  for (let round = 0; round < rounds; round++) {
    // Until the next browser is warm.
    await idle(1_500);
    last = await renderer.render(job);
    totals.push(last.timings['total'] ?? 0);
  }
  await idle(1_500);
  const stop = watchTree();
  const watched = await renderer.render(job);
  const used = await stop();
  if (rounds === 0) {
    last = watched;
    totals.push(watched.timings['total'] ?? 0);
  }
  const sorted = totals.toSorted((a, b) => a - b);
  return {
    medianMs: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    bestMs: Math.round(sorted[0] ?? 0),
    worstMs: Math.round(sorted.at(-1) ?? 0),
    pages: last?.pageCount,
    sizeKiB: Math.round((last?.bytes.length ?? 0) / 1024),
    load: loadavg()[0],
    cpuMs: used.cpuMs,
    peakMiB: used.peakMiB,
    nodePeakMiB: used.nodePeakMiB,
    messages: last?.messages.length,
    lastStepsMs: Object.fromEntries(
      Object.entries(last?.timings ?? {}).map(([name, ms]) => [name, Math.round(ms)]),
    ),
  };
}

async function run(
  command: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<{ code: number | null; ms: number }> {
  const from = performance.now();
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: 'ignore', timeout: timeoutMs });
    child.on('error', () => resolve({ code: -1, ms: 0 }));
    child.on('exit', code => resolve({ code, ms: performance.now() - from }));
  });
}

/** WeasyPrint on the HTML that the same job gives; undefined when it is not installed. */
async function measureWeasyPrint(renderer: Renderer, job: RenderJob): Promise<unknown> {
  if ((await run('weasyprint', ['--version'], 20_000)).code !== 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'report-kit-bench-'));
  try {
    const { bytes } = await renderer.render({ ...job, output: 'html' });
    const input = join(folder, 'in.html');
    const output = join(folder, 'out.pdf');
    await writeFile(input, bytes);
    const { code, ms } = await run('weasyprint', [input, output], 540_000);
    const size = await readFile(output).then(
      pdf => pdf.length,
      () => 0,
    );
    return { code, ms: Math.round(ms), sizeKiB: Math.round(size / 1024) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 1_000, 10_000];
const renderer = await createRenderer({ warm: 1, executablePath: process.env['REPORT_KIT_CHROMIUM'] });
const design = await builtInDesigns.pentest();
const results: Record<string, unknown> = { chromium: renderer.chromium.version };
for (const count of counts) {
  const job: RenderJob = {
    design,
    data: pentestOf(count, design.sample),
    output: 'pdf',
    limits: { timeMs: 580_000, memoryBytes: 8 * 1024 ** 3 },
  };
  const rounds = count <= 100 ? 7 : count <= 1_000 ? 3 : 0;
  results[`${count} findings`] = await measure(renderer, job, rounds);
  if (count <= 100) results[`${count} findings, WeasyPrint`] = await measureWeasyPrint(renderer, job);
}
await renderer.close();
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
