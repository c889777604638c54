import { ArchiveError } from '../archives/index.ts';
import { RenderError } from '../message.ts';
import type { Message } from '../message.ts';
import { messageLine } from './report.ts';

const USAGE_CODES: ReadonlySet<string> = new Set(['usage', 'output-unknown', 'engine-unknown']);
const FAILED = 1;
/** `EX_USAGE` of sysexits.h. */
export const WRONG_USE = 64;

/** What the system says of a file, in words. */
const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there: check its path',
  EACCES: 'may not be opened: change its permissions, or choose another place',
  EPERM: 'may not be changed: change its permissions, or choose another place',
  EISDIR: 'is a folder: name a file',
  ENOTDIR: 'lies in something that is no folder: check its path',
  EEXIST: 'is there already: give another name',
  EROFS: 'lies on a disk that cannot be written: choose another place',
  ENOSPC: 'has no room, since the disk is full: make room, or choose another disk',
  ENAMETOOLONG: 'has too long a name: shorten it',
};

function fileFault(error: Error): Message | undefined {
  const { code, path } = error as NodeJS.ErrnoException;
  const words = FILE_FAULTS[code ?? ''];
  if (words === undefined) return undefined;
  const place = path === undefined ? 'A file' : path.replace(/\.unfinished-[^/]*$/, '');
  return { level: 'error', code: 'file-unusable', text: `${place} ${words} (${code}).` };
}

/** An error of any kind as messages: what, and how it is mended. */
export function messagesOf(error: unknown): readonly Message[] {
  if (error instanceof RenderError) return error.messages;
  if (error instanceof ArchiveError) return [{ level: 'error', code: error.code, text: error.message }];
  const fault = error instanceof Error ? fileFault(error) : undefined;
  return [
    fault ?? { level: 'error', code: 'failed', text: error instanceof Error ? error.message : String(error) },
  ];
}

/** Says why a command failed, as lines or, when it was asked for JSON, as JSON; gives the exit code. */
export function reportFailure(error: unknown, isJson: boolean): number {
  const messages = messagesOf(error);
  if (isJson) process.stdout.write(`${JSON.stringify({ messages }, null, 2)}\n`);
  else for (const message of messages) process.stderr.write(`${messageLine(message)}\n`);
  return error instanceof RenderError && USAGE_CODES.has(error.code) ? WRONG_USE : FAILED;
}
