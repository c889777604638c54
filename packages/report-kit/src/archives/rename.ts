import { randomUUID } from 'node:crypto';
import { rewriteAddresses } from './address.ts';
import { fileGroups } from './format.ts';
import type { ArchiveObject, FileGroup } from './format.ts';
import { parseObject } from './format.ts';
import type { ArchiveFile } from './file.ts';
import type { ArchiveEntry, ObjectFiles } from './read.ts';

/** Where in an object a text stands: keys, with the places in lists as numbers. */
type Path = readonly (string | number)[];

function mapStrings(value: unknown, change: (text: string, path: Path) => string, path: Path = []): unknown {
  if (typeof value === 'string') return change(value, path);
  if (Array.isArray(value)) return value.map((item, index) => mapStrings(item, change, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapStrings(item, change, [...path, key])]),
  );
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
  const changed = mapStrings(entry.data, text => rewriteAddresses(text, names)) as Record<string, unknown>;
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
const WHOLE_UUID = new RegExp(`^${UUID.source}$`, 'i');
/** Where Markdown and HTML refer to a finding by its id: `[](#id)`, `href="#id"`, `<ref to="id">`. */
const REFERENCE = /(\(#|href="#|\bto=")([^\s()"]{1,200})(?=[)"])/g;
/** `findings.<id>.data.title`, as comments have it. */
const COMMENT_PATH = /^(findings\.)([^.]{1,200})(?=\.|$)/;

/** The keys that hold an id that is made new. */
const isIdPlace = (path: Path): boolean =>
  /^(?:id|project_type\.id|(?:findings|notes)\.\d+\.id|notes\.\d+\.parent)$/.test(path.join('.'));

/**
 * Gives the object, its design, findings and notes new ids, and rewrites whatever in it refers to them. An id that is no UUID is
 * only looked for where an id is meant: a field may hold the same text and mean something else.
 */
export function renewIds(entry: ArchiveEntry, makeId: () => string = randomUUID): ArchiveEntry {
  const old = [entry.data.id];
  if (entry.kind === 'project') old.push(entry.design.id, ...entry.data.findings.map(({ id }) => id));
  if (entry.kind === 'project' || entry.kind === 'notes')
    old.push(...(entry.data.notes ?? []).map(({ id }) => id));
  const ids = new Map(old.map(id => [id, makeId()]));
  const others = new Map([...ids].filter(([id]) => !WHOLE_UUID.test(id)));
  const data = mapStrings(entry.data, (text, path) => {
    if (isIdPlace(path)) return ids.get(text) ?? text;
    const renewed = text.replace(UUID, id => ids.get(id) ?? ids.get(id.toLowerCase()) ?? id);
    if (others.size === 0) return renewed;
    const form = path[0] === 'comments' && path.at(-1) === 'path' ? COMMENT_PATH : REFERENCE;
    return renewed.replace(form, (all, before: string, id: string) => {
      const next = others.get(id);
      return next === undefined ? all : `${before}${next}`;
    });
  });
  return rebuild(entry, data, entry.files);
}
