import type { PdfBody, PdfObject } from './body.ts';

/** Collects changed and new objects of a document. */
export class PdfUpdate {
  readonly source: PdfBody;
  readonly #objects = new Map<number, PdfObject>();
  #next: number;
  #info: number | undefined;

  constructor(source: PdfBody) {
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

  /** The object as it stands with the changes so far. */
  read(number: number): PdfObject {
    return this.#objects.get(number) ?? this.source.read(number);
  }

  /** Sets an object's text, with a stream when given; `/Length` is the caller's to write. */
  set(number: number, text: string, stream?: Uint8Array): void {
    this.#objects.set(number, { text, stream });
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

  /** The document with the changes. */
  finish(): Uint8Array {
    return this.source.write(this.#objects, this.#next, this.#info);
  }
}
