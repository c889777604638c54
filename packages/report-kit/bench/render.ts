/**
 * How long the pentest design takes with 100, 1,000 and 10,000 findings, warm, and WeasyPrint beside it on the same HTML
 * when it is installed. Usage: `node tools/run.mjs packages/report-kit/bench/render.ts [COUNT …]`; prints JSON.
 * `REPORT_KIT_CHROMIUM` chooses the browser: a path, or `bundled`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { builtInDesigns, createRenderer } from '../src/index.ts';
import type { RenderJob, Renderer } from '../src/index.ts';

const sample = z.looseObject({
  report: z.unknown(),
  findings: z.array(z.looseObject({ id: z.string(), title: z.string() })),
});

/** The sample's findings again and again, each with a number in its title so that no text is the same twice. */
function dataOf(count: number, given: z.output<typeof sample>) {
  const findings = Array.from({ length: count }, (_, index) => {
    const base = given.findings[index % given.findings.length];
    const summary = `Case ${index + 1}. ${String(base?.['summary'] ?? '')}`;
    const description = `${String(base?.['description'] ?? '')}\n\nSeen in case ${index + 1}.`;
    return { ...base, id: `f${index}`, title: `${base?.title ?? ''} (${index + 1})`, summary, description };
  });
  return { ...given, findings };
}

/** Peak memory of this process and the share of its children that is their own, sampled; Linux only. */
function watchMemory(): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 50);
  return () => {
    clearInterval(timer);
    return Math.round(peak / 1024 ** 2);
  };
}

async function idle(ms: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms));
}

async function measure(renderer: Renderer, job: RenderJob, rounds: number) {
  const totals: number[] = [];
  let last: Awaited<ReturnType<Renderer['render']>> | undefined;
  const stop = watchMemory();
  for (let round = 0; round < rounds; round++) {
    await idle(1_000);
    last = await renderer.render(job);
    totals.push(last.timings['total'] ?? 0);
  }
  const sorted = totals.toSorted((a, b) => a - b);
  return {
    medianMs: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    bestMs: Math.round(sorted[0] ?? 0),
    worstMs: Math.round(sorted.at(-1) ?? 0),
    pages: last?.pageCount,
    sizeKiB: Math.round((last?.bytes.length ?? 0) / 1024),
    nodePeakMiB: stop(),
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
const given = sample.parse(design.sample);
const results: Record<string, unknown> = { chromium: renderer.chromium.version };
for (const count of counts) {
  const job: RenderJob = {
    design,
    data: dataOf(count, given),
    output: 'pdf',
    limits: { timeMs: 580_000, memoryBytes: 8 * 1024 ** 3 },
  };
  const rounds = count <= 100 ? 7 : count <= 1_000 ? 3 : 1;
  results[`${count} findings`] = await measure(renderer, job, rounds);
  if (count <= 100) results[`${count} findings, WeasyPrint`] = await measureWeasyPrint(renderer, job);
}
await renderer.close();
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
