/** What CI checks beside the tests: types, lint, format. `npm run check -- PATH …` lints and formats only those paths. */
import { spawnSync } from 'node:child_process';

const paths = process.argv.slice(2);
const steps: readonly (readonly [name: string, file: string, args: readonly string[]])[] = [
  ['types', 'node_modules/typescript-native/bin/tsc', ['-p', 'tsconfig.json']],
  ['lint', 'node_modules/.bin/oxlint', ['--deny-warnings', ...paths]],
  [
    'format',
    'node_modules/.bin/prettier',
    ['--check', '--log-level=warn', ...(paths.length > 0 ? paths : ['.'])],
  ],
];

let failed = 0;
for (const [name, file, args] of steps) {
  const startedAt = performance.now();
  const result = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(`${result.status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`);
  if (result.status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
