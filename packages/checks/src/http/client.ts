import type { Duplex } from 'node:stream';
import { bytesOfBuffer } from '../bytes.ts';
import { decodeBody, decodeCharset } from './decode-body.ts';
import { ProtocolError, ResponseParser, headerValue } from './response-parser.ts';
import type { Header } from './response-parser.ts';
import { remoteAddressOf } from './transport.ts';
import type { Transport } from './transport.ts';

/** A request as it goes out. */
export interface WireRequest {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly sni: string | undefined;
  /** Everything that is written, as a byte string. */
  readonly bytes: string;
  /** True for HEAD, whose answer has no body. */
  readonly isHead: boolean;
  /** False closes the connection behind the answer. */
  readonly isKeepAlive: boolean;
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Milliseconds to connect. */
  readonly dialTimeoutMs: number;
  /** Bytes of body read, before and after decoding. */
  readonly maxBody: number;
  readonly signal: AbortSignal | undefined;
}

/** An answer. Strings are byte strings. */
export interface WireResponse {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  /** Decoded body. */
  readonly body: string;
  /** Length of the body as it came over the wire. */
  readonly wireLength: number;
  /** True when the body was cut or ended early. */
  readonly isTruncated: boolean;
  /** True when Content-Encoding was undone. */
  readonly isDecoded: boolean;
  /** Seconds from sending to the end of the body. */
  readonly durationSeconds: number;
  /** Address that answered, '' when not known. */
  readonly ip: string;
}

const MAX_HEAD = 256 * 1024;
const MAX_IDLE_PER_KEY = 32;
const MAX_IDLE = 1024;
const IDLE_MS = 15_000;

interface IdleSocket {
  readonly stream: Duplex;
  readonly timer: NodeJS.Timeout;
  readonly drop: () => void;
}

/** Sends requests over connections that are kept alive per host, port, TLS and server name. */
export class HttpClient {
  private readonly transport: Transport;
  private readonly turn: () => Promise<void>;
  private readonly idle = new Map<string, IdleSocket[]>();
  private idleCount = 0;

  /** `turn` is waited for before an answer is decoded: many that end at once would hold up the event loop. */
  constructor(transport: Transport, turn: () => Promise<void> = () => Promise.resolve()) {
    this.transport = transport;
    this.turn = turn;
  }

