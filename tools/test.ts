/** Runs the tests: `npm test` for all of them, `npm test -- PATH …` for those below the given folders or files. */
import { spawn } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { startTestServer } from '../packages/db/src/testing.ts';

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

// One PostgreSQL for all database tests; each file clones its own database from a migrated template.
const server = files.some(file => /\.(db|e2e)\.test\.ts$/.test(file)) ? await startTestServer() : undefined;
const child = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2', ...files.sort()],
  { stdio: 'inherit', env: { ...process.env, ...(server ? { GLACIS_TEST_DATABASE_URL: server.url } : {}) } },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', async code => {
  await server?.stop();
  process.exit(code ?? 1);
});
