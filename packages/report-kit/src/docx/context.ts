import { Bookmark } from 'docx';
import type { Paragraph, ParagraphChild } from 'docx';
import type { Message } from '../message.ts';
import type { Named, OutlineLabels } from '../outline/index.ts';
import type { PageRoom } from './page.ts';

/** A picture that can go into a document. */
export interface DocxImage {
  readonly bytes: Uint8Array;
  readonly type: 'png' | 'jpg' | 'gif' | 'bmp';
  readonly widthPx: number;
  readonly heightPx: number;
  /** The same as SVG: Word 2016 and later show it in place of the pixels. */
  readonly vector?: Uint8Array;
}

/** What is carried along while a document is written. */
export interface DocxContext {
  readonly labels: OutlineLabels;
  readonly messages: Message[];
  readonly images: ReadonlyMap<string, DocxImage>;
  /** What a reference to an id is called: `Figure 3`, or a title. */
  readonly names: ReadonlyMap<string, Named>;
  readonly footnotes: Record<string, { children: Paragraph[] }>;
  /** Ids that have a bookmark, by the name of it: Word allows letters, digits and _, 40 at most, each once. */
  readonly bookmarks: Map<string, string>;
  /** Ids of what has no text of its own: the next paragraph gets their bookmarks. */
  readonly waiting: string[];
  /** How many captions of each word there are so far. */
  readonly captions: Map<string, number>;
  /** How many numbered lists there are so far: each counts from its own start. */
  lists: number;
  /** The room for text on a page. */
  readonly room: PageRoom;
  /** The width for a picture in CSS pixels: less in lists and tables. */
  roomPx: number;
}

/** The name of the bookmark for an id. */
export function bookmarkName(context: DocxContext, id: string): string {
  const known = context.bookmarks.get(id);
  if (known !== undefined) return known;
  const name = `r${context.bookmarks.size + 1}_${id.replaceAll(/[^A-Za-z0-9]/g, '_')}`.slice(0, 40);
  context.bookmarks.set(id, name);
  return name;
}

/** Runs with the bookmark of an id around them. */
export function marked(
  id: string | undefined,
  children: readonly ParagraphChild[],
  context: DocxContext,
): ParagraphChild[] {
  return id === undefined
    ? [...children]
    : [new Bookmark({ id: bookmarkName(context, id), children: [...children] })];
}

/** The bookmarks that wait for a paragraph. */
export function waitingMarks(context: DocxContext): ParagraphChild[] {
  return context.waiting.splice(0).map(id => new Bookmark({ id: bookmarkName(context, id), children: [] }));
}
