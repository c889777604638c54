import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Egress } from './egress.ts';
import { EgressError } from './guard.ts';
import { egressErrorOf } from './sockets.ts';

/** A forward proxy on loopback; lives for one browser run. */
export interface GuardedProxy {
  /** `http://127.0.0.1:PORT`, for the browser's `--proxy-server`. */
  readonly url: string;
  /** Hosts that the guard refused, sorted, at most 100. */
  readonly refusedHosts: readonly string[];
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 8000;
const IDLE_TIMEOUT_MS = 20_000;
/** Most bytes that one run may fetch. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_REFUSED_KEPT = 100;

/** Headers of one hop, which a proxy does not pass on (RFC 9110, 7.6.1). */
const HOP_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Starts a proxy that lets a browser reach what the guard allows and nothing else, sub-resources and redirects included. */
export async function createGuardedProxy(egress: Egress): Promise<GuardedProxy> {
  const refused = new Set<string>();
  const sockets = new Set<Duplex>();
  let fetchedBytes = 0;

  function count(bytes: Buffer): void {
    fetchedBytes += bytes.length;
    if (fetchedBytes > MAX_BYTES) for (const socket of sockets) socket.destroy();
  }
  function keep(socket: Duplex): void {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  }
  async function open(host: string, port: number): Promise<Socket> {
    try {
      const socket = await egress.connect({ host, port, timeoutMs: CONNECT_TIMEOUT_MS });
      keep(socket);
      socket.on('data', count);
      socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
      return socket;
    } catch (error) {
      const { code } = egressErrorOf(error);
      const isRefusal = code === 'out-of-scope' || code === 'forbidden-address';
      if (isRefusal && refused.size < MAX_REFUSED_KEPT) refused.add(host.slice(0, 255));
      throw error;
    }
  }

  const server = createServer((request, response) => {
    forward(request, response, open).catch((error: unknown) => answerError(response, error));
  });
  server.on('connection', keep);
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnel(request, client, head, open).catch(() => client.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  });
  server.on('upgrade', (_request, client: Duplex) => client.end('HTTP/1.1 501 Not Implemented\r\n\r\n'));
  server.on('clientError', (_error, client: Duplex) => client.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });

  const close = async () => {
    egress.signal.removeEventListener('abort', onAbort);
    for (const socket of sockets) socket.destroy();
    await new Promise<void>(resolve => server.close(() => resolve()));
  };
  const onAbort = () => void close();
  egress.signal.addEventListener('abort', onAbort, { once: true });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get refusedHosts() {
      return [...refused].sort();
    },
    close,
  };
}

type Open = (host: string, port: number) => Promise<Socket>;

async function forward(request: IncomingMessage, response: ServerResponse, open: Open): Promise<void> {
  const text = request.url ?? '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:') throw new EgressError('protocol', 'This proxy expects absolute addresses.');
  const socket = await open(url.hostname, url.port === '' ? 80 : Number(url.port));
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !HOP_HEADERS.has(name)),
  );
  await new Promise<void>((resolve, reject) => {
    const outgoing = sendRequest(
      {
        createConnection: () => socket,
        method: request.method ?? 'GET',
        path: url.pathname + url.search,
        headers: { ...headers, host: url.host, connection: 'close' },
      },
      incoming => {
        const kept = incoming.rawHeaders.flatMap((name, index, all) =>
          index % 2 === 0 && !HOP_HEADERS.has(name.toLowerCase()) ? [name, all[index + 1] ?? ''] : [],
        );
        response.writeHead(incoming.statusCode ?? 502, kept);
        incoming.pipe(response);
        incoming.once('end', resolve);
        incoming.once('error', reject);
        response.once('close', () => socket.destroy());
      },
    );
    outgoing.once('error', reject);
    request.pipe(outgoing);
  });
}

async function tunnel(request: IncomingMessage, client: Duplex, head: Buffer, open: Open): Promise<void> {
  const match = /^(\[[0-9a-fA-F:.]{2,45}\]|[^\s:/]{1,253}):(\d{1,5})$/.exec(request.url ?? '');
  if (!match?.[1]) throw new EgressError('protocol', 'This proxy expects host:port.');
  const socket = await open(match[1], Number(match[2]));
  client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  if (head.length > 0) socket.write(head);
  client.pipe(socket).pipe(client);
  client.once('close', () => socket.destroy());
  socket.once('close', () => client.destroy());
}

function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { code } = egressErrorOf(error);
  response.writeHead(code === 'out-of-scope' || code === 'forbidden-address' ? 403 : 502, {
    'content-type': 'text/plain',
  });
  response.end(`Not fetched: ${code}.`);
}