  /** Sends one request. Rejects when there is no complete head; a body that ends early is marked, not refused. */
  async send(request: WireRequest): Promise<WireResponse> {
    const key = `${request.host}\n${request.port}\n${request.isTls ? (request.sni ?? '-') : ''}`;
    const reused = request.isKeepAlive ? this.takeIdle(key) : undefined;
    if (reused !== undefined && (await this.isReusable(reused, request))) {
      try {
        return await this.exchange(reused, request, key);
      } catch (error) {
        // A kept connection may have been closed by the server meanwhile: once more on a fresh one.
        if (!(error instanceof StaleConnection)) throw error;
      }
    }
    const stream = await this.transport.connect(request.host, request.port, {
      isTls: request.isTls,
      timeoutMs: request.dialTimeoutMs,
      ...(request.sni === undefined ? {} : { sni: request.sni }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    try {
      return await this.exchange(stream, request, key);
    } catch (error) {
      if (error instanceof StaleConnection) throw new ProtocolError(error.message);
      throw error;
    }
  }

  /** Waits for the transport's leave to send once more; false when the connection ended meanwhile. */
  private async isReusable(stream: Duplex, request: WireRequest): Promise<boolean> {
    if (this.transport.reuse === undefined) return true;
    const drop = (): void => void stream.destroy();
    stream.on('error', drop).on('data', drop).on('close', drop);
    try {
      await this.transport.reuse(request.host, request.port, request.signal);
    } catch (error) {
      drop();
      throw error;
    }
    if (stream.destroyed) return false;
    stream.removeListener('error', drop).removeListener('data', drop).removeListener('close', drop);
    return true;
  }

  /** Closes every kept connection. */
  close(): void {
    const kept = [...this.idle.values()].flat();
    for (const socket of kept) socket.drop();
    this.idle.clear();
    this.idleCount = 0;
  }

  /** Closes the kept connections to a host that is finished with. */
  closeHost(host: string): void {
    const kept = [...this.idle]
      .filter(([key]) => key.startsWith(`${host}\n`))
      .flatMap(([, sockets]) => sockets);
    for (const socket of kept) socket.drop();
  }

  private takeIdle(key: string): Duplex | undefined {
    const sockets = this.idle.get(key);
    for (let socket = sockets?.pop(); socket !== undefined; socket = sockets?.pop()) {
      this.idleCount -= 1;
      clearTimeout(socket.timer);
      socket.stream.removeListener('close', socket.drop);
      socket.stream.removeListener('error', socket.drop);
      socket.stream.removeListener('data', socket.drop);
      if (!socket.stream.destroyed) return socket.stream;
    }
    this.idle.delete(key);
    return undefined;
  }

  private keepIdle(key: string, stream: Duplex): void {
    const sockets = this.idle.get(key) ?? [];
    if (sockets.length >= MAX_IDLE_PER_KEY || this.idleCount >= MAX_IDLE) {
      stream.destroy();
      return;
    }
    const drop = (): void => {
      const at = sockets.findIndex(socket => socket.stream === stream);
      if (at !== -1) {
        sockets.splice(at, 1);
        this.idleCount -= 1;
        if (sockets.length === 0) this.idle.delete(key);
      }
      clearTimeout(timer);
      stream.destroy();
    };
    const timer = setTimeout(drop, IDLE_MS);
    timer.unref();
    stream.on('close', drop).on('error', drop).on('data', drop);
    sockets.push({ stream, timer, drop });
    this.idle.set(key, sockets);
    this.idleCount += 1;
  }

  private async exchange(stream: Duplex, request: WireRequest, key: string): Promise<WireResponse> {
    const startedAt = performance.now();
    const ip = remoteAddressOf(stream);
    const parser = new ResponseParser(request.isHead, { maxHead: MAX_HEAD, maxBody: request.maxBody });
    await receive(stream, request, parser);
    const durationSeconds = (performance.now() - startedAt) / 1000;
    if (parser.isReusable && request.isKeepAlive && !stream.destroyed) this.keepIdle(key, stream);
    else stream.destroy();
    await this.turn();
    return finishResponse(parser, request, durationSeconds, ip, this.turn);
  }
}

/** Milliseconds in which answers are parsed before the event loop gets its turn. */
const PARSE_MS = 6;

/** How long answers of all connections have been parsed in this turn of the event loop. */
class ParseShare {
  private spentMs = 0;

  /** Parses; true when this turn's time is used up, so that nothing more is to be read in it. */
  parse(parser: ResponseParser, data: Buffer): boolean {
    const startedAt = performance.now();
    if (this.spentMs === 0) setImmediate(() => (this.spentMs = 0));
    try {
      parser.push(data);
    } finally {
      this.spentMs += performance.now() - startedAt;
    }
    return this.spentMs > PARSE_MS;
  }
}

const parseShare = new ParseShare();

/** The connection ended before the first byte of an answer. */
class StaleConnection extends Error {}

function receive(stream: Duplex, request: WireRequest, parser: ResponseParser): Promise<void> {
  return new Promise((resolve, reject) => {
    let hasData = false;
    let isStopped = false;
    const stop = (error: Error | undefined): void => {
      isStopped = true;
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      stream.removeListener('data', onData);
      stream.removeListener('end', onEnd);
      stream.removeListener('close', onEnd);
      stream.removeListener('error', onError);
      if (error === undefined) return resolve();
      stream.once('error', () => undefined);
      stream.destroy();
      reject(error);
    };
    const onData = (data: Buffer): void => {
      hasData = true;
      try {
        const isTurnOver = parseShare.parse(parser, data);
        if (parser.isDone) stop(undefined);
        else if (isTurnOver) {
          // An answer of tiny chunks takes long to read, and a socket gives as much at once as it has.
          stream.pause();
          setImmediate(() => {
            if (!isStopped) stream.resume();
          });
        }
      } catch (error) {
        stop(error instanceof Error ? error : new ProtocolError(String(error)));
      }
    };
    const onEnd = (): void => {
      try {
        parser.end();
        stop(undefined);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        stop(hasData ? new ProtocolError(message) : new StaleConnection(message));
      }
    };
    const onError = (error: Error): void => {
      if (parser.head === undefined)
        stop(hasData ? error : Object.assign(new StaleConnection(error.message), { cause: error }));
      else onEnd();
    };
    const onAbort = (): void => stop(new Error('stopped'));
    const onTimeout = (): void => stop(new Error(`no complete answer within ${request.timeoutMs} ms`));
    const timer = setTimeout(onTimeout, request.timeoutMs);
    request.signal?.addEventListener('abort', onAbort, { once: true });
    stream.on('data', onData).once('end', onEnd).once('close', onEnd).once('error', onError);
    stream.write(Buffer.from(request.bytes, 'latin1'));
    stream.resume();
  });
}

async function finishResponse(
  parser: ResponseParser,
  request: WireRequest,
  durationSeconds: number,
  ip: string,
  turn: () => Promise<void>,
): Promise<WireResponse> {
  const { head } = parser;
  if (head === undefined) throw new ProtocolError('the answer has no head');
  const raw = parser.body();
  const decoded = await decodeBody(raw, headerValue(head.headers, 'content-encoding') ?? '', request.maxBody);
  const contentType = headerValue(head.headers, 'content-type') ?? '';
  const body = await decodeCharset(decoded.body, contentType, turn);
  return {
    ...head,
    body: bytesOfBuffer(body),
    wireLength: raw.length,
    isTruncated: parser.isTruncated || decoded.isTruncated,
    isDecoded: decoded.isDecoded,
    durationSeconds,
    ip,
  };
}
