import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Readable } from 'node:stream';
import type { Socket } from 'node:net';
import { Agent, type buildConnector, type Dispatcher } from 'undici';
import type { Egress } from './egress.ts';
import { EgressError } from './guard.ts';
import { parseHost } from './scope.ts';
import { egressErrorOf } from './sockets.ts';

/** One request; limits have defaults. */
export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'OPTIONS';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Most redirects to follow (default 0); one out of scope is not followed and ends the request with that response. */
  readonly maxRedirects?: number;
  /** Most body bytes kept, default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** For the whole request with redirects, default 8000. A body that is not complete by then is cut. */
  readonly timeoutMs?: number;
}

/** What came back. */
export interface HttpResponse {
  /** The address of the last request, after redirects. */
  readonly url: string;
  readonly status: number;
  /** Lower-case names; several values of one name are kept apart. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** True when the body was cut, at the size limit or because time was up. */
  readonly isTruncated: boolean;
  readonly remoteAddress: string;
  readonly durationMs: number;
}

const DEFAULT_BODY_BYTES = 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 8000;
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_URL_LENGTH = 4096;
/** Connections to one origin at a time; how fast they may follow each other is the address budget's business. */
const CONNECTIONS_PER_ORIGIN = 8;

/** An HTTP/1.1 client whose every connection, redirects included, goes through the guard. */
export interface HttpClient {
  /** Requests something in scope. @throws EgressError */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Requests a configured look-up service, certificates verified, redirects only within its origin. @throws EgressError */
  service(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** @param options.userAgent says who is asking; sent with every request that does not bring its own. */
export function createHttpClient(egress: Egress, options: { userAgent: string }): HttpClient {
  const targets = createAgent(async url => {
    const host = parseHost(url.hostname);
    const target = { host: url.hostname, port: portOf(url), timeoutMs: DEFAULT_TIMEOUT_MS, isPaid: true };
    if (url.protocol !== 'https:') return egress.connect(target);
    const serverName = host?.kind === 'name' ? { serverName: host.value } : {};
    return egress.connectTls({ ...target, tls: { ...serverName, alpn: ['http/1.1'] } });
  });
  const services = createAgent(url => egress.connectService(url, DEFAULT_TIMEOUT_MS));
  const userAgent = options.userAgent;

  return {
    async request(request) {
      return follow(
        request,
        async (current, deadline) => {
          const url = parseTargetUrl(current.url);
          const [address = ''] = await egress.addressesOf(url.hostname);
          await egress.take(address, 1);
          return send(targets, egress.signal, { ...current, userAgent, url, address, deadline });
        },
        next => egress.verdict(next.hostname).isAllowed,
      );
    },
    async service(request) {
      const { origin } = parseTargetUrl(request.url);
      return follow(
        request,
        (current, deadline) =>
          send(services, egress.signal, {
            ...current,
            userAgent,
            url: parseTargetUrl(current.url),
            address: '',
            deadline,
          }),
        next => next.origin === origin,
      );
    },
    async close() {
      await Promise.all([targets.destroy(), services.destroy()]);
    },
  };
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

function parseTargetUrl(text: string): URL {
  const url = text.length <= MAX_URL_LENGTH && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new EgressError('protocol', `Not an HTTP address: ${text.slice(0, 100)}`);
  return url;
}

function createAgent(connect: (url: URL) => Promise<Socket>): Agent {
  return new Agent({
    connections: CONNECTIONS_PER_ORIGIN,
    pipelining: 1,
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 10_000,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (options, callback) => void hand(connect, options, callback),
  });
}

async function hand(
  connect: (url: URL) => Promise<Socket>,
  { protocol, hostname, port }: buildConnector.Options,
  callback: buildConnector.Callback,
): Promise<void> {
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  let socket: Socket;
  try {
    socket = await connect(new URL(`${protocol}//${host}${port ? `:${port}` : ''}`));
  } catch (error) {
    callback(egressErrorOf(error), null);
    return;
  }
  callback(null, socket);
}

async function follow(
  request: HttpRequest,
  once: (request: HttpRequest, deadline: number) => Promise<HttpResponse>,
  mayFollow: (next: URL) => boolean,
): Promise<HttpResponse> {
  const startedAt = performance.now();
  const deadline = startedAt + (request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  let current = request;
  for (let hops = 0; ; hops += 1) {
    const response = await once(current, deadline);
    const next = redirectOf(response);
    const isEnd = !next || hops >= (request.maxRedirects ?? 0) || !mayFollow(next);
    if (isEnd) return { ...response, durationMs: performance.now() - startedAt };
    const { body: _body, ...rest } = current;
    const method = response.status === 307 || response.status === 308 ? request.method : undefined;
    current = method === 'POST' ? { ...current, url: next.href } : { ...rest, method: 'GET', url: next.href };
  }
}

/** Where a redirect response leads; undefined when it is none or not to HTTP. */
export function redirectOf(response: Pick<HttpResponse, 'url' | 'status' | 'headers'>): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const location = response.headers.get('location')?.[0];
  if (location === undefined || location.length > MAX_URL_LENGTH || !URL.canParse(location, response.url))
    return undefined;
  const url = new URL(location, response.url);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
}

interface Sending extends Omit<HttpRequest, 'url'> {
  readonly url: URL;
  readonly address: string;
  readonly userAgent: string;
  readonly deadline: number;
}

async function send(agent: Agent, cancel: AbortSignal, sending: Sending): Promise<HttpResponse> {
  const { url, method = 'GET', headers = {}, body, address } = sending;
  const controller = new AbortController();
  const onCancel = () => controller.abort(new EgressError('cancelled', 'The scan was cancelled.'));
  const leftMs = Math.max(0, sending.deadline - performance.now());
  const timer = setTimeout(
    () => controller.abort(new EgressError('timeout', `No answer from ${url.host} in time.`)),
    leftMs,
  );
  cancel.addEventListener('abort', onCancel, { once: true });
  if (cancel.aborted) onCancel();
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: { 'user-agent': sending.userAgent, accept: '*/*', 'accept-encoding': 'gzip, br', ...headers },
      ...(body === undefined ? {} : { body }),
      signal: controller.signal,
    });
    const content = await readBody(answer, sending.maxBodyBytes ?? DEFAULT_BODY_BYTES);
    return {
      url: url.href,
      status: answer.statusCode,
      headers: headersOf(answer.headers),
      ...content,
      remoteAddress: address,
      durationMs: 0,
    };
  } catch (error) {
    const { reason } = controller.signal;
    throw reason instanceof EgressError ? reason : httpErrorOf(error);
  } finally {
    clearTimeout(timer);
    cancel.removeEventListener('abort', onCancel);
  }
}

