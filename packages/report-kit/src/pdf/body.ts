import { deflateSync } from 'node:zlib';

/** One object: its text between `obj` and `stream` or `endobj`, and its stream's bytes. */
export interface PdfObject {
  readonly text: string;
  readonly stream?: Uint8Array | undefined;
}

/** A document whose objects can be read, changed and written: as Chromium printed it, or joined of such. */
export interface PdfBody {
  /** One more than the highest object number. */
  readonly size: number;
  /** Number of the catalog. */
  readonly root: number;
  /** Number of the document information. */
  readonly info: number | undefined;
  /** Numbers of the page objects in reading order. */
  pages(): readonly number[];
  read(number: number): PdfObject;
  /** The document with `changes` in place of, or beside, its own objects. */
  write(changes: ReadonlyMap<number, PdfObject>, size: number, info: number | undefined): Uint8Array;
}

/** Streams are packed at this level: half the time of the usual one, for a few percent more bytes. */
const LEVEL = 3;

/** A stream's bytes as `/FlateDecode` wants them. */
export const packed = (bytes: Uint8Array): Buffer => deflateSync(bytes, { level: LEVEL });

/** An object as it stands in a file; `/Length` is the text's to say. */
export function objectBytes(number: number, { text, stream }: PdfObject): Buffer {
  const head = Buffer.from(`${number} 0 obj\n${text}`, 'latin1');
  return stream
    ? Buffer.concat([
        head,
        Buffer.from('\nstream\n', 'latin1'),
        stream,
        Buffer.from('\nendstream\nendobj\n', 'latin1'),
      ])
    : Buffer.concat([head, Buffer.from('\nendobj\n', 'latin1')]);
}

const DIGIT_0 = 48;
const DIGIT_9 = 57;

/** Writes every reference in an object's text anew; texts in parentheses are left alone. */
export function mapReferences(text: string, map: (number: number) => number | undefined): string {
  let end = text.indexOf(' 0 R');
  if (end === -1) return text;
  const write = (number: number): string => {
    const mapped = map(number);
    return mapped === undefined ? 'null' : `${mapped} 0 R`;
  };
  if (text.includes('('))
    return text.replace(/\((?:\\[^]|[^\\)])*\)|(\d+) 0 R/g, (whole, number: string | undefined) =>
      number === undefined ? whole : write(Number(number)),
    );
  // Without such texts, looking for the references is several times as fast as matching them.
  let result = '';
  let at = 0;
  for (; end !== -1; end = text.indexOf(' 0 R', end + 4)) {
    let from = end;
    let number = 0;
    for (let unit = 1; from > at; unit *= 10) {
      const code = text.charCodeAt(from - 1);
      if (code < DIGIT_0 || code > DIGIT_9) break;
      number += (code - DIGIT_0) * unit;
      from -= 1;
    }
    if (from === end) continue;
    result += text.slice(at, from) + write(number);
    at = end + 4;
  }
  return result + text.slice(at);
}
