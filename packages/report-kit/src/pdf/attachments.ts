import { deflateSync } from 'node:zlib';
import { pdfText } from './metadata.ts';
import type { PdfUpdate } from './update.ts';

const mimeName = (name: string): string =>
  /\.json$/i.test(name)
    ? 'application#2Fjson'
    : /\.csv$/i.test(name)
      ? 'text#2Fcsv'
      : /\.txt$/i.test(name)
        ? 'text#2Fplain'
        : 'application#2Foctet-stream';

/** Embeds files; returns the catalog entries to add. Names are sorted, as a name tree must be. */
export function writeAttachments(update: PdfUpdate, files: ReadonlyMap<string, Uint8Array>): string {
  if (files.size === 0) return '';
  const entries = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const specs = entries.map(([name, bytes]) => {
    const packed = deflateSync(bytes);
    const file = update.add(
      `<</Type /EmbeddedFile\n/Subtype /${mimeName(name)}\n/Params <</Size ${bytes.length}>>\n/Filter /FlateDecode\n/Length ${packed.length}>>`,
      packed,
    );
    const text = pdfText(name);
    return {
      text,
      number: update.add(
        `<</Type /Filespec\n/F ${text}\n/UF ${text}\n/AFRelationship /Data\n/EF <</F ${file} 0 R /UF ${file} 0 R>>>>`,
      ),
    };
  });
  const names = specs.map(({ text, number }) => `${text} ${number} 0 R`).join(' ');
  const list = specs.map(({ number }) => `${number} 0 R`).join(' ');
  const tree = update.add(`<</Names [${names}]>>`);
  return `/Names <</EmbeddedFiles ${tree} 0 R>>\n/AF [${list}]`;
}

/** Adds entries to the document's catalog. Its texts become objects of their own: those within it are not encrypted rightly. */
export function extendCatalog(update: PdfUpdate, entries: readonly string[]): void {
  const { text } = update.source.read(update.source.root);
  const added = entries.filter(entry => entry !== '').join('\n');
  const outlined = text.replace(
    /\/Lang (\([^)]*\))/,
    (_all, language: string) => `/Lang ${update.add(language)} 0 R`,
  );
  update.set(update.source.root, outlined.replace('/Type /Catalog', `/Type /Catalog\n${added}`));
}
