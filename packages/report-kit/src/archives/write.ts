import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Pack } from 'tar-stream';
import { namesInTexts } from './address.ts';
import { ArchiveError } from './error.ts';
import { checkFileName } from './file.ts';
import type { ArchiveFile } from './file.ts';
import { fileGroups } from './format.ts';
import type { ArchiveObject, FileGroup } from './format.ts';
import { DEFAULT_ARCHIVE_LIMITS, sizeInWords } from './limits.ts';
import type { ArchiveEntry, ObjectFiles } from './read.ts';

/** What is written: an object and its files; `source` is written as it is, if it is given. */
export type WritableEntry = ArchiveObject & { readonly files: ObjectFiles; readonly source?: ArchiveFile };

/** How an archive is written. */
export interface WriteOptions {
  /** Leaves notes and files out of projects. */
  readonly isWithoutNotes?: boolean;
}

/** Pictures do not get smaller, and data hardly more so at the default level, which takes twice as long. */
const GZIP_LEVEL = 3;

/** Archives of the same content are the same, byte for byte. */
const MTIME = new Date(0);

/** An entry with other data, so that it is written anew. */
export function changeEntry<Entry extends ArchiveEntry>(entry: Entry, data: Entry['data']): ArchiveEntry {
  const { source: _source, ...rest } = entry;
  return { ...rest, data } as ArchiveEntry;
}

interface Prepared {
  readonly json: string | ArchiveFile;
  readonly files: readonly { readonly path: string; readonly file: ArchiveFile }[];
}

/** Keeps the files that the data refers to, and lists only these. Assets of designs all stay. */
function prepare(entry: WritableEntry, options: WriteOptions): Prepared {
  const isWhole = entry.kind !== 'project' || options.isWithoutNotes !== true;
  const {
    notes: _notes,
    files: _files,
    ...withoutNotes
  } = entry.kind === 'project' ? entry.data : { notes: 0, files: 0 };
  const data: Record<string, unknown> = isWhole ? { ...entry.data } : { ...withoutNotes };
  const { images: _images, files: _listed, assets: _assets, ...content } = data;
  const isReferenced = namesInTexts(content);
  const files: { path: string; file: ArchiveFile }[] = [];
  let isChanged = !isWhole;
  for (const group of fileGroups(entry)) {
    if (!isWhole && group.kind === 'files') continue;
    const kept = group.kind === 'assets' ? group.names : group.names.filter(isReferenced);
    if (kept.length < group.names.length) {
      isChanged = true;
      const names = new Set(kept);
      const listed = data[group.kind];
      if (Array.isArray(listed))
        data[group.kind] = listed.filter((file: { name: string }) => names.has(file.name));
    }
    for (const name of kept)
      files.push({ path: `${group.folder}/${name}`, file: fileOf(entry, group, name) });
  }
  return { json: entry.source && !isChanged ? entry.source : JSON.stringify(data), files };
}

function fileOf(entry: WritableEntry, group: FileGroup, name: string): ArchiveFile {
  checkFileName(name, `${entry.data.id}.json`);
  const file = entry.files[group.kind].get(name);
  if (!file)
    throw new ArchiveError(
      'file-missing',
      `${entry.data.id} lists the file ${name}, and its bytes are not there: add the file, or take it out of the list.`,
      name,
    );
  return file;
}

/** Refuses what {@link readArchive} would not take back: better now than when the archive is needed. */
function checkSize(prepared: readonly (Prepared & { readonly name: string })[]): void {
  const { totalBytes, fileBytes, jsonBytes } = DEFAULT_ARCHIVE_LIMITS;
  const refuse = (what: string, limit: number): never => {
    throw new ArchiveError(
      'archive-too-large',
      `${what}, and an archive that can be read again holds at most ${sizeInWords(limit)}: export fewer objects at a time, or take out large files.`,
    );
  };
  let total = 0;
  for (const { name, json, files } of prepared) {
    const dataBytes = typeof json === 'string' ? Buffer.byteLength(json) : json.sizeBytes;
    if (dataBytes > jsonBytes) refuse(`The data of ${name} has ${sizeInWords(dataBytes)}`, jsonBytes);
    total += dataBytes;
    for (const { path, file } of files) {
      if (file.sizeBytes > fileBytes) refuse(`${path} has ${sizeInWords(file.sizeBytes)}`, fileBytes);
      total += file.sizeBytes;
    }
  }
  if (total > totalBytes) refuse(`All together there are ${sizeInWords(total)}`, totalBytes);
}

const drained = (entry: ReturnType<Pack['entry']>): Promise<void> =>
  new Promise(resolve => entry.once('drain', () => resolve()));

async function addFile(tar: Pack, path: string, file: ArchiveFile): Promise<void> {
  const done = Promise.withResolvers<void>();
  const header = { name: path, size: file.sizeBytes, mode: 0o644, mtime: MTIME };
  const entry = tar.entry(header, error => (error ? done.reject(error) : done.resolve()));
  for await (const chunk of file.open())
    if (!entry.write(chunk)) await Promise.race([drained(entry), done.promise]);
  entry.end(null);
  await done.promise;
}

async function addEntries(
  tar: Pack,
  prepared: readonly (Prepared & { readonly name: string })[],
): Promise<void> {
  for (const { name, json, files } of prepared) {
    if (typeof json === 'string') tar.entry({ name, mode: 0o644, mtime: MTIME }, json);
    else await addFile(tar, name, json);
    const written = new Set<string>();
    for (const { path, file } of files) {
      if (written.has(path)) continue;
      written.add(path);
      await addFile(tar, path, file);
    }
  }
  tar.finalize();
}

/**
 * An archive as a stream of `.tar.gz` bytes, in the newest formats. Files that the data does not refer to are left out;
 * the assets of designs all go in. Throws at once when a listed file has no bytes, or when all is too large to be read again.
 */
export function writeArchive(entries: readonly WritableEntry[], options: WriteOptions = {}): Readable {
  const prepared = entries.map(entry => ({ ...prepare(entry, options), name: `${entry.data.id}.json` }));
  const names = new Set(prepared.map(({ name }) => name));
  if (names.size !== prepared.length)
    throw new ArchiveError('member-twice', 'Two of the objects have the same id: export them one by one.');
  checkSize(prepared);
  const tar = pack();
  const output = new PassThrough();
  // An error of either side reaches the reader of the output.
  pipeline(tar, createGzip({ level: GZIP_LEVEL }), output).catch(() => undefined);
  addEntries(tar, prepared).catch((error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error(String(error)));
    tar.destroy();
  });
  return output;
}
