import { objectBytes } from './body.ts';
import type { PdfBody, PdfObject } from './body.ts';

/** What ends an object's text. */
const TEXT_END = /\s(?:stream\r?\n|endobj)/;

/** The objects of a PDF as Chromium writes it: one classic cross-reference table, no object streams. They can be changed in memory. */
export class PdfSource implements PdfBody {
  readonly bytes: Buffer;
  readonly root: number;
  readonly info: number | undefined;
  /** Byte position of the cross-reference table. */
  readonly tableAt: number;
  readonly #offsets: number[] = [];
  /** Where an object begins → where the next one does. */
  readonly #ends = new Map<number, number>();
  /** All bytes as characters: slicing it is far faster than decoding each object. */
  readonly #text: string;
  readonly #objects: PdfObject[] = [];
  readonly #changes = new Map<number, PdfObject>();
  #size: number;

  constructor(pdf: Uint8Array) {
    this.bytes = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength);
    this.#text = this.bytes.toString('latin1');
    const tail = this.#text.slice(-2_000);
    this.tableAt = Number(/startxref\s+(\d+)/.exec(tail)?.[1] ?? -1);
    const trailer = tail.slice(tail.lastIndexOf('trailer'));
    this.#size = Number(/\/Size (\d+)/.exec(trailer)?.[1] ?? 0);
    this.root = Number(/\/Root (\d+) 0 R/.exec(trailer)?.[1] ?? 0);
    const info = /\/Info (\d+) 0 R/.exec(trailer)?.[1];
    this.info = info === undefined ? undefined : Number(info);
    this.#readTable();
  }

  get size(): number {
    return this.#size;
  }

  /** Puts an object in place of one of the file's. */
  change(number: number, object: PdfObject): void {
    this.#changes.set(number, object);
  }

  /** Adds an object and returns its number. */
  add(object: PdfObject): number {
    const number = this.#size;
    this.#size += 1;
    this.#changes.set(number, object);
    return number;
  }

  #readTable(): void {
    const head = /^xref\s+0 (\d+)\s*?\n/.exec(this.#text.slice(this.tableAt, this.tableAt + 60));
    if (!head) throw new Error('The PDF has no plain cross-reference table.');
    const from = this.tableAt + head[0].length;
    const table = this.#text.slice(from, from + this.#size * 20);
    for (let index = 0; index < this.#size; index++) {
      const entry = table.slice(index * 20, index * 20 + 20);
      this.#offsets.push(entry[17] === 'n' ? Number(entry.slice(0, 10)) : -1);
    }
    const used = this.#offsets.filter(offset => offset >= 0).toSorted((a, b) => a - b);
    for (const [index, offset] of used.entries()) this.#ends.set(offset, used[index + 1] ?? this.tableAt);
  }

  /** Object numbers in use. */
  *numbers(): Generator<number> {
    for (const [number, offset] of this.#offsets.entries()) if (offset >= 0) yield number;
    for (let number = this.#offsets.length; number < this.#size; number++) yield number;
  }

  /** The object's text between `obj` and `stream` or `endobj`, and where its stream's bytes lie. */
  read(number: number): PdfObject {
    const known = this.#changes.get(number) ?? this.#objects[number];
    if (known) return known;
    const object = this.#parse(number);
    this.#objects[number] = object;
    return object;
  }

  #parse(number: number): PdfObject {
    const from = this.#offsets[number] ?? -1;
    if (from < 0) return { text: '' };
    const start = this.#text.indexOf('obj', from) + 3;
    const piece = this.#text.slice(start, this.#ends.get(from) ?? this.tableAt);
    const end = TEXT_END.exec(piece);
    const text = piece.slice(0, end?.index).trimStart();
    if (!end || end[0].trim() === 'endobj') return { text };
    const at = start + end.index + end[0].length;
    const length = Number(/\/Length (\d+)(?! 0 R)/.exec(text)?.[1] ?? 0);
    return { text, stream: this.bytes.subarray(at, at + length) };
  }

  /** Numbers of the page objects in reading order. */
  pages(): number[] {
    const order: number[] = [];
    const visit = (number: number, depth: number): void => {
      const { text } = this.read(number);
      const kids = /\/Kids \[([^\]]*)\]/.exec(text)?.[1];
      if (kids === undefined || depth > 30) order.push(number);
      else for (const match of kids.matchAll(/(\d+) 0 R/g)) visit(Number(match[1]), depth + 1);
    };
    visit(Number(/\/Pages (\d+) 0 R/.exec(this.read(this.root).text)?.[1] ?? 0), 0);
    return order;
  }

  /** Appends the changes (an incremental update), so that a large document is not parsed and rewritten. */
  write(later: ReadonlyMap<number, PdfObject>, size: number, info: number | undefined): Uint8Array {
    const changes = new Map([...this.#changes, ...later]);
    if (changes.size === 0) return this.bytes;
    const chunks: Uint8Array[] = [this.bytes, Buffer.from('\n', 'latin1')];
    let at = this.bytes.length + 1;
    const numbers = [...changes.keys()].toSorted((a, b) => a - b);
    const offsets: number[] = [];
    for (const number of numbers) {
      const bytes = objectBytes(number, changes.get(number) ?? { text: 'null' });
      offsets.push(at);
      chunks.push(bytes);
      at += bytes.length;
    }
    let table = 'xref\n';
    for (let index = 0; index < numbers.length;) {
      const first = numbers[index] ?? 0;
      let end = index;
      while (numbers[end + 1] === (numbers[end] ?? 0) + 1) end++;
      table += `${first} ${end - index + 1}\n`;
      for (; index <= end; index++) table += `${String(offsets[index]).padStart(10, '0')} 00000 n \n`;
    }
    const infoEntry = info === undefined ? '' : `\n/Info ${info} 0 R`;
    table += `trailer\n<</Size ${size}\n/Root ${this.root} 0 R${infoEntry}\n/Prev ${this.tableAt}>>\nstartxref\n${at}\n%%EOF\n`;
    chunks.push(Buffer.from(table, 'latin1'));
    return Buffer.concat(chunks);
  }
}
