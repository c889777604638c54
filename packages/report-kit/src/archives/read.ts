import { readFile } from 'node:fs/promises';
import type { Message } from '../message.ts';
import { ArchiveError } from './error.ts';
import { checkFileName, makeSpool } from './file.ts';
import type { ArchiveFile } from './file.ts';
import { fileGroups, parseObject } from './format.ts';
import type { ArchiveObject, FileGroup } from './format.ts';
import { DEFAULT_ARCHIVE_LIMITS, sizeInWords } from './limits.ts';
import type { ArchiveLimits } from './limits.ts';
import { readTar } from './tar.ts';
import type { ArchiveSource, TarMember } from './tar.ts';

/** The files of an object by group and name. */
export type ObjectFiles = Readonly<Record<FileGroup['kind'], ReadonlyMap<string, ArchiveFile>>>;

/** One design, template, project or set of notes, with its files. */
export type ArchiveEntry = ArchiveObject & {
  readonly files: ObjectFiles;
  /** The JSON as it came, from which unchanged data is written again byte for byte. */
  readonly source?: ArchiveFile;
};

/** What was read. The files lie on disk until it is disposed. */
export interface Archive extends AsyncDisposable {
  readonly entries: readonly ArchiveEntry[];
  readonly messages: readonly Message[];
}

/** How an archive is read. */
export interface ReadOptions {
  readonly limits?: Partial<ArchiveLimits>;
  /** Where files are kept meanwhile: the system's temporary folder unless told otherwise. */
  readonly spoolFolder?: string;
}

type SpooledFile = ArchiveFile & { readonly path: string };

interface Members {
  readonly json: Map<string, SpooledFile>;
  readonly files: Map<string, SpooledFile>;
  readonly ignored: string[];
}

const FILE_MEMBER = /^([A-Za-z0-9_-]{1,100}-(?:assets|images|files))\/([^/]+)$/;

async function store(
  member: TarMember,
  write: (name: string) => Promise<SpooledFile>,
  into: Members,
  limits: ArchiveLimits,
): Promise<void> {
  const { name, sizeBytes } = member;
  const isObject = !name.includes('/') && name.endsWith('.json');
  const match = FILE_MEMBER.exec(name);
  if (!isObject && !match) {
    into.ignored.push(name);
    return;
  }
  const target = isObject ? into.json : into.files;
  if (target.has(name))
    throw new ArchiveError(
      'member-twice',
      `The archive has ${name} twice: pack it again with one of them.`,
      name,
    );
  if (isObject && sizeBytes > limits.jsonBytes)
    throw new ArchiveError(
      'member-too-large',
      `${name} has ${sizeInWords(sizeBytes)}, and ${sizeInWords(limits.jsonBytes)} are allowed for the data of one object: export fewer objects at a time.`,
      name,
    );
  if (match) checkFileName(match[2] ?? '', name);
  target.set(name, await write(match?.[2] ?? name));
}

async function readJson(file: SpooledFile): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file.path)));
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 150) : '';
    throw new ArchiveError(
      'json-invalid',
      `${file.name} is no JSON (${reason}): export it again.`,
      file.name,
    );
  }
}

function takeFiles(object: ArchiveObject, members: Members, used: Set<string>, member: string): ObjectFiles {
  const files = { assets: new Map(), images: new Map(), files: new Map() } satisfies Record<
    FileGroup['kind'],
    Map<string, ArchiveFile>
  >;
  for (const group of fileGroups(object))
    for (const name of group.names) {
      checkFileName(name, member);
      const path = `${group.folder}/${name}`;
      const file = members.files.get(path);
      if (!file)
        throw new ArchiveError(
          'file-missing',
          `${member} lists the file ${name}, and the archive has no ${path}: export it again, or take the file out of the list.`,
          path,
        );
      used.add(path);
      files[group.kind].set(name, file);
    }
  return files;
}

function checkIds(entries: readonly ArchiveEntry[]): void {
  const seen = new Set<string>();
  for (const { kind, data } of entries) {
    const key = `${kind} ${data.id}`;
    if (seen.has(key))
      throw new ArchiveError(
        'member-twice',
        `The archive has the ${key} twice: pack it again with one of them.`,
      );
    seen.add(key);
  }
}

/**
 * Reads an archive of designs, templates, projects or notes, all or nothing: on any fault an {@link ArchiveError} is thrown
 * and nothing is left behind. Memory holds the data (JSON) of the objects, never the bytes of their files.
 */
export async function readArchive(source: ArchiveSource, options: ReadOptions = {}): Promise<Archive> {
  const limits = { ...DEFAULT_ARCHIVE_LIMITS, ...options.limits };
  const spool = await makeSpool(options.spoolFolder);
  try {
    const members: Members = { json: new Map(), files: new Map(), ignored: [] };
    for await (const member of readTar(source, limits))
      await store(member, name => spool.write(name, member.bytes), members, limits);
    if (members.json.size === 0)
      throw new ArchiveError(
        'archive-empty',
        'The archive has no object (no .json member at its top): give the file that an export wrote.',
      );
    const entries: ArchiveEntry[] = [];
    const used = new Set<string>();
    for (const [member, file] of members.json) {
      const value = await readJson(file);
      const object = parseObject(value, member);
      const files = takeFiles(object, members, used, member);
      entries.push({ ...object, files, ...(object.data === value ? { source: file } : {}) });
    }
    checkIds(entries);
    const unused = [...members.files.keys()].filter(path => !used.has(path));
    const messages: Message[] = [...members.ignored, ...unused].slice(0, 100).map(name => ({
      level: 'info',
      code: 'member-ignored',
      text: `${name} belongs to no object of the archive and was left out.`,
    }));
    return { entries, messages, [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose]() };
  } catch (error) {
    await spool[Symbol.asyncDispose]();
    throw error;
  }
}
