import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadYaml } from '../yaml/load-yaml.ts';
import { FieldReader } from './field-reader.ts';
import type { TemplateEntry, TemplateHandle } from './template-set.ts';

/** Which templates of a set run. */
export interface Selection {
  readonly ids?: readonly string[];
  readonly excludedIds?: readonly string[];
  readonly tags?: readonly string[];
  readonly excludedTags?: readonly string[];
  /** Tags that run although they are excluded by default. */
  readonly includedTags?: readonly string[];
  readonly severities?: readonly string[];
  /** Files that run whatever their tags say. */
  readonly explicitFiles?: ReadonlySet<string>;
  readonly hasSelfContained?: boolean;
  readonly hasFile?: boolean;
  readonly hasOast?: boolean;
  /** Paths and tags of a `.nuclei-ignore` file. */
  readonly ignored?: IgnoreList;
}

/** What a `.nuclei-ignore` file leaves out. */
export interface IgnoreList {
  readonly tags: readonly string[];
  readonly files: readonly string[];
}

/** Tags that never run unless asked for: they disturb or flood their target. */
export const DEFAULT_EXCLUDED_TAGS: readonly string[] = ['dos', 'fuzz', 'bruteforce', 'local', 'intrusive'];

/** Reads the `.nuclei-ignore` of a folder; empty when there is none. Throws TemplateError when it is malformed. */
export function readIgnoreList(folder: string): IgnoreList {
  const file = join(folder, '.nuclei-ignore');
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return { tags: [], files: [] };
  const reader = new FieldReader(loadYaml(readFileSync(file, 'utf8')), '.nuclei-ignore');
  return {
    tags: reader.texts('tags', true).map(tag => tag.toLowerCase()),
    files: reader.texts('files', true),
  };
}

const globbed = (pattern: string, id: string): boolean =>
  pattern.includes('*')
    ? new RegExp(
        `^${pattern
          .split('*')
          .map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*')}$`,
      ).test(id)
    : pattern === id;

function isExcludedByDefault(entry: TemplateEntry, selection: Selection): boolean {
  const excluded = new Set([...DEFAULT_EXCLUDED_TAGS, ...(selection.ignored?.tags ?? [])]);
  for (const tag of [...(selection.includedTags ?? []), ...(selection.tags ?? [])]) excluded.delete(tag);
  if (entry.tags.some(tag => excluded.has(tag))) return true;
  return (selection.ignored?.files ?? []).some(
    file => entry.path === file || entry.path.endsWith(`/${file}`),
  );
}

/** Why a template does not run; undefined when it does. */
export function exclusionOf(handle: TemplateHandle, selection: Selection): string | undefined {
  const { entry } = handle;
  const isExplicit = selection.explicitFiles?.has(handle.file) === true;
  const { ids = [], tags = [], severities = [] } = selection;
  if (ids.length > 0 && !ids.some(id => globbed(id, entry.id))) return 'id';
  if ((selection.excludedIds ?? []).some(id => globbed(id, entry.id))) return 'excluded id';
  if (tags.length > 0 && !entry.tags.some(tag => tags.includes(tag))) return 'tags';
  if (entry.tags.some(tag => selection.excludedTags?.includes(tag) === true)) return 'excluded tags';
  if (severities.length > 0 && !severities.includes(entry.severity)) return 'severity';
  if (!isExplicit && ids.length === 0 && isExcludedByDefault(entry, selection)) return 'default exclusion';
  if (entry.isSelfContained && selection.hasSelfContained !== true)
    return 'self-contained (enable with -esc)';
  if (entry.protocols.includes('file') && selection.hasFile !== true) return 'file (enable with -file)';
  if (entry.needsOast && selection.hasOast !== true) return 'needs an out-of-band server (-iserver)';
  return undefined;
}
