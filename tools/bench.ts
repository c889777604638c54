/**
 * Runs the benchmarks: `npm run bench` for all of `bench/*.ts` and those of packages and apps, `npm run bench -- PATH …` for
 * some. Each prints one JSON value as its last line; together they are one JSON object on stdout, with the machine.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';

const root = dirname(import.meta.dirname);
const wanted = process.argv.slice(2);
const files = globSync(['bench/*.ts', '{packages,apps}/*/bench/*.ts'], { cwd: root })
  .filter(file => !file.endsWith('.test.ts'))
  .filter(file => wanted.length === 0 || wanted.some(path => file.startsWith(path.replace(/\/$/, ''))))
  .sort();
if (files.length === 0) {
  process.stderr.write(`There is no benchmark${wanted.length > 0 ? ` below ${wanted.join(', ')}` : ''}.\n`);
  process.exit(2);
}

const results: Record<string, unknown> = {};
let failed = 0;
for (const file of files) {
  process.stderr.write(`${file} …\n`);
  const startedAt = performance.now();
  const run = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = Number(((performance.now() - startedAt) / 1000).toFixed(1));
  const value = jsonOf(run.stdout.toString('utf8'));
  if (run.status === 0 && value !== undefined) results[file] = { seconds, result: value };
  else {
    failed += 1;
    results[file] = {
      seconds,
      error: run.status === 0 ? 'it printed no JSON' : `it ended with ${run.status ?? run.signal}`,
    };
  }
}
const machine = {
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
  cpus: cpus().length,
  cpu: cpus()[0]?.model,
  memoryBytes: totalmem(),
};
process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), machine, results }, undefined, 2)}\n`);
process.exit(failed === 0 ? 0 : 1);

/** The whole output as JSON, or else its last line. */
function jsonOf(output: string): unknown {
  for (const text of [output, output.trim().split('\n').at(-1) ?? '']) {
    try {
      return JSON.parse(text);
    } catch {
      // The next form may fit.
    }
  }
  return undefined;
}
