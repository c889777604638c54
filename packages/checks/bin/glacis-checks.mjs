#!/usr/bin/env node
// Starts the command with its flags, on a Node that cannot run TypeScript by the pinned Node that npm installed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from './node-flags.mjs';

const entry = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const [major = 0] = process.versions.node.split('.').map(Number);

function pinnedNode() {
  const name = join('node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  for (let folder = dirname(entry); dirname(folder) !== folder; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

const node = major >= 24 ? process.execPath : pinnedNode();
if (node === undefined) {
  process.stderr.write(
    `This is Node ${process.version}; install Node 24 or newer and run the same command again.\n`,
  );
  process.exit(1);
}
const child = spawn(node, [...NODE_FLAGS, entry, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', error => {
  process.stderr.write(`Node could not be started: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', code => process.exit(code ?? 1));