function httpErrorOf(error: unknown): EgressError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'UND_ERR_SOCKET') return new EgressError('reset', 'The connection broke.', { cause: error });
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return new EgressError('limit', 'The response headers are too large.', { cause: error });
  return egressErrorOf(error);
}

function headersOf(raw: Dispatcher.ResponseData['headers']): Map<string, readonly string[]> {
  const headers = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(raw))
    if (value !== undefined) headers.set(name.toLowerCase(), Array.isArray(value) ? value : [value]);
  return headers;
}

/** Reads and unpacks at most `maxBytes`; what is cut, broken or late keeps what came before. */
async function readBody(answer: Dispatcher.ResponseData, maxBytes: number) {
  const encoding = String(answer.headers['content-encoding'] ?? '').toLowerCase();
  const decoder =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip()
      : encoding === 'br'
        ? createBrotliDecompress()
        : encoding === 'deflate'
          ? createInflate()
          : undefined;
  const source: Readable = answer.body;
  source.on('error', error => decoder?.destroy(error));
  const stream: Readable = decoder ? source.pipe(decoder) : source;
  const chunks: Buffer[] = [];
  let size = 0;
  let isTruncated = false;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const room = maxBytes - size;
      chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      size += Math.min(chunk.length, room);
      if (chunk.length > room) {
        isTruncated = true;
        break;
      }
    }
  } catch (error) {
    if (error instanceof EgressError && error.code === 'cancelled') throw error;
    isTruncated = true;
  } finally {
    source.destroy();
    decoder?.destroy();
  }
  return { body: Buffer.concat(chunks), isTruncated };
}
