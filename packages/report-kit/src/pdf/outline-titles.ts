import { pdfText } from './metadata.ts';
import type { PdfSource } from './source.ts';

const TITLE = /\/Title (\((?:\\[^]|[^\\)])*\)|<[0-9A-Fa-f\s]*>)/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

const utf16 = (bytes: Buffer): string =>
  bytes
    .swap16()
    .toString('utf16le')
    .replace(/^\ufeff/, '');

/** The text of a string as it is written in a PDF. */
function readText(written: string): string {
  if (written.startsWith('<')) return utf16(Buffer.from(written.slice(1, -1).replaceAll(/\s/g, ''), 'hex'));
  const text = written
    .slice(1, -1)
    .replaceAll(/\\(?:([0-7]{1,3})|([^]))/g, (_all, octal: string | undefined, character: string) =>
      octal === undefined
        ? (ESCAPES[character] ?? character)
        : String.fromCodePoint(Number.parseInt(octal, 8)),
    );
  return text.startsWith('\xfe\xff') ? utf16(Buffer.from(text, 'latin1')) : text;
}

const bare = (text: string): string => text.replaceAll(/\s/g, '');

/** Headings by what Chromium may write of them: it forgets the space at the end of a line, and writes some texts twice. */
export function outlineTitles(headings: readonly string[]): ReadonlyMap<string, string> {
  const titles = new Map<string, string>();
  for (const heading of headings) titles.set(bare(heading).repeat(2), heading);
  for (const heading of headings) titles.set(bare(heading), heading);
  return titles;
}

/** Gives an entry of the outline the words of its heading. */
export function mendOutlineTitle(
  source: PdfSource,
  number: number,
  titles: ReadonlyMap<string, string>,
): void {
  const { text } = source.read(number);
  const written = TITLE.exec(text)?.[1];
  if (written === undefined) return;
  const title = readText(written);
  const heading = titles.get(bare(title));
  if (heading !== undefined && heading !== title)
    source.change(number, { text: text.replace(TITLE, () => `/Title ${pdfText(heading)}`) });
}
