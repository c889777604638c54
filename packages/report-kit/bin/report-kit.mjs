#!/usr/bin/env node
// Plain JavaScript, so that an older Node can read it: it starts the command on the Node that the package brings.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const [major = 0] = process.versions.node.split('.').map(Number);

function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `node-${process.platform}-${process.arch}/package.json`,
    );
    const path = join(dirname(manifest), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

const node = major >= NEEDED_MAJOR ? process.execPath : pinnedNode();
if (node === undefined) {
  process.stderr.write(`report-kit needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}.\n`);
  process.exit(1);
}
const main = join(dirname(dirname(fileURLToPath(import.meta.url))), 'src', 'command', 'main.ts');
const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', error => {
  process.stderr.write(`Node could not be started: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
