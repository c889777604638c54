import { createHash } from 'node:crypto';
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationalError, UserError } from '@glacis/foundation';
import { hashPassword } from './password.ts';

/** Digits of a SHA-1 that name a file of the prefix form. */
const PREFIX_LENGTH = 5;
/** Largest file of one prefix, bytes; the real ones have some 40 KB. */
const MAX_PREFIX_BYTES = 4 * 1024 * 1024;
/** Longest line of the list form: 40 hex digits, a colon, a count. */
const MAX_LINE_BYTES = 128;

/**
 * Refuses a password that is known: one of the 49,000 most common (also with digits and signs around it), or one of the
 * breached passwords that the platform's own list holds (see {@link isListed}). @throws UserError
 */
export async function refuseBreachedPassword(password: string, list: string | undefined): Promise<void> {
  if (!(await isCommon(password)) && !(list !== undefined && (await isListed(password, list)))) return;
  const sentence = 'This password is known from breaches or very common. Choose another one.';
  throw new UserError('auth.password-breached', sentence, { fields: { password: sentence } });
}

/**
 * The hash of a password that somebody has chosen. @throws UserError when it is known from breaches (see
 * {@link refuseBreachedPassword})
 */
export async function hashChosenPassword(
  password: string,
  platform: { readonly breachedPasswords?: string },
): Promise<string> {
  await refuseBreachedPassword(password, platform.breachedPasswords);
  return hashPassword(password);
}

let commonPasswords: Promise<ReadonlySet<string>> | undefined;

async function isCommon(password: string): Promise<boolean> {
  commonPasswords ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common'].map(word => word.toLowerCase())),
  );
  const common = await commonPasswords;
  const lower = password.normalize('NFKC').toLowerCase();
  const core = lower.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '');
  return common.has(lower) || (core.length * 2 >= lower.length && common.has(core));
}

/**
 * Whether a list of breached passwords holds it. The list has the forms in which Have I Been Pwned is downloaded: a folder
 * with a file for each five-digit prefix of the SHA-1 (`ABCDE.txt`, lines `SUFFIX:COUNT`), or one sorted file of lines
 * `SHA1:COUNT`, in which is searched by halves. @throws OperationalError when it cannot be read.
 */
export async function isListed(password: string, list: string): Promise<boolean> {
  const hash = createHash('sha1').update(password.normalize('NFKC')).digest('hex').toUpperCase();
  try {
    const isFolder = (await stat(list)).isDirectory();
    return isFolder ? await isInFolder(hash, list) : await isInFile(hash, list);
  } catch (cause) {
    throw new OperationalError(
      'config.invalid',
      'The list of breached passwords (GLACIS_BREACHED_PASSWORDS_FILE) cannot be read.',
      { cause },
    );
  }
}

async function isInFolder(hash: string, folder: string): Promise<boolean> {
  const file = join(folder, `${hash.slice(0, PREFIX_LENGTH)}.txt`);
  const { size } = await stat(file);
  if (size > MAX_PREFIX_BYTES) throw new Error(`${file} is over ${MAX_PREFIX_BYTES} bytes`);
  const suffix = hash.slice(PREFIX_LENGTH);
  return (await readFile(file, 'latin1')).split('\n').some(line => line.slice(0, suffix.length) === suffix);
}

async function isInFile(hash: string, path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    // The first line that begins at or after `low` or later is looked at; `high` is behind the last that can match.
    let low = 0;
    let high = (await file.stat()).size;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const line = await lineFrom(file, middle);
      if (line === undefined || line.text.slice(0, hash.length) >= hash) {
        if (line?.text.slice(0, hash.length) === hash) return true;
        high = middle;
      } else low = line.end;
    }
    return false;
  } finally {
    await file.close();
  }
}

/** The first line that begins at or after an offset, and where it ends; undefined behind the last. */
async function lineFrom(
  file: FileHandle,
  offset: number,
): Promise<{ text: string; end: number } | undefined> {
  const from = Math.max(0, offset - 1);
  const { buffer, bytesRead } = await file.read(
    Buffer.alloc(2 * MAX_LINE_BYTES),
    0,
    2 * MAX_LINE_BYTES,
    from,
  );
  const text = buffer.toString('latin1', 0, bytesRead);
  const start = offset === 0 ? 0 : text.indexOf('\n') + 1;
  if ((offset > 0 && start === 0) || start >= text.length) return undefined;
  const newline = text.indexOf('\n', start);
  const end = newline < 0 ? text.length : newline;
  return { text: text.slice(start, end).toUpperCase(), end: from + end + 1 };
}
