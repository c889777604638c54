/** What is read back from the first pass of a PDF that Chromium printed. */
export interface PagePositions {
  readonly pageCount: number;
  /** Element id → page (1-based), for each element that a link points to. */
  readonly pages: ReadonlyMap<string, number>;
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

function objectText(source: string, number: number): string {
  const from = source.lastIndexOf(`\n${number} 0 obj`);
  return from === -1 ? '' : source.slice(from, source.indexOf('endobj', from));
}

/** Page objects in reading order, by walking the page tree. */
function pageOrder(source: string, root: number): number[] {
  const order: number[] = [];
  const visit = (number: number, depth: number): void => {
    const text = objectText(source, number);
    const kids = /\/Kids \[([^\]]*)\]/.exec(text)?.[1];
    if (kids === undefined || depth > 20) order.push(number);
    else for (const match of kids.matchAll(/(\d+) 0 R/g)) visit(Number(match[1]), depth + 1);
  };
  visit(root, 0);
  return order;
}

/** Reads page count and link targets from a PDF as Chromium's writer lays it out (plain objects, no object streams). */
export function readPositions(pdf: Uint8Array): PagePositions {
  const source = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength).toString('latin1');
  const rootNumber = Number(/\/Root (\d+) 0 R/.exec(source.slice(-2_000))?.[1] ?? 0);
  const catalog = objectText(source, rootNumber);
  const order = pageOrder(source, Number(/\/Pages (\d+) 0 R/.exec(catalog)?.[1] ?? 0));
  const indexOf = new Map(order.map((number, index) => [number, index + 1]));
  const pages = new Map<string, number>();
  const destinations = /\/Dests (\d+) 0 R/.exec(catalog)?.[1];
  if (destinations !== undefined) {
    for (const match of objectText(source, Number(destinations)).matchAll(
      /\/([^\s/[\]<>()]+)\s*\[(\d+) 0 R/g,
    )) {
      const page = indexOf.get(Number(match[2]));
      if (page !== undefined) pages.set(destinationName(match[1] ?? ''), page);
    }
  }
  return { pageCount: order.length, pages };
}
