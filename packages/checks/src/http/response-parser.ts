/** One header as it came: name and value are byte strings. */
export type Header = readonly [name: string, value: string];

/** The head of a response. */
export interface ResponseHead {
  /** e.g. `HTTP/1.1`. */
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
}

/** Limits while a response is read. */
export interface ResponseLimits {
  /** Bytes of status line and headers. */
  readonly maxHead: number;
  /** Bytes of body kept; the rest is not read. */
  readonly maxBody: number;
}

/** A response that is not HTTP, or whose parts exceed a limit. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

type State =
  'head' | 'length' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'until-close' | 'done';

const STATUS_LINE = /^(HTTP\/\d+\.\d+) (\d{3})(?: ?(.*))?$/;
const MAX_HEADERS = 500;
const MAX_CHUNK_LINE = 4096;
/** Chunks from this length on are kept as they are. */
const MIN_OWN = 4096;
const BLOCK = 16_384;

/** The value of a header (first of that name), undefined when absent. `name` is lower case. */
export function headerValue(headers: readonly Header[], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1];
}

function parseHead(text: string): ResponseHead {
  const lines = text.split(/\r?\n/);
  const match = STATUS_LINE.exec(lines[0] ?? '');
  if (match === null) throw new ProtocolError('the answer does not begin with an HTTP status line');
  if (lines.length > MAX_HEADERS) throw new ProtocolError(`the answer has more than ${MAX_HEADERS} headers`);
  const headers: [string, string][] = [];
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':');
    const previous = headers.at(-1);
    if (/^[ \t]/.test(line) && previous !== undefined) previous[1] += ` ${line.trim()}`;
    else if (colon > 0) headers.push([line.slice(0, colon).trim(), line.slice(colon + 1).trim()]);
  }
  return {
    version: match[1] ?? 'HTTP/1.1',
    status: Number(match[2]),
    reason: (match[3] ?? '').trim(),
    headers,
  };
}

/** Reads one HTTP/1 response from chunks of bytes. Tolerates bare newlines, interim responses and early ends. */
export class ResponseParser {
  /** The head, once complete. */
  head: ResponseHead | undefined;
  /** True when the body was cut at the limit, or ended before its announced length. */
  isTruncated = false;
  /** True when the connection can carry another request. */
  isReusable = false;
  private state: State = 'head';
  private buffered = '';
  private left = 0;
  private size = 0;
  private readonly chunks: Buffer[] = [];
  /** Bytes of small chunks, not yet among the chunks. */
  private block: Buffer | undefined;
  private used = 0;
  private readonly isHeadRequest: boolean;
  private readonly limits: ResponseLimits;

  constructor(isHeadRequest: boolean, limits: ResponseLimits) {
    this.isHeadRequest = isHeadRequest;
    this.limits = limits;
  }

  /** True when nothing more is needed. */
  get isDone(): boolean {
    return this.state === 'done';
  }

  /** The body read so far. */
  body(): Buffer {
    this.closeBlock();
    return this.chunks.length === 1 ? (this.chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.chunks);
  }

  /** Takes received bytes. Throws ProtocolError when they are not HTTP. */
  push(data: Buffer): void {
    let rest = data;
    while (rest.length > 0 && this.state !== 'done') rest = this.consume(rest);
    if (rest.length > 0) this.isReusable = false;
  }

  /** The peer closed. Throws ProtocolError when no complete head came. */
  end(): void {
    if (this.state === 'done') return;
    if (this.state === 'head')
      throw new ProtocolError(
        this.buffered === '' ? 'the server closed without an answer' : 'the answer ends within its head',
      );
    if (this.state !== 'until-close') this.isTruncated = true;
    this.finish(false);
  }

  private finish(isReusable: boolean): void {
    this.state = 'done';
    this.isReusable = isReusable && this.isKeptAlive();
  }

  private isKeptAlive(): boolean {
    const connection = (headerValue(this.head?.headers ?? [], 'connection') ?? '').toLowerCase();
    return this.head?.version === 'HTTP/1.1'
      ? !connection.includes('close')
      : connection.includes('keep-alive');
  }

  private consume(data: Buffer): Buffer {
    switch (this.state) {
      case 'head':
        return this.consumeHead(data);
      case 'length':
      case 'chunk-data':
        return this.consumeBody(data);
      case 'until-close':
        this.keep(data);
        return data.subarray(data.length);
      default:
        return this.consumeLine(data);
    }
  }

