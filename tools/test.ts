/** Runs the tests: `npm test` for all of them, `npm test -- PATH …` for those below the given folders or files. */
import { spawn } from 'node:child_process';
import { globSync, statSync } from 'node:fs';

const wanted = process.argv.slice(2);
const roots = wanted.length > 0 ? wanted : ['packages', 'apps', 'tools'];
const files = roots.flatMap(path =>
  statSync(path).isFile()
    ? [path]
    : globSync(`${path}/**/*.test.ts`, { exclude: entry => /(^|\/)(node_modules|dist)(\/|$)/.test(entry) }),
);
if (files.length === 0) {
  process.stderr.write(`There are no tests below ${roots.join(', ')}.\n`);
  process.exit(1);
}
const child = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2', ...files.sort()],
  { stdio: 'inherit' },
);
child.on('exit', code => process.exit(code ?? 1));
