import type { ArchiveFile } from './file.ts';
import type { ArchiveEntry } from './read.ts';
import { renameFiles } from './rename.ts';
import type { Notes } from './schema.ts';

/** Notes as a design keeps them for its new projects, and their files, which become assets of the design. */
export interface DefaultNotes {
  readonly notes: Notes['notes'];
  readonly assets: ReadonlyMap<string, ArchiveFile>;
}

type Note = Notes['notes'][number];

/** The nearest note above that is kept; null at the top. */
function keptParent(note: Note, byId: ReadonlyMap<string, Note>): string | null {
  const seen = new Set<string>();
  let { parent } = note;
  while (parent !== undefined && parent !== null && !seen.has(parent)) {
    seen.add(parent);
    const above = byId.get(parent);
    if (!above || above.type !== 'excalidraw') return parent;
    ({ parent } = above);
  }
  return null;
}

/**
 * Notes (`notes/v1`) in the form of a design's default notes: pictures and files are addressed as assets, of which none may have
 * one of the `taken` names; drawings are left out, and what lay under one moves up.
 */
export function asDefaultNotes(
  entry: ArchiveEntry & { readonly kind: 'notes' },
  taken: ReadonlySet<string> = new Set(),
): DefaultNotes {
  const names = new Set(taken);
  const renamed = renameFiles(entry, (_kind, name) => {
    let free = name;
    for (let count = 2; names.has(free); count += 1) free = `${count}-${name}`;
    names.add(free);
    return free;
  });
  const listed: Note[] = renamed.kind === 'notes' ? renamed.data.notes : [];
  const byId = new Map(listed.map(note => [note.id, note]));
  const notes = listed
    .filter(({ type }) => type !== 'excalidraw')
    .map(note => ({
      ...note,
      parent: keptParent(note, byId),
      ...(typeof note.text === 'string'
        ? { text: note.text.replaceAll(/\/(?:images|files)\/name\//g, '/assets/name/') }
        : {}),
    }));
  return { notes, assets: new Map([...renamed.files.images, ...renamed.files.files]) };
}
