import { lstat, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Root } from 'hast';
import type { VariableResolver } from '../markdown/index.ts';
import type { Message } from '../message.ts';
import { collectNames, outlineLabels, readTrees } from '../outline/index.ts';
import type { Chapter, Fact, Named, OutlineBlock, OutlineLabels, ReportOutline } from '../outline/index.ts';
import { escapeMarkdown, rewriteMarkdown } from './rewrite.ts';

/** How a report becomes a folder of Markdown. */
export interface TextFolderOptions {
  readonly labels?: OutlineLabels;
  /** Gives the bytes of a picture or file by its address (`/images/name/x.png`). */
  readonly file?: (address: string) => Promise<Uint8Array | undefined>;
  readonly resolveVariable?: VariableResolver;
}

/** A report as files: `report.md` and what it shows. */
export interface TextFolder {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly messages: readonly Message[];
}

interface Writer {
  /** By address. */
  readonly moved: Map<string, string>;
  readonly names: ReadonlyMap<string, Named>;
  readonly resolveVariable: VariableResolver | undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The place of a file in the folder: its own name, made safe and told apart from others. */
function placeOf(address: string, moved: Map<string, string>): string {
  const known = moved.get(address);
  if (known !== undefined) return known;
  const [, group = 'images', , name = 'file'] = address.split('/');
  const safe =
    decoded(name)
      .normalize('NFC')
      .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
      .replace(/^\.+/, '')
      .slice(-100) || 'file';
  const taken = new Set(moved.values());
  let place = `${group}/${safe}`;
  for (let count = 2; taken.has(place); count += 1) place = `${group}/${count}-${safe}`;
  moved.set(address, place);
  return place;
}

const heading = (level: number, title: string): string =>
  `${'#'.repeat(Math.min(6, level))} ${escapeMarkdown(title)}`;

/** A chart's numbers: what draws nothing can still be read. */
const chartTable = ({ caption, items }: OutlineBlock & { kind: 'chart' }): string =>
  tableLines({
    kind: 'table',
    columns: ['', ''],
    rows: items.map(({ label, value }) => [{ text: label }, { text: String(value) }]),
    caption,
  });

const factLines = (facts: readonly Fact[]): string =>
  facts.map(({ label, value }) => `- **${escapeMarkdown(label)}:** ${escapeMarkdown(value)}`).join('\n');

/** A web address as a link, where it may lead anywhere. */
const listItem = (item: string, isLinked: boolean): string =>
  isLinked && /^https?:\/\/[^\s<>]+$/i.test(item) ? `<${item}>` : escapeMarkdown(item);

function tableLines({ columns, rows, caption }: OutlineBlock & { kind: 'table' }): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [
    row(columns.map(escapeMarkdown)),
    row(columns.map(() => '---')),
    ...rows.map(cells =>
      row(
        cells.map(({ text, target }) =>
          target === undefined ? escapeMarkdown(text) : `[${escapeMarkdown(text)}](#${target})`,
        ),
      ),
    ),
  ];
  return caption === undefined ? lines.join('\n') : `${lines.join('\n')}\n\n: ${escapeMarkdown(caption)}`;
}

function blockText(block: OutlineBlock, level: number, writer: Writer): string[] {
  if (block.kind === 'chart') return [chartTable(block)];
  const label = block.label === undefined ? [] : [heading(level + 1, block.label)];
  if (block.kind === 'facts') return [...label, factLines(block.facts)];
  if (block.kind === 'table') return [...label, tableLines(block)];
  if (block.kind === 'list')
    return [...label, block.items.map(item => `- ${listItem(item, block.isLinked === true)}`).join('\n')];
  const text = rewriteMarkdown(block.text, {
    headingOffset: level + label.length,
    moveFile: address => placeOf(address, writer.moved),
    nameOf: id => writer.names.get(id)?.text,
    resolveVariable: writer.resolveVariable,
  });
  return [...label, text.trim()];
}

function chapterText(chapter: Chapter, level: number, writer: Writer): string[] {
  const anchor =
    chapter.id === undefined ? [] : [`<a id="${chapter.id.replaceAll(/[^\p{L}\p{N}_:.-]/gu, '')}"></a>`];
  return [
    ...anchor,
    heading(level, chapter.title),
    ...chapter.blocks.flatMap(block => blockText(block, level, writer)),
    ...chapter.chapters.flatMap(inner => chapterText(inner, level + 1, writer)),
  ];
}

/** A report as Markdown with its pictures and files, addressed from where they lie beside it. */
export async function makeTextFolder(
  outline: ReportOutline,
  options: TextFolderOptions = {},
): Promise<TextFolder> {
  const messages: Message[] = [];
  const trees: ReadonlyMap<OutlineBlock, Root> = readTrees(outline, options.resolveVariable, messages);
  const writer: Writer = {
    moved: new Map(),
    names: collectNames(outline, trees, options.labels ?? outlineLabels(outline.language)),
    resolveVariable: options.resolveVariable,
  };
  const parts = [
    heading(1, outline.title),
    ...(outline.subtitle === undefined ? [] : [escapeMarkdown(outline.subtitle)]),
    ...(outline.facts.length > 0 ? [factLines(outline.facts)] : []),
    ...outline.chapters.flatMap(chapter => chapterText(chapter, 2, writer)),
  ];
  const files = new Map<string, Uint8Array>();
  files.set('report.md', Buffer.from(`${parts.filter(part => part !== '').join('\n\n')}\n`));
  for (const [address, place] of writer.moved) {
    const bytes = await options.file?.(address);
    if (bytes) files.set(place, bytes);
    else
      messages.push({
        level: 'warning',
        code: 'file-missing',
        text: `${address.slice(0, 200)} is missing from the folder: there is no such file, so upload it or mend its name.`,
      });
  }
  return { files, messages };
}

/** Writes the files into a new folder; on a fault there is none. */
export async function saveTextFolder({ files }: TextFolder, path: string): Promise<void> {
  const target = resolve(path);
  const exists = await lstat(target).then(
    () => true,
    () => false,
  );
  if (exists) throw new Error(`${basename(target)} is already there: give the name of a new folder.`);
  await mkdir(dirname(target), { recursive: true });
  const unfinished = await mkdtemp(`${target}.unfinished-`);
  try {
    for (const [place, bytes] of files) {
      await mkdir(dirname(join(unfinished, place)), { recursive: true });
      await writeFile(join(unfinished, place), bytes, { flag: 'wx' });
    }
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}
