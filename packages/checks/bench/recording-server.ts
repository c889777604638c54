/** A server on loopback that notes the exact bytes of each request, those that no HTTP server would accept too. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it came over the wire, in latin1. */
export interface RecordedRequest {
  readonly requestLine: string;
  /** Header lines as written, in their order. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** A running recorder. */
export interface Recorder {
  readonly port: number;
  readonly close: () => void;
}

/** Milliseconds after which bytes that make no whole request are taken as one. */
const PATIENCE_MS = 400;

function bodyLength(headers: readonly string[], rest: string): number | undefined {
  const value = (name: string): string | undefined =>
    headers.find(line => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim(); // prettier-ignore
  if ((value('transfer-encoding') ?? '').toLowerCase().includes('chunked')) {
    const end = rest.startsWith('0\r\n\r\n') ? 0 : rest.indexOf('\r\n0\r\n\r\n');
    return end === -1 ? undefined : end + (rest.startsWith('0\r\n\r\n') ? 5 : 7);
  }
  const length = Number.parseInt(value('content-length') ?? '0', 10) || 0;
  return rest.length >= length ? length : undefined;
}

/** The first whole request of the bytes, and how many bytes it takes; undefined while it is not complete. */
function firstRequest(bytes: string): { request: RecordedRequest; length: number } | undefined {
  const end = /\r?\n\r?\n/.exec(bytes);
  if (end === null) return undefined;
  const [requestLine = '', ...headers] = bytes.slice(0, end.index).split(/\r?\n/);
  const from = end.index + end[0].length;
  const length = bodyLength(headers, bytes.slice(from));
  if (length === undefined) return undefined;
  return {
    request: { requestLine, headers, body: bytes.slice(from, from + length) },
    length: from + length,
  };
}

/** Starts a recorder; `answer` gives the bytes to answer with. */
export async function startRecorder(
  port: number,
  answer: (request: RecordedRequest) => string,
): Promise<Recorder> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    let bytes = '';
    let timer: NodeJS.Timeout | undefined;
    sockets.add(socket);
    socket.setEncoding('latin1').setNoDelay();
    const giveUp = (): void => {
      if (bytes !== '') answer({ requestLine: bytes, headers: [], body: '' });
      socket.destroy();
    };
    socket.on('data', (chunk: string) => {
      clearTimeout(timer);
      bytes += chunk;
      for (let found = firstRequest(bytes); found !== undefined; found = firstRequest(bytes)) {
        bytes = bytes.slice(found.length);
        if (socket.writable) socket.write(Buffer.from(answer(found.request), 'latin1'));
        if (found.request.headers.some(line => /^connection:.*close/i.test(line))) socket.end();
      }
      if (bytes !== '') timer = setTimeout(giveUp, PATIENCE_MS);
    });
    socket.on('error', () => undefined).on('close', () => {
      clearTimeout(timer);
      sockets.delete(socket);
    }); // prettier-ignore
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
