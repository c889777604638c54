/**
 * Runs the whole system and reloads it: a change of the code starts the processes again on the same data, a change of the web
 * app builds it again. Takes the options of `npm start`. Ctrl-C stops everything.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { watch } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
/** Editors write a file in several steps, and a checkout changes many: wait until it is quiet, ms. */
const QUIET_MS = 300;

let system: ChildProcess | undefined;
let isStopping = false;
let isRestarting = false;
let isBuilding = false;
let timer: NodeJS.Timeout | undefined;
const changed = new Set<string>();

function say(text: string): void {
  process.stdout.write(`\n[dev] ${text}\n`);
}

function start(): void {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'apps/cli/src/main.ts', 'up', ...process.argv.slice(2)],
    { cwd: root, stdio: 'inherit' },
  );
  system = child;
  child.once('exit', code => {
    if (system === child) system = undefined;
    if (isStopping) process.exit(code ?? 0);
    if (!isRestarting) say(`the system ended with code ${code}; it starts again with the next change`);
  });
}

async function restart(): Promise<void> {
  if (isRestarting) return;
  isRestarting = true;
  const old = system;
  if (old) {
    const ended = new Promise<void>(resolve => old.once('exit', () => resolve()));
    old.kill('SIGTERM');
    await ended;
  }
  isRestarting = false;
  if (!isStopping) start();
}

function buildWebApp(): void {
  if (isBuilding) return;
  isBuilding = true;
  const vite = spawn(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
    {
      cwd: join(root, 'apps/web'),
      stdio: 'inherit',
    },
  );
  vite.once('exit', code => {
    isBuilding = false;
    say(code === 0 ? 'the web app was built again: reload the page' : 'the web app could not be built');
  });
}

function isSource(path: string): boolean {
  return (
    /^(packages|apps)\/[^/]+\/(src|migrations|designs|public|index\.html)/.test(path) &&
    !/\.test\.ts$|~$/.test(path)
  );
}

function apply(): void {
  const paths = [...changed];
  changed.clear();
  const isOfWeb = (path: string): boolean => path.startsWith('apps/web/');
  say(`changed: ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`);
  if (paths.every(isOfWeb)) buildWebApp();
  else void restart();
}

for (const folder of ['packages', 'apps']) {
  watch(join(root, folder), { recursive: true }, (_, name) => {
    const path = `${folder}/${name ?? ''}`;
    if (!isSource(path) || isStopping) return;
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(apply, QUIET_MS);
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    isStopping = true;
    if (system) system.kill('SIGTERM');
    else process.exit(0);
  });
}
start();
