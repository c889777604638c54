import { mapReferences } from './body.ts';
import { PdfSource } from './source.ts';
import type { PdfUpdate } from './update.ts';

function dictionaryAfter(text: string, key: string): string {
  const from = text.indexOf(key);
  if (from === -1) return '<<>>';
  const start = text.indexOf('<<', from);
  let depth = 0;
  for (let index = start; index < text.length - 1; index++) {
    const pair = text.slice(index, index + 2);
    if (pair === '<<') depth++;
    if (pair === '>>') depth--;
    if (pair === '<<' || pair === '>>') index++;
    if (depth === 0) return text.slice(start, index + 1);
  }
  return '<<>>';
}

function withPicture(resources: string, name: string, number: number): string {
  const entry = `/${name} ${number} 0 R`;
  if (resources.includes('/XObject <<')) return resources.replace('/XObject <<', `/XObject <<${entry}\n`);
  return resources.replace('<<', `<</XObject <<${entry}>>\n`);
}

/**
 * Lays page `n` of `overlay` over page `targets[n]` (0-based) of the document, as an artifact that screen readers skip.
 * The overlay must be Chromium's own output.
 */
export function layOver(update: PdfUpdate, overlay: Uint8Array, targets: readonly number[]): void {
  const source = new PdfSource(overlay);
  const pages = source.pages();
  const documentPages = update.source.pages();
  const offset = update.allocate(source.size);
  const renumber = (text: string): string => mapReferences(text, number => number + offset);
  const structural = new Set([source.root, source.info, ...pages]);
  for (const number of source.numbers()) {
    if (structural.has(number)) continue;
    const { text, stream } = source.read(number);
    if (/\/Type \/(Pages|StructElem|StructTreeRoot|Annot|Outlines)\b/.test(text)) continue;
    update.set(number + offset, renumber(text), stream);
  }
  const before = update.add('<</Length 1>>', Buffer.from('q'));
  const after = Buffer.from('Q\n/Artifact <</Type /Pagination>> BDC\nq /ReportKitOverlay Do Q\nEMC');
  const afterNumber = update.add(`<</Length ${after.length}>>`, after);
  for (const [index, target] of targets.entries()) {
    const overlayPage = pages[index];
    const documentPage = documentPages[target];
    if (overlayPage === undefined || documentPage === undefined) continue;
    const { text } = source.read(overlayPage);
    const content = source.read(Number(/\/Contents (\d+) 0 R/.exec(text)?.[1] ?? 0));
    if (!content.stream) continue;
    const box = /\/MediaBox (\[[^\]]*\])/.exec(text)?.[1] ?? '[0 0 595 842]';
    const filter = /\/Filter [^\n>]+/.exec(content.text)?.[0] ?? '';
    const form = update.add(
      `<</Type /XObject\n/Subtype /Form\n/BBox ${box}\n/Resources ${renumber(dictionaryAfter(text, '/Resources'))}\n${filter}\n/Length ${content.stream.length}>>`,
      content.stream,
    );
    const page = update.read(documentPage).text;
    const resources = dictionaryAfter(page, '/Resources');
    update.set(
      documentPage,
      page
        .replace(resources, withPicture(resources, 'ReportKitOverlay', form))
        .replace(/\/Contents (\d+) 0 R/, `/Contents [${before} 0 R $1 0 R ${afterNumber} 0 R]`),
    );
  }
}
