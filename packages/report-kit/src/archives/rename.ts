import { randomUUID } from 'node:crypto';
import { fileGroups } from './format.ts';
import type { ArchiveObject, FileGroup } from './format.ts';
import { parseObject } from './format.ts';
import type { ArchiveFile } from './file.ts';
import type { ArchiveEntry, ObjectFiles } from './read.ts';

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map(item => mapStrings(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}

/** How texts refer to the files of each group. */
const ADDRESS = /\/(assets|images|files)\/name\/([^\s"'<>()[\]{}?#\\]{1,1000})/g;

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function rebuild(entry: ArchiveEntry, data: unknown, files: ObjectFiles): ArchiveEntry {
  const object: ArchiveObject = parseObject(data, `${entry.data.id}.json`);
  return { ...object, files };
}

/**
 * Gives files other names, e.g. where a project already has some of the same name, and rewrites what the texts say.
 * `rename` may return the name it was given.
 */
export function renameFiles(
  entry: ArchiveEntry,
  rename: (kind: FileGroup['kind'], name: string) => string,
): ArchiveEntry {
  const names = new Map<string, string>();
  for (const { kind, names: known } of fileGroups(entry))
    for (const name of known) names.set(`${kind}/${name}`, rename(kind, name));
  const changed = mapStrings(entry.data, text =>
    text.replace(ADDRESS, (address, kind: string, name: string) => {
      const next = names.get(`${kind}/${decoded(name)}`);
      return next === undefined ? address : `/${kind}/name/${encodeURIComponent(next)}`;
    }),
  ) as Record<string, unknown>;
  const relist = (owner: Record<string, unknown>, kind: FileGroup['kind']): void => {
    const listed = owner[kind];
    if (!Array.isArray(listed)) return;
    owner[kind] = listed.map((file: { name: string }) => ({
      ...file,
      name: names.get(`${kind}/${file.name}`) ?? file.name,
    }));
  };
  for (const kind of ['assets', 'images', 'files'] as const) relist(changed, kind);
  const design = changed.project_type;
  if (typeof design === 'object' && design !== null) relist(design as Record<string, unknown>, 'assets');
  const moved = (kind: FileGroup['kind']): Map<string, ArchiveFile> =>
    new Map(
      [...entry.files[kind]].map(([name, file]) => {
        const next = names.get(`${kind}/${name}`) ?? name;
        return [next, { ...file, name: next, open: () => file.open() }];
      }),
    );
  return rebuild(entry, changed, { assets: moved('assets'), images: moved('images'), files: moved('files') });
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** Gives the object, its design, findings and notes new ids, and rewrites whatever in it refers to them. */
export function renewIds(entry: ArchiveEntry, makeId: () => string = randomUUID): ArchiveEntry {
  const old = [entry.data.id];
  if (entry.kind === 'project') old.push(entry.design.id, ...entry.data.findings.map(({ id }) => id));
  if (entry.kind === 'project' || entry.kind === 'notes')
    old.push(...(entry.data.notes ?? []).map(({ id }) => id));
  const ids = new Map(old.map(id => [id, makeId()]));
  const data = mapStrings(entry.data, text => {
    const whole = ids.get(text);
    return whole ?? text.replace(UUID, id => ids.get(id) ?? id);
  });
  return rebuild(entry, data, entry.files);
}
