import { inflateSync } from 'node:zlib';
import { PdfSource } from './source.ts';

/** Chromium draws 96 pixels to the inch in units of 300. */
const FULL_SCALE = 300 / 96;
const SMALLEST = 0.49;

/**
 * Whether Chromium may have shrunk what it printed because something is wider than the page: the first page with anything on
 * it is drawn at another scale. Pictures with a scale of their own can look the same.
 */
export function isShrunk(pdf: Uint8Array, leadPages: number): boolean {
  const source = new PdfSource(pdf);
  for (const page of source.pages().slice(leadPages)) {
    const contents = /\/Contents (\d+) 0 R/.exec(source.read(page).text)?.[1];
    const { text, stream } = source.read(Number(contents ?? 0));
    if (!stream || stream.length === 0) continue;
    const drawing = (text.includes('/FlateDecode') ? inflateSync(stream) : Buffer.from(stream)).toString(
      'latin1',
    );
    for (const match of drawing.matchAll(/^([\d.]+) 0 0 \1 [-\d.]+ [-\d.]+ cm$/gm)) {
      const share = Number(match[1]) / FULL_SCALE;
      if (share >= SMALLEST && share < 0.999) return true;
    }
    return false;
  }
  return false;
}
