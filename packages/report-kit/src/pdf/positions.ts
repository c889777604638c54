import { PdfSource } from './source.ts';

/** What is read back from a pass of printing. */
export interface PagePositions {
  readonly pageCount: number;
  /** Element id → page (1-based), for each element that a link points to. */
  readonly pages: ReadonlyMap<string, number>;
  /** Element id → its top, in points from the page's lower edge. */
  readonly tops: ReadonlyMap<string, number>;
}

/** Names in Chromium's destinations dictionary: `/name` with `#xx` escapes; ids come percent-encoded from the link. */
function destinationName(raw: string): string {
  const unescaped = raw.replace(/#([0-9a-fA-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const text = Buffer.from(unescaped, 'latin1').toString('utf8');
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Reads page count and link targets from a PDF that Chromium printed. */
export function readPositions(pdf: Uint8Array): PagePositions {
  const source = new PdfSource(pdf);
  const order = source.pages();
  const indexOf = new Map(order.map((number, index) => [number, index + 1]));
  const pages = new Map<string, number>();
  const tops = new Map<string, number>();
  const destinations = /\/Dests (\d+) 0 R/.exec(source.read(source.root).text)?.[1];
  if (destinations !== undefined) {
    const { text } = source.read(Number(destinations));
    for (const match of text.matchAll(/\/([^\s/[\]<>()]+)\s*\[(\d+) 0 R \/XYZ \S+ (\S+)/g)) {
      const page = indexOf.get(Number(match[2]));
      if (page === undefined) continue;
      const name = destinationName(match[1] ?? '');
      pages.set(name, page);
      tops.set(name, Number(match[3]));
    }
  }
  return { pageCount: order.length, pages, tops };
}
