import type { PdfSource } from './source.ts';

/** Appends changed and new objects to a PDF (an incremental update), so that a large document is not parsed and rewritten. */
export class PdfUpdate {
  readonly source: PdfSource;
  readonly #objects = new Map<number, Buffer>();
  #next: number;
  #info: number | undefined;

  constructor(source: PdfSource) {
    this.source = source;
    this.#next = source.size;
    this.#info = source.info;
  }

  /** A number for a new object. */
  allocate(count = 1): number {
    const number = this.#next;
    this.#next += count;
    return number;
  }

  /** Sets an object's text, with a stream when given; `/Length` is the caller's to write. */
  set(number: number, text: string, stream?: Uint8Array): void {
    const head = Buffer.from(`${number} 0 obj\n${text}`, 'latin1');
    this.#objects.set(
      number,
      stream
        ? Buffer.concat([
            head,
            Buffer.from('\nstream\n', 'latin1'),
            stream,
            Buffer.from('\nendstream\nendobj\n', 'latin1'),
          ])
        : Buffer.concat([head, Buffer.from('\nendobj\n', 'latin1')]),
    );
  }

  /** Adds an object and returns its number. */
  add(text: string, stream?: Uint8Array): number {
    const number = this.allocate();
    this.set(number, text, stream);
    return number;
  }

  setInfo(number: number): void {
    this.#info = number;
  }

  /** The document with the update at its end. */
  finish(): Uint8Array {
    if (this.#objects.size === 0) return this.source.bytes;
    const chunks: Buffer[] = [this.source.bytes, Buffer.from('\n', 'latin1')];
    let at = this.source.bytes.length + 1;
    const entries = [...this.#objects].toSorted(([a], [b]) => a - b);
    const offsets = new Map<number, number>();
    for (const [number, bytes] of entries) {
      offsets.set(number, at);
      chunks.push(bytes);
      at += bytes.length;
    }
    let table = 'xref\n';
    for (let index = 0; index < entries.length;) {
      const first = entries[index]?.[0] ?? 0;
      let end = index;
      while (entries[end + 1]?.[0] === (entries[end]?.[0] ?? 0) + 1) end++;
      table += `${first} ${end - index + 1}\n`;
      for (; index <= end; index++)
        table += `${String(offsets.get(entries[index]?.[0] ?? 0) ?? 0).padStart(10, '0')} 00000 n \n`;
    }
    const info = this.#info === undefined ? '' : `\n/Info ${this.#info} 0 R`;
    table += `trailer\n<</Size ${this.#next}\n/Root ${this.source.root} 0 R${info}\n/Prev ${this.source.tableAt}>>\nstartxref\n${at}\n%%EOF\n`;
    chunks.push(Buffer.from(table, 'latin1'));
    return Buffer.concat(chunks);
  }
}
