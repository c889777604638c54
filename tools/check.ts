/**
 * What CI checks beside the tests. `npm run check -- PATH …` looks only at those paths, and leaves out what can only be said
 * of the whole repository.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One check: a JavaScript or TypeScript entry with its arguments. */
interface Step {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Says something about the whole repository only. */
  readonly isWhole?: boolean;
}

const root = dirname(import.meta.dirname);
const paths = process.argv.slice(2);
const missing = paths.filter(path => !existsSync(path));
if (missing.length > 0) {
  process.stderr.write(`There is no ${missing.join(', ')} here. Name files or folders of the repository.\n`);
  process.exit(2);
}
const isWholeWanted = paths.length === 0;
const isWebWanted = isWholeWanted || paths.some(path => /(^|\/)apps\/web\b/.test(path));

/** Quick ones first, so that a slip shows in seconds. */
const steps: readonly Step[] = [
  { name: 'types', file: 'node_modules/typescript-native/bin/tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'lint', file: 'node_modules/oxlint/bin/oxlint', args: ['--deny-warnings', ...paths] },
  { name: 'generated files', file: 'tools/gen.ts', args: ['--check'], isWhole: true },
  {
    name: 'rules',
    file: '--test',
    args: ['--test-reporter=dot', ...globSync('tools/*.test.ts', { cwd: root })],
    isWhole: true,
  },
  {
    name: 'unused',
    file: 'node_modules/knip/bin/knip.js',
    args: ['--no-progress', '--no-config-hints'],
    isWhole: true,
  },
  {
    name: 'format',
    file: 'node_modules/prettier/bin/prettier.cjs',
    args: [
      '--check',
      '--cache',
      '--cache-location=node_modules/.cache/glacis-format',
      '--log-level=warn',
      ...(isWholeWanted ? ['.'] : paths),
    ],
  },
  ...(isWebWanted ? webTypes() : []),
];

/** The web app has a type checker of its own, since plain TypeScript does not read Vue components. */
function webTypes(): Step[] {
  const manifest = readFileSync(join(root, 'apps/web/package.json'), 'utf8');
  return manifest.includes('"typecheck"')
    ? [
        {
          name: 'types of the web app',
          file: 'node_modules/vue-tsc/bin/vue-tsc.js',
          args: ['--noEmit', '-p', 'apps/web/tsconfig.json'],
        },
      ]
    : [];
}

let failed = 0;
for (const step of steps) {
  if (step.isWhole && !isWholeWanted) continue;
  const startedAt = performance.now();
  const result = spawnSync(process.execPath, [step.file, ...step.args], { stdio: 'inherit', cwd: root });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${result.status === 0 ? 'ok  ' : 'FAIL'} ${step.name} (${seconds} s)\n`);
  if (result.status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
