// Runs a TypeScript entry on the pinned Node, installing dependencies first when they are missing or stale.
// Plain JavaScript for Node ≥ 20: this is the only file that has to work before anything is installed.
// Usage: node tools/run.mjs [--node-flag …] FILE [ARG …]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PINNED_MAJOR = 24;

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  process.stderr.write(
    `Glacis needs Node 20 or newer to start; this is ${process.version}. Install it from your system's packages.\n`,
  );
  process.exit(1);
}

const stamp = join(root, 'node_modules', '.glacis-installed');
const lockHash = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const isInstalled = existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash;
if (!isInstalled) {
  process.stderr.write('Installing dependencies (once) …\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status !== 0) {
    process.stderr.write(
      'The dependencies could not be installed: see npm’s message above; once it is mended, run the same command again.\n',
    );
    process.exit(1);
  }
  writeFileSync(stamp, lockHash);
}

const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
const node = existsSync(pinned) ? pinned : process.execPath;
if (node === process.execPath && major < PINNED_MAJOR) {
  process.stderr.write(
    `There is no pinned Node for ${process.platform}-${process.arch}; install Node ${PINNED_MAJOR} and run the same command again (this is ${process.version}).\n`,
  );
  process.exit(1);
}

const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', error => {
  process.stderr.write(`Node could not be started: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
