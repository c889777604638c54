import { messageOf } from '../errors.ts';
import { buildPathRequest, mergePaths, requestBytes, safePath } from '../http/build-request.ts';
import type { BuiltRequest } from '../http/build-request.ts';
import type { WireResponse } from '../http/client.ts';
import type { CookieJar } from '../http/cookies.ts';
import { digestAuthorization } from '../http/digest-auth.ts';
import type { Credentials } from '../http/digest-auth.ts';
import { headerValue } from '../http/response-parser.ts';
import type { Header } from '../http/response-parser.ts';
import { hostnameOf, parseTarget, portOf } from '../http/target.ts';
import type { Target } from '../http/target.ts';
import type { ScanServices } from './services.ts';

/** One answer of a chain of redirects. */
export interface Exchange {
  readonly request: BuiltRequest;
  /** The bytes sent. */
  readonly sent: string;
  readonly response: WireResponse;
  /** URL asked for, as a byte string. */
  readonly url: string;
}

/** How a request is to be sent. */
export interface SendOptions {
  readonly redirects: 'none' | 'any' | 'host';
  readonly maxRedirects: number;
  readonly maxBody: number;
  /** Milliseconds for one exchange. */
  readonly timeoutMs: number;
  readonly sni: string | undefined;
  /** Where to connect instead of the target. */
  readonly connectTo: Target | undefined;
  readonly jar: CookieJar | undefined;
  readonly isUnsafe: boolean;
  /** Answers a digest challenge with these. */
  readonly digest: Credentials | undefined;
}

/** A request that got no answer. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
}

const RECOVERABLE =
  /ECONNRESET|EPIPE|ETIMEDOUT|no connection to|socket hang up|closed without an answer|no complete answer/;
const PLAIN_TO_TLS = 'The plain HTTP request was sent to HTTPS port';

const pathOf = (request: BuiltRequest): string =>
  (request.requestLine.split(' ')[1] ?? '/').split('?', 1)[0] ?? '/';

function effectiveTarget(target: Target, services: ScanServices): Target {
  return target.scheme === 'http' && services.tlsUpgrades.has(`${target.host}:${portOf(target)}`)
    ? { ...target, scheme: 'https', port: portOf(target) }
    : target;
}

async function sendOnce(
  request: BuiltRequest,
  sent: string,
  options: SendOptions,
  services: ScanServices,
): Promise<WireResponse> {
  const target = effectiveTarget(options.connectTo ?? request.target, services);
  const key = `${target.host}:${portOf(target)}`;
  if (services.hostErrors.isSkipped(key)) throw new RequestFailed(`${key} is skipped after too many errors`);
  await services.rate.acquire(services.signal);
  await services.hostRate.acquire(target.host, services.signal);
  services.counters.requests += 1;
  const connection = (headerValue(request.headers, 'connection') ?? '').toLowerCase();
  try {
    const response = await services.client.send({
      host: target.host,
      port: portOf(target),
      isTls: target.scheme === 'https',
      sni: options.sni,
      bytes: sent,
      isHead: request.method === 'HEAD',
      isKeepAlive: !connection.includes('close') && !options.isUnsafe,
      timeoutMs: options.timeoutMs,
      dialTimeoutMs: services.settings.timeoutMs,
      maxBody: options.maxBody,
      signal: services.signal,
    });
    services.hostErrors.succeeded(key);
    if (response.status === 400 && response.body.slice(0, 65_536).includes(PLAIN_TO_TLS))
      services.tlsUpgrades.add(key);
    return response;
  } catch (error) {
    services.counters.errors += 1;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    services.hostErrors.failed(key, `${code} ${messageOf(error)}`);
    throw new RequestFailed(`${code} ${messageOf(error)}`.trim());
  }
}

async function sendWithRetries(
  request: BuiltRequest,
  options: SendOptions,
  services: ScanServices,
): Promise<Exchange> {
  const isTls = request.target.scheme === 'https';
  const cookie = options.jar?.headerFor(request.target.host, pathOf(request), isTls) ?? '';
  const sent = requestBytes(request, cookie);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await sendOnce(request, sent, options, services);
      options.jar?.store(response.headers, request.target.host, pathOf(request));
      const authorization = options.digest && authorizationFor(response, request, options.digest);
      if (authorization === undefined) return { request, sent, response, url: shownUrlOf(request) };
      const headers: Header[] = [...request.headers, ['Authorization', authorization]];
      return await sendWithRetries({ ...request, headers }, { ...options, digest: undefined }, services);
    } catch (error) {
      const isOver = attempt >= services.settings.retries || services.signal?.aborted === true;
      if (isOver || !RECOVERABLE.test(messageOf(error))) throw error;
    }
  }
}

/** The answer to a digest challenge; none for a request that brings an Authorization of its own. */
function authorizationFor(
  response: WireResponse,
  request: BuiltRequest,
  credentials: Credentials,
): string | undefined {
  if (request.unsafeBytes !== undefined || headerValue(request.headers, 'authorization') !== undefined)
    return undefined;
  const uri = request.requestLine.split(' ')[1] ?? '/';
  return digestAuthorization(response, { method: request.method, uri }, credentials);
}

