#!/usr/bin/env node
// Runs the command on the pinned Node: see tools/run.mjs.
import { join } from 'node:path';
process.argv.splice(
  2,
  0,
  join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', 'src', 'main.ts'),
);
await import('../../../tools/run.mjs');
