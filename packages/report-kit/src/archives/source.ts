import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parse, TomlDate, TomlError } from 'smol-toml';
import { ArchiveError } from './error.ts';
import { checkFileName, fileFromPath } from './file.ts';
import type { ArchiveFile } from './file.ts';
import { fileGroups, parseObject } from './format.ts';
import type { FileGroup } from './format.ts';
import { DEFAULT_ARCHIVE_LIMITS, sizeInWords } from './limits.ts';
import type { ArchiveEntry } from './read.ts';

type Loose = Record<string, unknown>;

const isLoose = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** TOML's days and times as the texts that JSON has; the rest as it is. */
function plain(value: unknown): unknown {
  if (value instanceof TomlDate) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  return isLoose(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
    : value;
}

/** TOML knows no null: what a note must have and a file cannot say. */
function withNulls(object: Loose): Loose {
  const restored = { ...object };
  for (const key of ['notes', 'default_notes']) {
    const notes = restored[key];
    if (Array.isArray(notes))
      restored[key] = notes.map((note: unknown) =>
        isLoose(note) ? { ...note, parent: note.parent ?? null, checked: note.checked ?? null } : note,
      );
  }
  return restored;
}

async function readToml(path: string): Promise<Loose> {
  const name = basename(path);
  const info = await lstat(path).catch(() => undefined);
  if (!info?.isFile())
    throw new ArchiveError('file-missing', `There is no file ${name}: check its path.`, name);
  if (info.size > DEFAULT_ARCHIVE_LIMITS.jsonBytes)
    throw new ArchiveError(
      'member-too-large',
      `${name} has ${sizeInWords(info.size)}, and ${sizeInWords(DEFAULT_ARCHIVE_LIMITS.jsonBytes)} are allowed: shorten it.`,
      name,
    );
  try {
    return plain(parse(await readFile(path, 'utf8'))) as Loose;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new ArchiveError(
      'json-invalid',
      `${name}, line ${error.line}, is no TOML (${(error.message.split('\n')[0] ?? '').slice(0, 150)}): mend it.`,
      name,
    );
  }
}

/** The names in `<stem>-assets` and so on, for an object that does not list them itself. */
async function listFiles(stem: string, kind: FileGroup['kind']): Promise<{ name: string }[]> {
  const items = await readdir(`${stem}-${kind}`, { withFileTypes: true }).catch(() => []);
  return items
    .filter(item => item.isFile())
    .map(({ name }) => ({ name }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function withLists(object: Loose, stem: string, kinds: readonly FileGroup['kind'][]): Promise<Loose> {
  const listed = { ...object };
  for (const kind of kinds) listed[kind] ??= await listFiles(stem, kind);
  return listed;
}

const KINDS: Readonly<Record<string, readonly FileGroup['kind'][]>> = {
  projecttypes: ['assets'],
  templates: ['images'],
  projects: ['images', 'files'],
  notes: ['images', 'files'],
};

const stemOf = (path: string): string => path.replace(/\.toml$/i, '');

async function readObject(path: string, hasDesign: boolean): Promise<{ object: Loose; designStem: string }> {
  const object = withNulls(await readToml(path));
  const kinds = KINDS[String(object.format ?? '').split('/')[0] ?? ''] ?? [];
  const listed = await withLists(object, stemOf(path), kinds);
  const { project_type: design } = listed;
  // A design has none of its own: a file that names itself would be read for ever.
  if (!hasDesign || !isLoose(design)) return { object: listed, designStem: stemOf(path) };
  if (typeof design.file !== 'string')
    return {
      object: { ...listed, project_type: await withLists(withNulls(design), stemOf(path), ['assets']) },
      designStem: stemOf(path),
    };
  const designPath = resolve(dirname(path), design.file);
  const { object: read } = await readObject(designPath, false);
  return { object: { ...listed, project_type: read }, designStem: stemOf(designPath) };
}

/**
 * Reads an object that is kept as TOML, for people to edit and for version control: `<name>.toml` with its files in
 * `<name>-assets`, `<name>-images` and `<name>-files`; a project may name its design's file (`project_type = { file = "…" }`).
 */
export async function readSource(path: string): Promise<ArchiveEntry> {
  const file = resolve(path);
  const { object: value, designStem } = await readObject(file, true);
  const object = parseObject(value, basename(file));
  const files = { assets: new Map(), images: new Map(), files: new Map() } satisfies Record<
    FileGroup['kind'],
    Map<string, ArchiveFile>
  >;
  for (const { kind, names } of fileGroups(object)) {
    const folder = `${kind === 'assets' ? designStem : stemOf(file)}-${kind}`;
    for (const name of names) {
      checkFileName(name, basename(file));
      const info = await lstat(join(folder, name)).catch(() => undefined);
      if (!info?.isFile())
        throw new ArchiveError(
          'file-missing',
          `${basename(file)} lists the file ${name}, and ${basename(folder)} has no such plain file: put it there.`,
          name,
        );
      files[kind].set(name, fileFromPath(name, join(folder, name), info.size));
    }
  }
  return { ...object, files };
}
