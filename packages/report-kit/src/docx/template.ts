import { readTheme } from 'docx';
import { strFromU8, unzipSync } from 'fflate';
import { wordLanguage } from './styles.ts';

/** What a company's own document gives to a report. */
export interface Template {
  /** Its style sheet. */
  readonly styles: string;
  /** The fonts and colours that its styles name; none where it has no theme of its own. */
  readonly theme: ReturnType<typeof readTheme> | undefined;
}

/** Thrown when a company's template cannot be used; the message says why. */
export class DocxTemplateError extends Error {
  override readonly name = 'DocxTemplateError';
}

const MAX_PART_BYTES = 5 * 1024 ** 2;
const STYLES = 'word/styles.xml';
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

/** Reads the styles and the theme of a company's `.docx` or `.dotx`. */
export function readTemplate(bytes: Uint8Array, language: string): Template {
  try {
    const files = unzipSync(bytes, {
      filter: ({ name, originalSize }) =>
        (name === STYLES || THEME.test(name)) && originalSize <= MAX_PART_BYTES,
    });
    const styles = files[STYLES];
    const theme = Object.entries(files).find(([name]) => THEME.test(name))?.[1];
    if (styles)
      return { styles: inLanguage(withoutLists(strFromU8(styles)), language), theme: themeOf(theme) };
  } catch {
    // What is wrong with it is said below.
  }
  throw new DocxTemplateError(
    'The template has no styles that can be read: save it in Word as .docx or .dotx and give that file.',
  );
}
