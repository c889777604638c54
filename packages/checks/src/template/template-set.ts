import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../errors.ts';
import { loadTemplateFile } from './load-template.ts';
import { SEVERITIES } from './model.ts';
import type { Template } from './model.ts';
import { summaryOf } from './handle.ts';

const entrySchema = z.object({
  /** Below the root. */
  path: z.string().max(4096),
  mtimeMs: z.number(),
  size: z.number(),
  /** Why it was refused; '' when it is good. */
  reason: z.string().max(2000),
  id: z.string().max(500),
  severity: z.enum(SEVERITIES),
  tags: z.array(z.string()),
  protocols: z.array(z.string()),
  /** Products it says it is about (`metadata.product`), in lower case. */
  products: z.array(z.string()),
  /** Ports its TCP blocks name. */
  ports: z.array(z.number()),
  isSelfContained: z.boolean(),
  isWorkflow: z.boolean(),
  needsOast: z.boolean(),
  planKey: z.string(),
});
const indexSchema = z.object({ version: z.literal(5), entries: z.array(entrySchema).max(500_000) });

/** What is known of a template file without compiling it. */
export type TemplateEntry = z.infer<typeof entrySchema>;

/** A template of a set; compiled when it is first asked for. */
export interface TemplateHandle {
  readonly entry: TemplateEntry;
  readonly file: string;
  /** Throws TemplateError when the file was changed into something that is refused. */
  readonly get: () => Template;
}

/** A file that is no usable template. */
export interface Rejection {
  readonly file: string;
  readonly reason: string;
}

/** All templates below some paths. */
export interface TemplateSet {
  readonly templates: readonly TemplateHandle[];
  readonly rejected: readonly Rejection[];
}

/** How a set is opened. */
export interface TemplateSetOptions {
  /** Folder for the index of known files; none is kept when absent. */
  readonly cacheFolder?: string;
  readonly isLenient?: boolean;
  /** Most files looked at. */
  readonly maxFiles?: number;
}

const TEMPLATE_EXTENSIONS = new Set(['.yaml', '.yml', '.json']);
const IGNORED_FOLDERS = new Set(['.git', '.github', 'node_modules', 'helpers', 'payloads']);
const IGNORED_FILES =
  /^(?:cves|contributors|templates?-checksum|wappalyzer-mapping)\.json$|^\.|^(?:TEMPLATES-STATS\.json)$/i;
const MAX_FILES = 200_000;
/** Of a set this small the templates that had to be read are kept; of a larger one few are ever used. */
const MAX_KEPT = 500;

function filesBelow(path: string, found: string[], maxFiles: number): void {
  if (found.length >= maxFiles) return;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isFile()) {
    found.push(path);
    return;
  }
  for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    if (entry.isDirectory() && !IGNORED_FOLDERS.has(entry.name)) filesBelow(child, found, maxFiles);
    else if (
      entry.isFile() &&
      TEMPLATE_EXTENSIONS.has(extname(entry.name)) &&
      !IGNORED_FILES.test(entry.name)
    )
      found.push(child);
    if (found.length >= maxFiles) return;
  }
}

function indexFile(root: string, options: TemplateSetOptions): string | undefined {
  if (options.cacheFolder === undefined) return undefined;
  const name = createHash('sha256')
    .update(`${root}\n${options.isLenient === true}`)
    .digest('hex')
    .slice(0, 24);
  return join(options.cacheFolder, `index-${name}.json`);
}

function readIndex(file: string | undefined): Map<string, TemplateEntry> {
  if (file === undefined) return new Map();
  try {
    const index = indexSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return new Map(index.entries.map(entry => [entry.path, entry]));
  } catch {
    // No index, an older one or a broken one: every file is read anew.
    return new Map();
  }
}

function writeIndex(file: string | undefined, entries: readonly TemplateEntry[]): void {
  if (file === undefined) return;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify({ version: 5, entries }));
    renameSync(temporary, file);
  } catch {
    // Without a writable folder the next start is slower, nothing else.
  }
}

const EMPTY = {
  id: '',
  severity: 'unknown',
  tags: [],
  protocols: [],
  products: [],
  ports: [],
  isSelfContained: false,
  isWorkflow: false,
  needsOast: false,
  planKey: '',
} as const;

/** A file that was read now, with its template when it is good. */
interface Inspected {
  readonly entry: TemplateEntry;
  readonly template?: Template;
}

function inspect(file: string, root: string, options: TemplateSetOptions): Inspected {
  const stat = statSync(file);
  const shared = { path: relative(root, file) || basename(file), mtimeMs: stat.mtimeMs, size: stat.size };
  try {
    const template = loadTemplateFile(file, { root, isLenient: options.isLenient === true });
    return { entry: { ...shared, ...summaryOf(template) }, template };
  } catch (error) {
    const reason = messageOf(error).slice(0, 2000) || 'refused';
    return { entry: { ...shared, ...EMPTY, tags: [], protocols: [], products: [], ports: [], reason } };
  }
}

function handleOf(
  entry: TemplateEntry,
  file: string,
  root: string,
  options: TemplateSetOptions,
  read?: Template,
): TemplateHandle {
  let loaded = read && { ...read, path: entry.path };
  const get = (): Template => {
    loaded ??= {
      ...loadTemplateFile(file, { root, isLenient: options.isLenient === true, isTrusted: true }),
      path: entry.path,
    };
    return loaded;
  };
  return { entry, file, get };
}

/** The folder payload files are looked up in: the given folder, or the nearest parent of a file that looks like a collection. */
function rootOf(path: string): string {
  const absolute = resolve(path);
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory() === true) {
    for (let folder = absolute; dirname(folder) !== folder; folder = dirname(folder)) {
      if (statSync(join(folder, '.nuclei-ignore'), { throwIfNoEntry: false })?.isFile() === true)
        return folder;
      if (statSync(join(folder, 'helpers'), { throwIfNoEntry: false })?.isDirectory() === true) return folder;
    }
    return absolute;
  }
  return rootOf(dirname(absolute));
}

/**
 * Opens every template below the given files and folders. Unchanged files that the index knows are not read.
 * Throws when a path does not exist.
 */
export function openTemplates(paths: readonly string[], options: TemplateSetOptions = {}): TemplateSet {
  const templates: TemplateHandle[] = [];
  const rejected: Rejection[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    if (statSync(path, { throwIfNoEntry: false }) === undefined)
      throw new Error(`${path} does not exist; give a template file or a folder of templates`);
    const root = rootOf(path);
    const files: string[] = [];
    filesBelow(resolve(path), files, options.maxFiles ?? MAX_FILES);
    const cache = files.length > 50 ? indexFile(resolve(path), options) : undefined;
    const known = readIndex(cache);
    const entries: TemplateEntry[] = [];
    let isChanged = known.size !== files.length;
    for (const file of files) {
      const before = known.get(relative(root, file) || basename(file));
      const stat = before === undefined ? undefined : statSync(file);
      const isSame =
        before !== undefined &&
        stat !== undefined &&
        before.mtimeMs === stat.mtimeMs &&
        before.size === stat.size;
      const { entry, template }: Inspected = isSame ? { entry: before } : inspect(file, root, options);
      const read = files.length <= MAX_KEPT ? template : undefined;
      isChanged ||= !isSame;
      entries.push(entry);
      if (seen.has(file)) continue;
      seen.add(file);
      if (entry.reason === '') templates.push(handleOf(entry, file, root, options, read));
      else rejected.push({ file: entry.path, reason: entry.reason });
    }
    if (isChanged) writeIndex(cache, entries);
  }
  return { templates, rejected };
}