  private consumeHead(data: Buffer): Buffer {
    const held = this.buffered.length;
    const taken = Math.min(data.length, this.limits.maxHead + 4);
    this.buffered += data.toString('latin1', 0, taken);
    // Empty lines before the head, which may come byte by byte.
    const blank = /^(?:\r?\n)+/.exec(this.buffered)?.[0].length ?? 0;
    this.buffered = this.buffered.slice(blank);
    const before = Math.max(0, held - blank);
    if (this.buffered.length >= 5 && !this.buffered.startsWith('HTTP/'))
      throw new ProtocolError('the answer does not begin with an HTTP status line');
    const end = /\r?\n\r?\n/.exec(this.buffered.slice(Math.max(0, before - 3)));
    if (end === null) {
      if (this.buffered.length > this.limits.maxHead)
        throw new ProtocolError(`the head of the answer is longer than ${this.limits.maxHead} bytes`);
      return data.subarray(data.length);
    }
    const headLength = Math.max(0, before - 3) + end.index;
    this.head = parseHead(this.buffered.slice(0, headLength));
    const extra = this.buffered.length - headLength - end[0].length;
    this.buffered = '';
    if (this.head.status >= 100 && this.head.status < 200 && this.head.status !== 101) this.head = undefined;
    else this.startBody(this.head);
    return data.subarray(taken - extra);
  }

  private startBody(head: ResponseHead): void {
    const encoding = (headerValue(head.headers, 'transfer-encoding') ?? '').toLowerCase();
    const length = headerValue(head.headers, 'content-length');
    if (this.isHeadRequest || head.status === 204 || head.status === 304) this.finish(true);
    else if (encoding.includes('chunked')) this.state = 'chunk-size';
    else if (length !== undefined && /^\d{1,15}$/.test(length)) {
      this.left = Number(length);
      if (this.left === 0) this.finish(true);
      else this.state = 'length';
    } else this.state = 'until-close';
  }

  private keep(data: Buffer): void {
    const room = this.limits.maxBody - this.size;
    if (data.length > room) {
      this.isTruncated = true;
      if (room > 0) this.copy(data.subarray(0, room));
      this.size = this.limits.maxBody;
      this.state = 'done';
      this.isReusable = false;
      return;
    }
    this.copy(data);
    this.size += data.length;
  }

  /** Small chunks share blocks: a body of a million chunks of one byte would otherwise be a million buffers. */
  private copy(data: Buffer): void {
    if (data.length >= MIN_OWN) {
      this.closeBlock();
      this.chunks.push(Buffer.from(data));
      return;
    }
    if (this.block === undefined || this.used + data.length > BLOCK) {
      this.closeBlock();
      this.block = Buffer.allocUnsafe(BLOCK);
    }
    data.copy(this.block, this.used);
    this.used += data.length;
  }

  private closeBlock(): void {
    if (this.block !== undefined && this.used > 0)
      this.chunks.push(
        this.used * 2 < BLOCK
          ? Buffer.from(this.block.subarray(0, this.used))
          : this.block.subarray(0, this.used),
      );
    this.block = undefined;
    this.used = 0;
  }

  private consumeBody(data: Buffer): Buffer {
    const part = data.subarray(0, Math.min(this.left, data.length));
    this.left -= part.length;
    const state = this.state;
    this.keep(part);
    if (this.left === 0 && !this.isDone) {
      if (state === 'length') this.finish(true);
      else this.state = 'chunk-end';
    }
    return data.subarray(part.length);
  }

  private consumeLine(data: Buffer): Buffer {
    const newline = data.indexOf(10);
    this.buffered += data.toString('latin1', 0, newline === -1 ? data.length : newline);
    if (this.buffered.length > MAX_CHUNK_LINE) throw new ProtocolError('a line between chunks is too long');
    if (newline === -1) return data.subarray(data.length);
    const line = this.buffered.replace(/\r$/, '');
    this.buffered = '';
    this.chunkLine(line);
    return data.subarray(newline + 1);
  }

  private chunkLine(line: string): void {
    if (this.state === 'chunk-end') this.state = 'chunk-size';
    else if (this.state === 'trailers') {
      if (line === '') this.finish(true);
    } else {
      const size = /^\s*([0-9a-fA-F]{1,12})\s*(?:;.*)?$/.exec(line)?.[1];
      if (size === undefined) {
        this.isTruncated = true;
        this.finish(false);
        return;
      }
      this.left = Number.parseInt(size, 16);
      this.state = this.left === 0 ? 'trailers' : 'chunk-data';
    }
  }
}