/** The URL a request asks for. */
export function urlOfRequest(request: BuiltRequest): string {
  const path = request.requestLine.split(' ')[1] ?? '/';
  return `${request.target.scheme}://${hostnameOf(request.target)}${path}`;
}

/** The URL that results show: as the template spells it, a path of nothing left out. */
export function shownUrlOf(request: BuiltRequest): string {
  return request.shownPath === undefined
    ? urlOfRequest(request)
    : `${request.target.scheme}://${hostnameOf(request.target)}${request.shownPath}`;
}

/** The target of a Location header, resolved against the request; undefined when it leads nowhere over HTTP. */
function locationTarget(location: string, request: BuiltRequest): Target | undefined {
  const { target } = request;
  const root = `${target.scheme}://${hostnameOf(target)}`;
  const path = pathOf(request);
  const safe = location.replace(/[\x00-\x20\x7f-\xff]/g, char => safePath(char));
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(safe))
    return /^https?:\/\//i.test(safe) ? parseTarget(safe) : undefined;
  if (safe.startsWith('//')) return parseTarget(`${target.scheme}:${safe}`);
  if (safe.startsWith('/')) return parseTarget(root + safe);
  if (safe.startsWith('?')) return parseTarget(root + path + safe);
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  return parseTarget(root + mergePaths(folder, safe.replace(/^\.\//, '')));
}

const isSameHost = (left: Target, right: Target): boolean =>
  left.host.toLowerCase() === right.host.toLowerCase() && portOf(left) === portOf(right);

function redirected(exchange: Exchange, options: SendOptions): BuiltRequest | undefined {
  const { request, response } = exchange;
  const location = headerValue(response.headers, 'location');
  if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined || location === '')
    return undefined;
  const next = locationTarget(location, request);
  if (next === undefined || (options.redirects === 'host' && !isSameHost(next, request.target)))
    return undefined;
  const isKept = response.status === 307 || response.status === 308 || request.method === 'HEAD';
  const isForeign = next.host.toLowerCase() !== request.target.host.toLowerCase();
  const dropped = new Set([
    'host',
    'content-length',
    'accept-encoding',
    'cookie',
    ...(isForeign ? ['authorization'] : []),
    ...(isKept ? [] : ['content-type']),
  ]);
  const kept = request.headers.filter(([name]) => !dropped.has(name.toLowerCase()));
  // As Go does: the page that sent us, unless its TLS is left behind.
  const isDowngrade = request.target.scheme === 'https' && next.scheme === 'http';
  const hasReferer = headerValue(kept, 'referer') !== undefined;
  return buildPathRequest({
    method: isKept ? request.method : 'GET',
    url: `${next.scheme}://${hostnameOf(next)}${next.path}${next.query}`,
    headers:
      isDowngrade || hasReferer ? kept : [...kept, ['Referer', shownUrlOf(request).split('#', 1)[0] ?? '']],
    body: isKept ? request.body : '',
    target: undefined,
    extraHeaders: [],
    hasDefaults: !request.isRaw,
  });
}

/** Sends a request and follows redirects as allowed. Answers come in the order received; rejects when the first fails. */
export async function exchange(
  request: BuiltRequest,
  options: SendOptions,
  services: ScanServices,
): Promise<Exchange[]> {
  const chain = [await sendWithRetries(request, options, services)];
  const most = options.redirects === 'none' ? 0 : options.maxRedirects;
  while (chain.length <= most) {
    const last = chain.at(-1);
    const next = last === undefined ? undefined : redirected(last, options);
    if (next === undefined) break;
    // The password is for the target alone.
    const digest = last && isSameHost(next.target, last.request.target) ? options.digest : undefined;
    const further = { ...options, digest, connectTo: undefined, isUnsafe: false };
    chain.push(await sendWithRetries(next, further, services));
  }
  return chain;
}
