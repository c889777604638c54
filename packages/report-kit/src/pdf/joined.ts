import { objectBytes, packed } from './body.ts';
import type { PdfBody, PdfObject } from './body.ts';

/** Objects of one object stream: more compress no better. */
const PACK = 200;
const HEAD = Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1');
const CHUNK_BYTES = 1024 ** 2;
/** Bytes of an entry of the cross-reference stream: kind, offset or stream, generation or index. */
const WIDTHS = [1, 5, 2] as const;
const ENTRY = 8;

/** An object in an object stream is noted as minus this times the stream's number, less its place in it; others by their offset. */
const PACKED = 1_024;

/** A document of compressed object streams (PDF 1.7 §7.5.7), written as it grows; pages and catalog stay changeable. */
export class JoinedPdf implements PdfBody {
  root = 0;
  info: number | undefined;
  #pages: readonly number[] = [];
  #next = 1;
  #at = HEAD.length;
  readonly #chunks: Uint8Array[] = [HEAD];
  /** What was written last; small buffers are parts of larger ones, which they would keep in memory. */
  #latest: Uint8Array[] = [];
  #latestBytes = 0;
  /** By object number; a document can have millions. */
  #places = new Float64Array(1_024);
  readonly #kept = new Map<number, PdfObject>();
  #waiting: (readonly [number, string])[] = [];

  get size(): number {
    return this.#next;
  }

  /** A number for a new object. */
  allocate(): number {
    return this.#next++;
  }

  /** An object that may still be read and changed. */
  keep(number: number, object: PdfObject): void {
    this.#kept.set(number, object);
  }

  /** An object that is final. */
  put(number: number, object: PdfObject): void {
    if (object.stream) this.#write(number, object);
    else {
      this.#waiting.push([number, object.text]);
      if (this.#waiting.length === PACK) this.#pack();
    }
  }

  /** Says where the document begins; only changes may follow. */
  close(root: number, info: number | undefined, pages: readonly number[]): void {
    this.root = root;
    this.info = info;
    this.#pages = pages;
  }

  pages(): readonly number[] {
    return this.#pages;
  }

  read(number: number): PdfObject {
    return this.#kept.get(number) ?? { text: '' };
  }

  #place(number: number, place: number): void {
    if (number >= this.#places.length) {
      const more = new Float64Array(Math.max(number + 1, this.#places.length * 2));
      more.set(this.#places);
      this.#places = more;
    }
    this.#places[number] = place;
  }

  #write(number: number, object: PdfObject): void {
    const bytes = objectBytes(number, object);
    this.#place(number, this.#at);
    this.#latest.push(bytes);
    this.#latestBytes += bytes.length;
    this.#at += bytes.length;
    if (this.#latestBytes >= CHUNK_BYTES) this.#flush();
  }

  #flush(): void {
    this.#chunks.push(Buffer.concat(this.#latest));
    this.#latest = [];
    this.#latestBytes = 0;
  }

  #pack(): void {
    const objects = this.#waiting;
    this.#waiting = [];
    if (objects.length === 0) return;
    const pack = this.allocate();
    const heads: string[] = [];
    let at = 0;
    for (const [index, [number, text]] of objects.entries()) {
      heads.push(`${number} ${at}`);
      at += text.length + 1;
      this.#place(number, -(pack * PACKED + index));
    }
    const head = `${heads.join(' ')}\n`;
    const body = packed(Buffer.from(`${head}${objects.map(([, text]) => text).join('\n')}\n`, 'latin1'));
    this.#write(pack, {
      text: `<</Type /ObjStm\n/N ${objects.length}\n/First ${head.length}\n/Filter /FlateDecode\n/Length ${body.length}>>`,
      stream: body,
    });
  }

  /** Writes what is left and the cross-reference stream; the document can be written once. */
  write(changes: ReadonlyMap<number, PdfObject>, size: number, info: number | undefined): Uint8Array {
    this.#next = Math.max(this.#next, size);
    for (const [number, object] of new Map([...this.#kept, ...changes])) this.put(number, object);
    this.#kept.clear();
    this.#pack();
    const table = this.allocate();
    const start = this.#at;
    const entries = Buffer.alloc(this.#next * ENTRY);
    entries.writeUInt16BE(0xffff, ENTRY - WIDTHS[2]);
    const entry = (number: number, kind: number, value: number, index: number): void => {
      entries.writeUInt8(kind, number * ENTRY);
      entries.writeUIntBE(value, number * ENTRY + WIDTHS[0], WIDTHS[1]);
      entries.writeUInt16BE(index, number * ENTRY + WIDTHS[0] + WIDTHS[1]);
    };
    for (const [number, place] of this.#places.entries())
      if (place < 0) entry(number, 2, Math.floor(-place / PACKED), -place % PACKED);
      else if (place > 0) entry(number, 1, place, 0);
    entry(table, 1, start, 0);
    const bytes = packed(entries);
    const infoEntry = info === undefined ? '' : `\n/Info ${info} 0 R`;
    const text = `<</Type /XRef\n/Size ${this.#next}\n/W [${WIDTHS.join(' ')}]\n/Root ${this.root} 0 R${infoEntry}\n/Filter /FlateDecode\n/Length ${bytes.length}>>`;
    this.#flush();
    this.#chunks.push(
      objectBytes(table, { text, stream: bytes }),
      Buffer.from(`startxref\n${start}\n%%EOF\n`, 'latin1'),
    );
    return Buffer.concat(this.#chunks);
  }
}
