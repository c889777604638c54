import { patchDetector, readTheme } from 'docx';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { roomOf } from './page.ts';
import type { PageRoom } from './page.ts';
import { wordLanguage } from './styles.ts';

/** What a company's own document gives to a report. */
export interface Template {
  /** Its style sheet. */
  readonly styles: string;
  /** The fonts and colours that its styles name; none where it has no theme of its own. */
  readonly theme: ReturnType<typeof readTheme> | undefined;
  /** The whole of it, where it says with `{{report}}` where a report goes: its cover, heads and feet of pages stay. */
  readonly frame: Frame | undefined;
}

/** A document that a report is put into. */
export interface Frame {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly room: PageRoom;
}

/** Thrown when a company's template cannot be used; the message says why. */
export class DocxTemplateError extends Error {
  override readonly name = 'DocxTemplateError';
}

const MAX_TEMPLATE_BYTES = 100 * 1024 ** 2;
const STYLES = 'word/styles.xml';
const DOCUMENT = 'word/document.xml';
const TYPES = '[Content_Types].xml';
const THEME = /^word\/theme\/theme\d+\.xml$/;

/**
 * Styles without the lists they belong to: those lists stay in the template, and their numbers would mean other lists here, so
 * that a heading with a number of its own would become an item of some list.
 */
const withoutLists = (styles: string): string => styles.replaceAll(/<w:numPr>.*?<\/w:numPr>/gs, '');

/** The defaults in the report's language, so that Word checks its spelling and not the template's. */
function inLanguage(styles: string, language: string): string {
  return styles.replace(/<w:rPrDefault>.*?<\/w:rPrDefault>/s, defaults =>
    defaults.replace(
      /(<w:lang\b[^>]*?\bw:val=")[^"]*"/,
      (_all, before: string) => `${before}${wordLanguage(language)}"`,
    ),
  );
}

function themeOf(part: Uint8Array | undefined): Template['theme'] {
  if (!part) return undefined;
  try {
    return readTheme(part);
  } catch {
    // The library's own theme is better than no document.
    return undefined;
  }
}

function unpacked(bytes: Uint8Array): Record<string, Uint8Array> {
  let total = 0;
  const files = unzipSync(bytes, {
    filter: ({ originalSize }) => {
      total += originalSize;
      return total <= MAX_TEMPLATE_BYTES;
    },
  });
  if (total > MAX_TEMPLATE_BYTES)
    throw new DocxTemplateError('The template is larger than 100 MiB: use smaller pictures in it.');
  return files;
}

/** The parts of a template as those of a document: Word opens a `.docx` that says it is a template only under protest. */
function asDocument(files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  const types = strFromU8(files[TYPES] ?? new Uint8Array());
  if (/macroEnabled/i.test(types))
    throw new DocxTemplateError('The template has macros: save it in Word as .docx or .dotx, without them.');
  const document = types.replace('wordprocessingml.template.main+xml', 'wordprocessingml.document.main+xml');
  return { ...files, [TYPES]: strToU8(document) };
}

async function frameOf(
  bytes: Uint8Array,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<Frame | undefined> {
  const body = files[DOCUMENT];
  if (!body || !(await patchDetector({ data: bytes })).includes('report')) return undefined;
  return { files: asDocument(files), room: roomOf(strFromU8(body)) };
}

/** Puts a style sheet into a frame, and gives it as a file. */
export const withStyles = ({ files }: Frame, styles: string): Uint8Array =>
  zipSync({ ...files, [STYLES]: strToU8(styles) }, { level: 1 });

/** Reads a company's `.docx` or `.dotx`: its styles and theme, and all of it where a report has a place in it. */
export async function readTemplate(bytes: Uint8Array, language: string): Promise<Template> {
  try {
    const files = unpacked(bytes);
    const part = files[STYLES];
    if (part) {
      const frame = await frameOf(bytes, files);
      const styles = inLanguage(strFromU8(part), language);
      const theme = Object.entries(files).find(([name]) => THEME.test(name))?.[1];
      return { styles: frame ? styles : withoutLists(styles), theme: themeOf(theme), frame };
    }
  } catch (error) {
    if (error instanceof DocxTemplateError) throw error;
    // What is wrong with it is said below.
  }
  throw new DocxTemplateError(
    'The template has no styles that can be read: save it in Word as .docx or .dotx and give that file.',
  );
}
