import { MAX_IMPORT_LINES, type ImportReport } from '@glacis/contract';
import { messageOf, UserError } from '@glacis/foundation';
import { CsvError, parse, type Info } from 'csv-parse';
import { ownableDomain } from './names.ts';

/** A target as a line names it, canonical. */
export interface ImportLine {
  readonly line: number;
  readonly domain: string;
  readonly organisation: string;
  readonly group: string;
  readonly note: string;
}

/** What a file holds. */
export interface ImportFile {
  readonly lines: number;
  /** Each domain once. */
  readonly targets: readonly ImportLine[];
  readonly repeated: number;
  readonly wrong: number;
  readonly errors: ImportReport['errors'];
}

/** Errors that are told one by one; more are counted. */
const MAX_ERRORS = 500;
const MAX_RECORD_BYTES = 10_000;
const columns = ['domain', 'organisation', 'group', 'note'] as const;
type Column = (typeof columns)[number];
/** What the first line may call a column. */
const COLUMN_OF: Readonly<Record<string, Column>> = {
  domain: 'domain',
  organisation: 'organisation',
  organization: 'organisation',
  group: 'group',
  note: 'note',
};
const MAX_LENGTH: Readonly<Record<Column, number>> = {
  domain: 255,
  organisation: 200,
  group: 200,
  note: 2000,
};

/**
 * Reads lines or CSV as they come: UTF-8, or UTF-16 with a byte order mark; separated by comma, semicolon or tab as the first
 * line says; with or without a line of column names. @throws UserError when it is another encoding or has too many lines.
 */
export async function readImportFile(bytes: AsyncIterable<Uint8Array>): Promise<ImportFile> {
  const reading = new Reading();
  const text = decode(bytes);
  const first = await text.next();
  const head = first.done ? '' : first.value;
  const parser = parse({
    delimiter: delimiterOf(head),
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    comment: '#',
    comment_no_infix: true,
    max_record_size: MAX_RECORD_BYTES,
  });
  const feeding = feed(parser, head, text);
  try {
    for await (const item of parser as AsyncIterable<{ record: string[]; info: Info }>)
      reading.take(item.record, item.info.lines);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    reading.stopAt(typeof error['lines'] === 'number' ? error['lines'] : 0, error.message);
  } finally {
    parser.destroy();
  }
  const failure = await feeding;
  if (failure) throw failure;
  return reading.result();
}

/** Writes the text into the parser at its pace. Resolves with what went wrong on our side. */
async function feed(
  parser: ReturnType<typeof parse>,
  head: string,
  text: AsyncGenerator<string>,
): Promise<Error | undefined> {
  try {
    for (let chunk: string | undefined = head; chunk !== undefined && !parser.destroyed;) {
      if (!parser.write(chunk))
        await new Promise<void>(resolve => {
          parser.once('drain', resolve).once('close', resolve);
        });
      const next: IteratorResult<string> = await text.next();
      chunk = next.done ? undefined : next.value;
    }
    parser.end();
    return undefined;
  } catch (error) {
    parser.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** Text of the bytes; the first piece is large enough to hold the first line, or all there is. */
async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let start: Uint8Array | undefined = new Uint8Array();
  let decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of bytes) {
      if (start === undefined) yield decoder.decode(chunk, { stream: true });
      else {
        start = Buffer.concat([start, chunk]);
        if (start.length < MAX_RECORD_BYTES) continue;
        decoder = decoderFor(start);
        yield decoder.decode(start, { stream: true });
        start = undefined;
      }
    }
    if (start !== undefined) {
      decoder = decoderFor(start);
      yield decoder.decode(start, { stream: true });
    }
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UserError(
      'request.invalid',
      'The file is not UTF-8 (it looks like Latin-1 or a Windows code page). Save it as “CSV UTF-8” and import it again.',
      { cause },
    );
  }
}

function decoderFor(start: Uint8Array): TextDecoder {
  const [a, b] = start;
  const encoding = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding, { fatal: true });
}

/** The separator that the first line has most of; a comma when it has none. */
function delimiterOf(head: string): string {
  const line = head.split(/\r?\n/, 1)[0] ?? '';
  const count = (separator: string): number => line.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (count(one) > count(best) ? one : best));
}

/** Takes records one by one and sorts them into targets and errors. */
class Reading {
  #order: readonly (Column | undefined)[] = columns;
  #isFirst = true;
  #lines = 0;
  #repeated = 0;
  #wrong = 0;
  readonly #targets = new Map<string, ImportLine>();
  readonly #errors: ImportReport['errors'] = [];

  take(record: readonly string[], lastLine: number): void {
    const line = lastLine - record.join('').split('\n').length + 1;
    const isHeader = this.#isFirst && record.some(cell => COLUMN_OF[cell.toLowerCase()] === 'domain');
    this.#isFirst = false;
    if (isHeader) {
      this.#order = record.map(cell => COLUMN_OF[cell.toLowerCase()]);
      return;
    }
    this.#lines += 1;
    if (this.#lines > MAX_IMPORT_LINES) {
      throw new UserError(
        'request.too-large',
        `The file has more than ${MAX_IMPORT_LINES} lines. Import it in several parts.`,
      );
    }
    try {
      this.#keep(this.#read(record, line));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#refuse(line, record[0] ?? '', error.message);
    }
  }

  #read(record: readonly string[], line: number): ImportLine {
    const cells: Record<Column, string> = { domain: '', organisation: '', group: '', note: '' };
    for (const [index, name] of this.#order.entries()) if (name) cells[name] = record[index] ?? '';
    for (const name of columns) {
      // Line breaks may stand in a note; nothing else that controls may stand anywhere.
      const isBroken = name === 'note' ? /[\0-\x08\x0b\x0c\x0e-\x1f]/ : /\p{Cc}/u;
      if (isBroken.test(cells[name]))
        throw new UserError('request.invalid', `The ${name} holds control characters.`);
      if (cells[name].length > MAX_LENGTH[name])
        throw new UserError('request.invalid', `The ${name} is longer than ${MAX_LENGTH[name]} characters.`);
    }
    if (cells.group !== '' && cells.organisation === '')
      throw new UserError('request.invalid', 'A group needs the organisation that it is in.');
    return { ...cells, line, domain: ownableDomain(cells.domain) };
  }

  #keep(target: ImportLine): void {
    if (this.#targets.has(target.domain)) this.#repeated += 1;
    else this.#targets.set(target.domain, target);
  }

  #refuse(line: number, text: string, message: string): void {
    this.#wrong += 1;
    if (this.#errors.length < MAX_ERRORS) this.#errors.push({ line, text: text.slice(0, 100), message });
  }

  /** Notes that from a line on nothing could be read. */
  stopAt(line: number, reason: string): void {
    this.#refuse(line, '', `From here on nothing could be read: ${reason}`);
  }

  result(): ImportFile {
    return {
      lines: this.#lines,
      targets: [...this.#targets.values()],
      repeated: this.#repeated,
      wrong: this.#wrong,
      errors: this.#errors,
    };
  }
}
