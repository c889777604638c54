import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RenderError } from '../message.ts';
import { designManifest, designText, labelTable } from './design.ts';
import type { Design } from './design.ts';
import { designFields } from './fields.ts';
import type { DesignFields } from './fields.ts';

const MAX_ASSETS = 500;
const MAX_ASSET_BYTES = 50 * 1024 * 1024;
const SHARED = '_shared';

async function textOf(path: string, fallback?: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && fallback !== undefined) return fallback;
    throw new RenderError(
      'design-unreadable',
      `${path} cannot be read (${error.code ?? error.message}): a design needs this file.`,
    );
  });
  const parsed = designText.safeParse(text);
  if (!parsed.success)
    throw new RenderError(
      'design-too-large',
      `${path} is longer than 2,000,000 characters: put large pictures into assets/.`,
    );
  return text;
}

async function jsonOf(path: string, fallback?: unknown): Promise<unknown> {
  const text = await textOf(path, fallback === undefined ? undefined : JSON.stringify(fallback));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RenderError(
      'design-json',
      `${path} is not JSON: ${error instanceof Error ? error.message : 'unknown'}: mend it.`,
    );
  }
}

async function filesIn(folder: string, extension: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter(name => extension === '' || name.endsWith(extension)).sort();
}

async function loadPartials(folder: string): Promise<Record<string, string>> {
  const names = await filesIn(folder, '.html');
  return Object.fromEntries(
    await Promise.all(names.map(async name => [parse(name).name, await textOf(join(folder, name))] as const)),
  );
}

async function loadLabels(folder: string): Promise<Record<string, Record<string, string>>> {
  const names = await filesIn(folder, '.json');
  const entries = await Promise.all(
    names.map(async name => {
      const parsed = labelTable.safeParse(await jsonOf(join(folder, name)));
      if (!parsed.success)
        throw new RenderError(
          'design-labels',
          `${join(folder, name)} must be an object of texts: {"key": "text"}.`,
        );
      return [parse(name).name, parsed.data] as const;
    }),
  );
  return Object.fromEntries(entries);
}

async function loadAssets(folder: string): Promise<Map<string, Uint8Array>> {
  const assets = new Map<string, Uint8Array>();
  let size = 0;
  for (const name of await filesIn(folder, '')) {
    const bytes = await readFile(join(folder, name));
    size += bytes.length;
    if (size > MAX_ASSET_BYTES || assets.size >= MAX_ASSETS)
      throw new RenderError(
        'design-too-large',
        `${folder} holds more than ${MAX_ASSETS} files or 50 MB: take some out, or make them smaller.`,
      );
    assets.set(name, bytes);
  }
  return assets;
}

async function loadFields(path: string): Promise<DesignFields | undefined> {
  const value = await jsonOf(path, null);
  if (value === null) return undefined;
  const parsed = designFields.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RenderError(
    'design-fields',
    `${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is not valid'}.`,
  );
}

function mergeLabels(...tables: readonly Record<string, Record<string, string>>[]): Design['labels'] {
  const merged: Record<string, Record<string, string>> = {};
  for (const table of tables)
    for (const [language, labels] of Object.entries(table))
      merged[language] = { ...merged[language], ...labels };
  return merged;
}

/** Reads a design's folder (`design.json`, `template.html`, `style.css`, `partials/`, `labels/`, `assets/`, `sample.json`) and what its siblings share in `_shared/`. */
export async function loadDesign(dirOrFile: string): Promise<Design> {
  const path = resolve(dirOrFile);
  const info = await stat(path).catch(() => undefined);
  if (!info)
    throw new RenderError(
      'design-missing',
      `There is no design at ${path}: name its folder or archive, or one of ${Object.keys(builtInDesigns).join(', ')}.`,
    );
  const folder = info.isDirectory() ? path : dirname(path);
  const manifest = designManifest.safeParse(await jsonOf(join(folder, 'design.json')));
  if (!manifest.success) {
    const first = manifest.error.issues[0];
    throw new RenderError(
      'design-manifest',
      `${join(folder, 'design.json')}: ${first?.path.join('.') ?? ''} ${first?.message ?? 'is not valid'}`,
    );
  }
  const shared = join(dirname(folder), SHARED);
  const [
    template,
    style,
    sharedStyle,
    sharedScreen,
    partials,
    sharedPartials,
    labels,
    sharedLabels,
    assets,
    sharedAssets,
    sample,
    fields,
  ] = await Promise.all([
    textOf(join(folder, 'template.html')),
    textOf(join(folder, 'style.css'), ''),
    textOf(join(shared, 'style.css'), ''),
    textOf(join(shared, 'screen.css'), ''),
    loadPartials(join(folder, 'partials')),
    loadPartials(join(shared, 'partials')),
    loadLabels(join(folder, 'labels')),
    loadLabels(join(shared, 'labels')),
    loadAssets(join(folder, 'assets')),
    loadAssets(join(shared, 'assets')),
    jsonOf(join(folder, 'sample.json'), null),
    loadFields(join(folder, 'fields.json')),
  ]);
  const { title, author, format: _format, content_finding_fields, ...described } = manifest.data;
  return {
    id: basename(folder),
    ...described,
    titlePath: title,
    authorPath: author,
    template,
    style: `${sharedStyle}\n${style}\n${sharedScreen}`,
    partials: { ...sharedPartials, ...partials },
    labels: mergeLabels(sharedLabels, labels),
    assets: new Map([...sharedAssets, ...assets]),
    sample,
    fields,
    contentFindingFields: content_finding_fields,
  };
}

const DESIGNS = fileURLToPath(new URL('../../designs', import.meta.url));

/** The designs that come with this package, by name: each call reads it from its folder. */
export const builtInDesigns = {
  'attack-surface': async (): Promise<Design> => loadDesign(join(DESIGNS, 'attack-surface')),
  pentest: async (): Promise<Design> => loadDesign(join(DESIGNS, 'pentest')),
  'executive-summary': async (): Promise<Design> => loadDesign(join(DESIGNS, 'executive-summary')),
} satisfies Record<string, () => Promise<Design>>;
