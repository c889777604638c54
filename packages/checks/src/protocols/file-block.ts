import { closeSync, lstatSync, openSync, readSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { DslValue } from '../dsl/values.ts';
import { EventData } from '../match/event-data.ts';
import { operate } from '../match/operate.ts';
import type { FileBlock } from '../template/model.ts';
import type { TemplateRun } from '../run/template-run.ts';

const MAX_FILES = 100_000;
const MAX_READ = 16 * 1024 * 1024;
const DENIED_EXTENSIONS = new Set(['.3g2', '.3gp', '.7z', '.apk', '.avi', '.bmp', '.eot', '.exe', '.flv', '.gif', '.gz', '.ico', '.jpeg', '.jpg', '.m4a', '.mkv', '.mov', '.mp3', '.mp4', '.mpeg', '.ogg', '.pdf', '.png', '.rar', '.svg', '.tar', '.ttf', '.wav', '.webm', '.webp', '.woff', '.woff2', '.xz', '.zip']); // prettier-ignore

function isWanted(path: string, block: FileBlock): boolean {
  const [extension, name] = [extname(path).toLowerCase(), basename(path).toLowerCase()];
  const named = (list: readonly string[]): boolean =>
    list.includes(extension) || list.includes(extension.slice(1)) || list.includes(name);
  if (named(block.denied)) return false;
  if (block.extensions.includes('all')) return !DENIED_EXTENSIONS.has(extension) || named(block.extensions);
  return named(block.extensions);
}

/** Files below a path that the block wants; links are not followed. */
function* filesBelow(path: string, block: FileBlock, depth: number): Generator<string> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isSymbolicLink()) return;
  if (stat.isFile()) {
    if (stat.size <= block.maxSize && isWanted(path, block)) yield path;
    return;
  }
  if (!stat.isDirectory() || depth > 40 || (depth > 0 && block.isRecursionOff)) return;
  for (const entry of readdirSync(path).sort()) yield* filesBelow(join(path, entry), block, depth + 1);
}

function readStart(path: string): string {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(lstatSync(path).size, MAX_READ));
    return buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Runs a file block over a local file or folder. True when a file matched. */
export async function runFileBlock(block: FileBlock, run: TemplateRun, prefix: string): Promise<boolean> {
  const { services, target } = run;
  if (target === undefined) return false;
  let isMatched = false;
  let count = 0;
  for (const path of filesBelow(target.input, block, 0)) {
    count += 1;
    if (count > MAX_FILES || services.signal?.aborted === true) break;
    const content = readStart(path);
    const values = new Map<string, DslValue>([['path', path], ['matched', path], ['host', path], ['type', 'file'], ['raw', content], ['body', content], ['all', content], ['response', content], ['request', path]]); // prettier-ignore
    run.export(prefix, values);
    const verdict = await operate(
      block.operators,
      new EventData(values, name => services.settings.variables.get(name)),
      services,
    );
    run.remember(verdict.internal);
    const facts = {
      type: 'file',
      matchedAt: path,
      request: path,
      response: '',
      ip: '',
      target: undefined,
      payloads: new Map<string, DslValue>(),
    };
    isMatched = run.report(verdict, facts) || isMatched;
    await yieldToLoop();
  }
  return isMatched;
}
