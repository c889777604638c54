import { createWriteStream } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ArchiveError } from './error.ts';
import { checkFileName, fileFromPath } from './file.ts';
import type { ArchiveFile } from './file.ts';
import { folderName } from './folder-name.ts';
import { fileGroups, parseObject } from './format.ts';
import type { FileGroup } from './format.ts';
import { DEFAULT_ARCHIVE_LIMITS, sizeInWords } from './limits.ts';
import { joinParts, splitParts } from './parts.ts';
import type { ArchiveEntry } from './read.ts';

const OBJECT = 'object.json';

function titleOf({ kind, data }: ArchiveEntry): string {
  if (kind === 'template') {
    const title = data.translations.find(({ is_main: isMain }) => isMain)?.data.title;
    return typeof title === 'string' ? title : data.id;
  }
  return kind === 'notes' ? 'notes' : data.name;
}

function groupFolder(kind: FileGroup['kind'], entry: { readonly kind: string }): string {
  return entry.kind === 'project' && kind === 'assets' ? 'design/assets' : kind;
}

async function writeEntry(entry: ArchiveEntry, folder: string): Promise<void> {
  const { object, parts } = splitParts(entry.kind, entry.data);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, OBJECT), `${JSON.stringify(object, null, 2)}\n`);
  for (const { path, text } of parts) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
  }
  for (const group of fileGroups(entry)) {
    const target = join(folder, groupFolder(group.kind, entry));
    if (group.names.length > 0) await mkdir(target, { recursive: true });
    for (const name of group.names) {
      checkFileName(name, `${entry.data.id}.json`);
      const file = entry.files[group.kind].get(name);
      if (!file)
        throw new ArchiveError(
          'file-missing',
          `${entry.data.id} lists the file ${name}, and its bytes are not there.`,
          name,
        );
      await pipeline(file.open(), createWriteStream(join(target, name), { flags: 'wx' }));
    }
  }
}

/** Writes each object as a folder of plain files that can be edited. The target must not exist; on a fault none is left. */
export async function writeFolder(entries: readonly ArchiveEntry[], path: string): Promise<void> {
  const target = resolve(path);
  const exists = await lstat(target).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new ArchiveError(
      'folder-invalid',
      `${basename(target)} is already there: give the name of a new folder.`,
    );
  await mkdir(dirname(target), { recursive: true });
  const unfinished = await mkdtemp(`${target}.unfinished-`);
  try {
    const taken = new Set<string>();
    for (const entry of entries) {
      const base = folderName(titleOf(entry));
      let name = base;
      for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`;
      taken.add(name);
      await writeEntry(entry, join(unfinished, name));
    }
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error instanceof Error && 'code' in error && error.code === 'EEXIST'
      ? new ArchiveError(
          'folder-invalid',
          `Two files of one object have names that this disk does not tell apart (capital and small letters): rename one of them, or convert on another disk.`,
        )
      : error;
  }
}

/** The path of a plain file inside a folder; links and ways out are refused. */
async function plainFile(folder: string, path: string): Promise<{ path: string; sizeBytes: number }> {
  const root = resolve(folder);
  let at = root;
  let sizeBytes = 0;
  for (const part of path.split('/')) {
    checkFileName(part, path);
    at = join(at, part);
    const info = await lstat(at).catch(() => undefined);
    if (!info)
      throw new ArchiveError(
        'file-missing',
        `The folder ${basename(root)} has no ${path}: put the file there.`,
        path,
      );
    if (!info.isFile() && !info.isDirectory())
      throw new ArchiveError(
        'folder-invalid',
        `${path} is no plain file: replace the link by the file itself.`,
        path,
      );
    sizeBytes = info.isFile() ? info.size : -1;
  }
  if (sizeBytes < 0 || !at.startsWith(root + sep))
    throw new ArchiveError('folder-invalid', `${path} is no plain file.`, path);
  return { path: at, sizeBytes };
}

async function readText(folder: string, path: string): Promise<string> {
  const file = await plainFile(folder, path);
  if (file.sizeBytes > DEFAULT_ARCHIVE_LIMITS.jsonBytes)
    throw new ArchiveError(
      'member-too-large',
      `${path} has ${sizeInWords(file.sizeBytes)}, and ${sizeInWords(DEFAULT_ARCHIVE_LIMITS.jsonBytes)} are allowed: shorten it.`,
      path,
    );
  return readFile(file.path, 'utf8');
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ArchiveError(
      'json-invalid',
      `${path} is no JSON (${error instanceof Error ? error.message.slice(0, 150) : ''}): mend it.`,
      path,
    );
  }
}

async function readEntry(folder: string): Promise<ArchiveEntry> {
  const raw = parseJson(await readText(folder, OBJECT), OBJECT);
  const value = await joinParts(raw, async (path, isJson) => {
    const text = await readText(folder, path);
    return isJson ? parseJson(text, path) : text;
  });
  const object = parseObject(value, `${basename(folder)}/${OBJECT}`);
  const files = { assets: new Map(), images: new Map(), files: new Map() } satisfies Record<
    FileGroup['kind'],
    Map<string, ArchiveFile>
  >;
  for (const group of fileGroups(object))
    for (const name of group.names) {
      checkFileName(name, OBJECT);
      const found = await plainFile(folder, `${groupFolder(group.kind, object)}/${name}`);
      files[group.kind].set(name, fileFromPath(name, found.path, found.sizeBytes));
    }
  return { ...object, files };
}

/** Reads what {@link writeFolder} wrote: a folder of objects, or the folder of one. Files are read when they are wanted. */
export async function readFolder(path: string): Promise<ArchiveEntry[]> {
  const listed = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (!listed)
    throw new ArchiveError(
      'folder-invalid',
      `${basename(path)} is no folder that can be read: check its path.`,
    );
  if (listed.some(({ name }) => name === OBJECT)) return [await readEntry(path)];
  const entries: ArchiveEntry[] = [];
  for (const item of listed.sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (item.isDirectory() && !item.name.startsWith('.'))
      entries.push(await readEntry(join(path, item.name)));
  if (entries.length === 0)
    throw new ArchiveError(
      'archive-empty',
      `${basename(path)} holds no ${OBJECT}: give a folder that was made from an archive.`,
    );
  return entries;
}
