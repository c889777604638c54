import { z } from 'zod';
import { readPositions } from '../pdf/positions.ts';
import type { PagePositions } from '../pdf/positions.ts';

/** What the page says of a part that it shows; see `kit.openPart`. */
export const shownPart = z.object({
  /** The first leaf of the next part. */
  to: z.int().min(0),
  isLast: z.boolean(),
  /** Whether the part's end must still be found among the leaves of its second half. */
  endsNaturally: z.boolean(),
  leadPages: z.int().min(0).max(2),
  hasReferences: z.boolean(),
  footnotes: z.int().min(0),
  heightPx: z.number(),
  /** Its elements, with texts counted by their length. */
  weight: z.number(),
  /** Whether it looks the same on whatever page it begins. */
  isFree: z.boolean(),
  /** Whether another page may print it. */
  isShared: z.boolean(),
});

/** A part as the page shows it. */
export type ShownPart = z.output<typeof shownPart>;

/** A part for another page to print before it is its turn; see `kit.copyLast`. */
export const copiedPart = shownPart
  .pick({ to: true, isLast: true, leadPages: true, weight: true })
  .extend({ from: z.int().min(0), copy: z.string() });

/** Where a part ends; see `kit.closePart`. */
export const closedPart = z.object({
  to: z.int().min(0),
  lastPage: z.int().min(0).nullable(),
  endsNaturally: z.boolean(),
});

/** Where a part ends. */
export type PartEnd = z.output<typeof closedPart>;

/** Where a part ended that is printed, or being printed. */
export interface PrintedEnd extends PartEnd {
  readonly isLast: boolean;
}

/** A part of the document and its place in it. */
export interface Part {
  /** Its first leaf, which also says where it stands among the others. */
  readonly from: number;
  readonly startsNaturally: boolean;
  /** 0 while it is not known. */
  startPage: number;
  pageCount: number;
  readonly leadPages: number;
  readonly to: number;
  /** Whether its page numbers are still to be written. */
  readonly waits: boolean;
}

/** What one print gave; places count from the page that the part begins on. */
export interface PrintedPart {
  readonly bytes: Uint8Array;
  readonly positions: PagePositions;
}

/** A part that is printed without knowing on which page it begins. */
export interface FreePart {
  readonly part: Part;
  /** Undefined when the other page could not show it. */
  readonly work: Promise<PagePositions | undefined>;
}

/** A free part that the other page was given before it is its turn. */
export interface GivenPart extends Pick<FreePart, 'work'> {
  readonly copied: z.output<typeof copiedPart>;
}

/** Work that is waited for later: its failure is heard of then, and is nobody's until then. */
export function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return work;
}

/** Page count and link targets of a printed part, counted from the page that it begins on. */
export function positionsIn(bytes: Uint8Array, leadPages: number): PagePositions {
  const { pageCount, pages, tops } = readPositions(bytes);
  return {
    pageCount: pageCount - leadPages,
    pages: new Map([...pages].map(([id, page]) => [id, page - leadPages])),
    tops,
  };
}

/** Positions as the page takes them. */
export const placesOf = ({ pages, tops }: PagePositions) => ({
  pages: Object.fromEntries(pages),
  tops: Object.fromEntries(tops),
});
