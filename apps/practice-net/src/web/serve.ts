import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Site } from '../world/site.ts';
import type { WebService } from '../world/world.ts';
import { errorPage } from './error-pages.ts';
import { HTML } from './page.ts';
import type { Page } from './page.ts';
import { cookieHeaders, siteHeaders } from './response-headers.ts';
import type { HeaderList } from './response-headers.ts';
import { findPage } from './site-pages.ts';

/** A slow site thinks for so long before each page. */
export const SLOW_ANSWER_MS = 1500;
/** An endless answer ends here at the latest: 8 GiB. */
const ENDLESS_BYTES = 8 * 1024 ** 3;
/** A connection without a request is closed after this time. */
const KEEP_ALIVE_MS = 10_000;
/** A connection on which nothing moves is closed after this time. */
const IDLE_MS = 30_000;
/** Most bytes of a request body that are read; they are thrown away. */
const MOST_BODY_BYTES = 64 * 1024;

const endlessChunk = Buffer.alloc(64 * 1024, '<p>More of the same, and no end in sight.</p>\n');

/** Finds the service that a connection came to. */
export type ServiceLookup = (request: IncomingMessage) => { service: WebService; isTls: boolean } | undefined;

function hostOf(request: IncomingMessage): string {
  const host = request.headers.host ?? '';
  return /^[a-z0-9.-]{1,253}(:\d{1,5})?$/i.test(host) ? host.toLowerCase() : 'localhost';
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: HeaderList,
  body: string | Buffer,
): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const fields = [...headers, ['Content-Length', String(bytes.length)] as const];
  response.writeHead(status, fields.flat());
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

function sendEndless(request: IncomingMessage, response: ServerResponse, headers: HeaderList): void {
  response.writeHead(200, [...headers, ['Content-Type', HTML] as const].flat());
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  let sent = 0;
  response.write('<!doctype html><html lang="en"><head><title>Bulk data</title></head><body>\n');
  const push = (): void => {
    while (!response.destroyed) {
      if (sent >= ENDLESS_BYTES) {
        response.end('</body></html>\n');
        return;
      }
      sent += endlessChunk.length;
      if (!response.write(endlessChunk)) {
        response.once('drain', push);
        return;
      }
    }
  };
  push();
}

function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  site: Site,
  page: Page,
  isTls: boolean,
): void {
  const host = hostOf(request);
  const [, query = ''] = (request.url ?? '/').split('?', 2);
  const isMarkup = page.mediaType === HTML;
  const headers: HeaderList = [
    ...siteHeaders(site, isTls),
    ['Content-Type', page.mediaType],
    ...(isMarkup ? cookieHeaders(site) : []),
    ...(page.headers ?? []),
  ];
  const body = page.body(new URLSearchParams(query), `${isTls ? 'https' : 'http'}://${host}`);
  send(request, response, page.status ?? 200, headers, body);
}

function answer(request: IncomingMessage, response: ServerResponse, site: Site, isTls: boolean): void {
  const base = siteHeaders(site, isTls);
  const method = request.method ?? 'GET';
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const fail = (status: number): void =>
    send(
      request,
      response,
      status,
      [...base, ['Content-Type', HTML]],
      errorPage(site.software, status, method, path),
    );
  if (site.behaviour === 'unavailable') {
    fail(503);
  } else if (site.behaviour === 'redirect') {
    const location = `${site.redirectTo ?? ''}${request.url?.startsWith('/') === true ? request.url : '/'}`;
    send(request, response, 301, [...base, ['Location', location], ['Content-Type', HTML]], 'Moved\n');
  } else if (site.behaviour === 'endless' && path === '/') {
    sendEndless(request, response, base);
  } else if (method === 'OPTIONS') {
    send(request, response, 204, [...base, ['Allow', 'GET, HEAD, POST, OPTIONS']], '');
  } else if (method === 'POST') {
    send(request, response, 303, [...base, ['Location', path], ['Content-Type', HTML]], 'See other\n');
  } else if (method !== 'GET' && method !== 'HEAD') {
    fail(405);
  } else {
    const page = findPage(site, path);
    if (page === undefined) fail(404);
    else sendPage(request, response, site, page, isTls);
  }
}

/** The one HTTP server that answers for every site; connections are handed to it by the listeners. */
export function createWebServer(lookUp: ServiceLookup): Server {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const found = lookUp(request);
    if (found === undefined) {
      request.socket.destroy();
      return;
    }
    const { service, isTls } = found;
    const name = hostOf(request).split(':', 1)[0] ?? '';
    const site = service.sitesByHost?.[name] ?? service.site;
    let received = 0;
    request.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > MOST_BODY_BYTES) request.destroy();
    });
    response.on('error', () => response.destroy());
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    // Pages take their time; files and errors come at once, as from a server in front of a slow program.
    if (site.behaviour === 'slow' && findPage(site, path)?.mediaType === HTML) {
      const timer = setTimeout(() => answer(request, response, site, isTls), SLOW_ANSWER_MS);
      response.on('close', () => clearTimeout(timer));
    } else {
      answer(request, response, site, isTls);
    }
  });
  server.setTimeout(IDLE_MS);
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  return server;
}
