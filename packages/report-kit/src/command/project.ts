import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RenderError } from '../message.ts';

/** Data to render and the pictures that come with it. */
export interface ProjectFiles {
  readonly data: unknown;
  readonly assets: ReadonlyMap<string, Uint8Array>;
}

const MAX_BYTES = 512 * 1024 * 1024;
const DATA_NAMES = ['project.json', 'data.json', 'sample.json'];
const ASSET_FOLDERS = ['assets', 'images'];

async function jsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new RenderError(
      'project-unreadable',
      `${path} cannot be read (${error.code ?? error.message}): check its path and permissions.`,
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RenderError(
      'project-json',
      `${path} is not JSON: ${error instanceof Error ? error.message : 'unknown'}; mend it, or give the archive or folder of a project.`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new RenderError(
    'project-json',
    `${path} holds no object, and the data of a report is one: {"report": …, "findings": […]}.`,
  );
}

async function assetsIn(folder: string): Promise<Map<string, Uint8Array>> {
  const assets = new Map<string, Uint8Array>();
  let size = 0;
  for (const name of ASSET_FOLDERS) {
    for (const entry of await readdir(join(folder, name), { withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(folder, name, entry.name));
      size += bytes.length;
      if (size > MAX_BYTES)
        throw new RenderError(
          'project-too-large',
          `The pictures in ${folder} are more than 512 MB: make them smaller.`,
        );
      assets.set(entry.name, bytes);
    }
  }
  return assets;
}

/** Reads a project: a JSON file, or a folder with `project.json` and `assets/`; pictures are looked for beside the file. */
export async function readProject(fileOrFolder: string): Promise<ProjectFiles> {
  const path = resolve(fileOrFolder);
  const info = await stat(path).catch(() => undefined);
  if (!info) throw new RenderError('project-missing', `There is no project at ${path}: check its path.`);
  if (!info.isDirectory()) return { data: await jsonFile(path), assets: await assetsIn(dirname(path)) };
  const names = await readdir(path);
  const found = DATA_NAMES.find(name => names.includes(name));
  if (found === undefined)
    throw new RenderError(
      'project-missing',
      `${path} holds none of ${DATA_NAMES.join(', ')}, nor what convert made of an archive: name the file with the data.`,
    );
  return { data: await jsonFile(join(path, found)), assets: await assetsIn(path) };
}
