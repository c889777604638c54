import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readArchive, readFolder, readSource } from '../archives/index.ts';
import type { ArchiveEntry } from '../archives/index.ts';
import { attackSurfaceData } from '../design/attack-surface.ts';
import { prepareData } from '../design/data.ts';
import { labelsFor } from '../design/design.ts';
import type { Design } from '../design/design.ts';
import { dataOfProject, designOfArchive, picturesOf } from '../design/imported.ts';
import { builtInDesigns, loadDesign } from '../design/load.ts';
import { RenderError } from '../message.ts';
import {
  outlineAttackSurface,
  outlineLabels,
  outlineProject,
  projectOfData,
  translateFields,
} from '../outline/index.ts';
import type { ReportOutline } from '../outline/index.ts';
import { usageError } from './arguments.ts';
import { readProject } from './project.ts';

/** What a command renders: a design, data, pictures, and the content alone for outputs without pages. */
export interface Inputs {
  readonly design: Design;
  readonly data: unknown;
  readonly assets: ReadonlyMap<string, Uint8Array>;
  outline(language: string | undefined): ReportOutline;
}

const ARCHIVE = /\.(tar\.gz|tgz)$/i;

/** Whether a folder is what `convert` made of an archive: `object.json` at its top, or in each of its folders. */
async function isConverted(folder: string): Promise<boolean> {
  const names = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (names.some(({ name }) => name === 'object.json')) return true;
  for (const { name } of names.filter(item => item.isDirectory()))
    if (await stat(join(folder, name, 'object.json')).catch(() => undefined)) return true;
  return false;
}

/** Reads an archive, or the folder that `convert` made of one, and hands its objects over while its files are there. */
async function withEntries<T>(
  path: string,
  use: (entries: readonly ArchiveEntry[]) => Promise<T>,
): Promise<T | undefined> {
  if (ARCHIVE.test(path)) {
    await using archive = await readArchive(resolve(path));
    return await use(archive.entries);
  }
  if (/\.toml$/i.test(path)) return use([await readSource(path)]);
  return (await isConverted(resolve(path))) ? use(await readFolder(resolve(path))) : undefined;
}

/** A design by folder, file, archive, or the name of one that comes with the package. */
export async function findDesign(name: string): Promise<Design> {
  const builtIn = Object.entries(builtInDesigns).find(([known]) => known === name)?.[1];
  if (builtIn) return builtIn();
  const archived = await withEntries(name, async entries => {
    const found = entries.find(entry => entry.kind === 'design' || entry.kind === 'project');
    if (found?.kind === 'design') return designOfArchive(found.data, found.files);
    if (found?.kind === 'project') return designOfArchive(found.design, found.files);
    throw new RenderError(
      'design-missing',
      `${name} holds neither a design nor a project: give the archive of one.`,
    );
  });
  return archived ?? loadDesign(name);
}

/** The content of a design's data alone, in a language. */
export function outlineOf(design: Design, data: unknown, language = design.language): ReportOutline {
  const labels = labelsFor(design, language);
  if (design.data === 'attack-surface')
    return outlineAttackSurface(attackSurfaceData.parse(data), labels, language);
  if (!design.fields)
    throw new RenderError(
      'fields-missing',
      `The design ${design.name} defines no fields, so its content has no order without a page: add a fields.json, or write a PDF or HTML.`,
    );
  const { project, design: archived } = projectOfData(data, translateFields(design.fields, labels), language);
  return outlineProject(project, archived, {
    labels: outlineLabels(language, labels),
    findingFields: design.contentFindingFields,
  });
}

async function archivedProject(path: string, design: Design | undefined): Promise<Inputs | undefined> {
  return withEntries(path, async entries => {
    const entry = entries.find(item => item.kind === 'project');
    if (entry?.kind !== 'project')
      throw new RenderError('project-missing', `${path} holds no project: give the archive of one.`);
    const own = design ?? (await designOfArchive(entry.design, entry.files));
    return {
      design: own,
      data: dataOfProject(entry.data, entry.design),
      assets: await picturesOf(entry),
      outline: language => {
        const written = language ?? entry.data.language ?? entry.design.language ?? own.language;
        const labels = labelsFor(own, written);
        const options = { labels: outlineLabels(written, labels), findingFields: own.contentFindingFields };
        const project = { ...entry.data, language: written };
        return outlineProject(project, translateFields(entry.design, labels), options);
      },
    };
  });
}

async function plainProject(path: string | undefined, design: Design): Promise<Inputs> {
  const { data, assets } =
    path === undefined ? { data: design.sample, assets: design.assets } : await readProject(path);
  return withData(design, data, assets);
}

const withData = (design: Design, data: unknown, assets: Inputs['assets']): Inputs => ({
  design,
  data,
  assets,
  outline: language => outlineOf(design, prepareData(design.data, data), language),
});

/** What `--design`, `--project` and `--data` name; without a project the design's sample. */
export async function readInputs(options: {
  readonly design?: string | undefined;
  readonly project?: string | undefined;
  /** In place of the project's data; its pictures, and the design that it brings, stay. */
  readonly data?: string | undefined;
}): Promise<Inputs> {
  const design = options.design === undefined ? undefined : await findDesign(options.design);
  const source = options.project ?? options.data;
  const archived = source === undefined ? undefined : await archivedProject(source, design);
  const project = archived ?? (design && (await plainProject(source, design)));
  if (!project)
    throw usageError('Say which design to use: --design DESIGN; only an archived project brings its own.');
  if (options.project === undefined || options.data === undefined) return project;
  const { data, assets } = await readProject(options.data);
  return withData(project.design, data, new Map([...project.assets, ...assets]));
}
