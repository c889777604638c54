import { X509Certificate, createHash, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize, resolve, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { messageOf } from '../errors.ts';
import { socketTransport } from '../http/transport.ts';
import type { Transport } from '../http/transport.ts';
import { download } from './download.ts';
import { loadTemplateSource } from './load-template.ts';
import { readIgnoreList } from './select.ts';

/** Where templates come from and go to. */
export interface UpdateOptions {
  /** A folder, or the URL of a `.tar.gz`. */
  readonly from: string;
  readonly to: string;
  /** Digest the archive must have. */
  readonly sha256?: string;
  /** PEM certificate; templates whose signature it does not verify are left out. */
  readonly certificateFile?: string;
  /** Fetches the archive; the system's sockets when absent. */
  readonly transport?: Transport;
}

/** What an update did. */
export interface UpdateSummary {
  readonly taken: number;
  readonly refused: readonly { readonly file: string; readonly reason: string }[];
  /** Left out by the collection's own ignore list. */
  readonly ignored: number;
  /** Files that templates read, e.g. word lists. */
  readonly others: number;
}

const MAX_ARCHIVE = 256 * 1024 * 1024;
const MAX_DIGEST = 64 * 1024;
const MAX_UNPACKED = 2 * 1024 * 1024 * 1024;
const MAX_FILES = 200_000;
const DIGEST_LINE = /^# digest: ([0-9a-fA-F]+)(?::[0-9a-fA-F]+)?\s*$/m;

interface SourceFile {
  readonly path: string;
  readonly content: Buffer;
}

/** A path of a source as it may be written below the destination; undefined when it leads out of it. */
function safePath(path: string): string | undefined {
  const clean = normalize(path).replaceAll('\\', '/');
  return clean.startsWith('..') || clean.startsWith('/') || clean.includes('\0') || clean.length > 500
    ? undefined
    : clean;
}

function* folderFiles(root: string, below = ''): Generator<SourceFile> {
  for (const name of readdirSync(join(root, below)).sort()) {
    const path = join(below, name);
    const stat = lstatSync(join(root, path));
    if (stat.isDirectory() && name !== '.git' && name !== 'node_modules') yield* folderFiles(root, path);
    else if (stat.isFile() && stat.size < 64 * 1024 * 1024)
      yield { path, content: readFileSync(join(root, path)) };
  }
}

function* tarFiles(archive: Buffer): Generator<SourceFile> {
  const text = (from: number, length: number): string =>
    archive.toString('utf8', from, from + length).replace(/\0[\s\S]*$/, '');
  let longName = '';
  for (let offset = 0; offset + 512 <= archive.length;) {
    if (archive[offset] === 0) return;
    const size = Number.parseInt(text(offset + 124, 12).trim() || '0', 8);
    if (!Number.isInteger(size) || size < 0) throw new Error('the archive is damaged');
    const kind = text(offset + 156, 1);
    const prefix = text(offset + 345, 155);
    const name = longName || (prefix === '' ? text(offset, 100) : `${prefix}/${text(offset, 100)}`);
    const content = archive.subarray(offset + 512, offset + 512 + size);
    longName = kind === 'L' ? content.toString('utf8').replace(/\0[\s\S]*$/, '') : '';
    // The first folder of a release archive is its name and version.
    if (kind === '0' || kind === '') yield { path: name.replace(/^[^/]+\//, ''), content };
    offset += 512 + Math.ceil(size / 512) * 512;
  }
}

async function archiveFiles(options: UpdateOptions): Promise<Generator<SourceFile>> {
  const transport = options.transport ?? socketTransport;
  const archive = await download(options.from, MAX_ARCHIVE, transport);
  const wanted =
    options.sha256 ??
    (await download(`${options.from}.sha256`, MAX_DIGEST, transport))
      .toString('utf8')
      .trim()
      .split(/\s+/)[0] ??
    '';
  const digest = createHash('sha256').update(archive).digest('hex');
  if (digest !== wanted.toLowerCase())
    throw new Error(`the digest of the archive is ${digest}, not ${wanted || 'given'}; nothing was changed`);
  return tarFiles(gunzipSync(archive, { maxOutputLength: MAX_UNPACKED }));
}

/** True when the last line's signature is that of the certificate over everything before it. */
export function isSigned(content: Buffer, key: KeyObject): boolean {
  const text = content.toString('latin1');
  const match = DIGEST_LINE.exec(text);
  if (match === null) return false;
  const signed = text.slice(0, match.index).replace(/\r?\n$/, '');
  const variants = [signed, signed.trim(), `${signed}\n`].map(body =>
    createHash('sha256').update(body, 'latin1').digest(),
  );
  const signature = Buffer.from(match[1] ?? '', 'hex');
  return (
    variants.some(digest => verifyQuietly(digest, key, signature)) ||
    [signed, signed.trim()].some(body => verifyQuietly(Buffer.from(body, 'latin1'), key, signature))
  );
}

function verifyQuietly(data: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify('sha256', data, key, signature);
  } catch {
    return false;
  }
}

function refusalOf(file: SourceFile, root: string, key: KeyObject | undefined): string | undefined {
  if (key !== undefined && !isSigned(file.content, key)) return 'not signed for the given certificate';
  try {
    loadTemplateSource(file.content.toString('utf8'), join(root, file.path), { root });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Copies the templates of a folder or archive that load. The destination changes at the end, in one step, or not at all. */
export async function updateTemplates(options: UpdateOptions): Promise<UpdateSummary> {
  const isUrl = /^https?:\/\//.test(options.from);
  if (!isUrl && !existsSync(options.from))
    throw new Error(`${options.from} does not exist; give a folder or the URL of a .tar.gz`);
  const files = isUrl ? await archiveFiles(options) : folderFiles(resolve(options.from));
  const key =
    options.certificateFile === undefined
      ? undefined
      : new X509Certificate(readFileSync(options.certificateFile)).publicKey;
  const staging = `${resolve(options.to)}.new`;
  rmSync(staging, { recursive: true, force: true });
  const templates: SourceFile[] = [];
  let [others, count] = [0, 0];
  for (const file of files) {
    count += 1;
    const path = safePath(file.path);
    if (path === undefined || count > MAX_FILES) continue;
    if (/\.ya?ml$/.test(path) && !path.split('/').some(part => part.startsWith('.')))
      templates.push({ path, content: file.content });
    else if (/\.(?:txt|nuclei-ignore|md)$|\.nuclei-ignore$/.test(path)) {
      write(staging, { path, content: file.content });
      others += 1;
    }
  }
  mkdirSync(staging, { recursive: true });
  const ignore = readIgnoreList(staging);
  const refused: { file: string; reason: string }[] = [];
  let [taken, ignored] = [0, 0];
  for (const file of templates) {
    if (ignore.files.some(name => file.path === name || file.path.endsWith(`/${name}`))) {
      ignored += 1;
      continue;
    }
    const reason = refusalOf(file, staging, key);
    if (reason === undefined) {
      write(staging, file);
      taken += 1;
    } else refused.push({ file: file.path, reason });
  }
  swap(staging, resolve(options.to));
  return { taken, refused, ignored, others };
}

function write(root: string, file: SourceFile): void {
  const path = join(root, file.path);
  if (!path.startsWith(root + sep)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.content);
}

function swap(staging: string, to: string): void {
  const old = `${to}.old`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(to)) renameSync(to, old);
  mkdirSync(dirname(to), { recursive: true });
  renameSync(staging, to);
  rmSync(old, { recursive: true, force: true });
}
