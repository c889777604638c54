/**
 * Peak memory of the whole process tree, time and pages of the attack-surface report of that many hosts with all their rows,
 * within the default limits. Usage: `node tools/run.mjs packages/report-kit/bench/large.ts [HOSTS] [OUT.pdf]`; prints JSON.
 * Linux only: memory is read from /proc.
 */
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { builtInDesigns, createRenderer } from '../src/index.ts';
import { residentBytes } from '../src/render/memory.ts';
import { attackSurfaceOf } from './attack-surface-data.ts';

const hosts = Number(process.argv[2] ?? 5_000);
const out = process.argv[3];
const renderer = await createRenderer({ warm: 1 });
const design = await builtInDesigns['attack-surface']();
let peak = 0;
const timer = setInterval(async () => {
  peak = Math.max(peak, residentBytes(process.pid) ?? 0);
}, 250);
const load = loadavg()[0];
const { bytes, pageCount, timings, messages } = await renderer.render({
  design,
  data: attackSurfaceOf(hosts),
  output: 'pdf',
});
clearInterval(timer);
await renderer.close();
if (out !== undefined) await writeFile(out, bytes);
const steps = Object.fromEntries(Object.entries(timings).map(([name, ms]) => [name, Math.round(ms)]));
const result = {
  hosts,
  load,
  pages: pageCount,
  sizeKiB: Math.round(bytes.length / 1024),
  peakMiB: Math.round(peak / 1024 ** 2),
  messages: messages.length,
  steps,
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
