/** The room for text on a page, in twentieths of a point. */
export interface PageRoom {
  readonly width: number;
  readonly height: number;
}

/** Millimetres as twentieths of a point. */
const mm = (value: number): number => Math.round((value * 1440) / 25.4);

/** Our own pages: A4 with margins of 25 mm. */
export const PAGE = {
  size: { width: mm(210), height: mm(297) },
  margin: { top: mm(25), right: mm(25), bottom: mm(25), left: mm(25) },
} as const;

/** The room on our own pages. */
export const PAGE_ROOM: PageRoom = {
  width: PAGE.size.width - 2 * PAGE.margin.left,
  height: PAGE.size.height - 2 * PAGE.margin.top,
};

/** Twentieths of a point in a CSS pixel. */
const PER_PX = 15;

/** What a picture may take of the room, in CSS pixels; a caption needs some of the height. */
export const roomInPx = ({ width, height }: PageRoom): { widthPx: number; heightPx: number } => ({
  widthPx: Math.floor(width / PER_PX),
  heightPx: Math.max(100, Math.floor(height / PER_PX) - 90),
});

const MIN_ROOM = 2_000;

/** The room on the pages of the last section of a document, as its XML says; ours where it says none. */
export function roomOf(documentXml: string): PageRoom {
  const last = documentXml.slice(documentXml.lastIndexOf('<w:sectPr'));
  const value = (tag: string, name: string): number =>
    Number(new RegExp(`<w:${tag}\\b[^>]*?\\bw:${name}="(-?\\d{1,6})"`).exec(last)?.[1] ?? Number.NaN);
  const margins = (one: string, other: string): number =>
    Math.abs(value('pgMar', one)) + Math.abs(value('pgMar', other));
  const width = value('pgSz', 'w') - margins('left', 'right');
  const height = value('pgSz', 'h') - margins('top', 'bottom');
  return width >= MIN_ROOM && height >= MIN_ROOM ? { width, height } : PAGE_ROOM;
}
