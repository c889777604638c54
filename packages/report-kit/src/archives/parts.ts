import { folderName } from './folder-name.ts';

/** A part of an object that has a file of its own in a folder. */
export interface Part {
  readonly path: string;
  readonly text: string;
}

type Loose = Record<string, unknown>;

const isLoose = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Stands in an object where a part was taken out. */
type Placeholder = { readonly $text: string } | { readonly $json: string };

class Splitter {
  readonly parts: Part[] = [];

  /** Text goes into a file unless the file could not hold it. */
  text(owner: Loose, key: string, path: string): void {
    const value = owner[key];
    if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return;
    this.parts.push({ path, text: value });
    owner[key] = { $text: path } satisfies Placeholder;
  }

  json(owner: Loose | unknown[], key: string | number, path: string): void {
    const holder = owner as Loose;
    if (!isLoose(holder[key])) return;
    this.parts.push({ path, text: `${JSON.stringify(holder[key], null, 2)}\n` });
    holder[key] = { $json: path } satisfies Placeholder;
  }

  design(design: Loose, prefix: string): void {
    this.text(design, 'report_template', `${prefix}template.html`);
    this.text(design, 'report_styles', `${prefix}style.css`);
    this.json(design, 'report_preview_data', `${prefix}preview.json`);
  }

  notes(owner: Loose): void {
    eachLoose(owner.notes, (note, index) => {
      this.text(note, 'text', `notes/${numbered(index, note.title)}.md`);
    });
  }
}

const numbered = (index: number, title: unknown): string =>
  `${String(index + 1).padStart(4, '0')}-${folderName(typeof title === 'string' ? title : '')}`;

function eachLoose(list: unknown, work: (item: Loose, index: number, owner: unknown[]) => void): void {
  if (!Array.isArray(list)) return;
  for (const [index, item] of list.entries()) if (isLoose(item)) work(item, index, list);
}

/** Takes templates, styles, findings, notes and translations out of an object, each into a file. */
export function splitParts(kind: string, data: object): { object: unknown; parts: readonly Part[] } {
  const object = structuredClone(data) as Loose;
  const splitter = new Splitter();
  if (kind === 'design') splitter.design(object, '');
  if (kind === 'template')
    eachLoose(object.translations, (translation, index) =>
      splitter.json(translation, 'data', `translations/${numbered(index, translation.language)}.json`),
    );
  if (kind === 'project') {
    const { project_type: design } = object;
    if (isLoose(design)) splitter.design(design, 'design/');
    splitter.json(object, 'project_type', 'design/design.json');
    splitter.json(object, 'report_data', 'report.json');
    eachLoose(object.findings, (finding, index, owner) => {
      const title = isLoose(finding.data) ? finding.data.title : '';
      splitter.json(owner, index, `findings/${numbered(index, title)}.json`);
    });
  }
  if (kind === 'project' || kind === 'notes') splitter.notes(object);
  return { object, parts: splitter.parts };
}

type ReadPart = (path: string, isJson: boolean) => Promise<unknown>;

async function fill(
  owner: Loose | unknown[],
  key: string | number,
  form: '$text' | '$json',
  read: ReadPart,
): Promise<void> {
  const holder = owner as Loose;
  const value = holder[key];
  if (!isLoose(value) || typeof value[form] !== 'string' || Object.keys(value).length !== 1) return;
  holder[key] = await read(value[form], form === '$json');
}

async function fillEach(
  list: unknown,
  work: (item: unknown, index: number, owner: unknown[]) => Promise<void>,
): Promise<void> {
  if (!Array.isArray(list)) return;
  for (const [index, item] of list.entries()) await work(item, index, list);
}

async function fillDesign(design: unknown, read: ReadPart): Promise<void> {
  if (!isLoose(design)) return;
  await fill(design, 'report_template', '$text', read);
  await fill(design, 'report_styles', '$text', read);
  await fill(design, 'report_preview_data', '$json', read);
}

/** Puts the parts of an object back where {@link splitParts} took them out, and nowhere else. */
export async function joinParts(object: unknown, read: ReadPart): Promise<unknown> {
  if (!isLoose(object)) return object;
  await fill(object, 'project_type', '$json', read);
  await fill(object, 'report_data', '$json', read);
  await fillDesign(object, read);
  await fillDesign(object.project_type, read);
  await fillEach(object.findings, (_, index, owner) => fill(owner, index, '$json', read));
  await fillEach(object.translations, async item => {
    if (isLoose(item)) await fill(item, 'data', '$json', read);
  });
  await fillEach(object.notes, async item => {
    if (isLoose(item)) await fill(item, 'text', '$text', read);
  });
  return object;
}
