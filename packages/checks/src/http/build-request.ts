import { randomInt } from 'node:crypto';
import { headerValue } from './response-parser.ts';
import type { Header } from './response-parser.ts';
import { hostHeaderOf, parseTarget, portOf } from './target.ts';
import type { Target } from './target.ts';

/** A request ready to be written. Texts are byte strings. */
export interface BuiltRequest {
  readonly method: string;
  /** Where the connection goes and what relative redirects are resolved against. */
  readonly target: Target;
  readonly requestLine: string;
  readonly headers: readonly Header[];
  readonly body: string;
  /** Sent as it is instead of request line, headers and body. */
  readonly unsafeBytes: string | undefined;
  readonly isRaw: boolean;
  /** What stands behind the host in the URL that results show, where it is not the path of the request line. */
  readonly shownPath?: string;
}

const BROWSERS = [
  'Chrome/124.0.0.0 Safari/537.36',
  'Chrome/131.0.0.0 Safari/537.36',
  'Chrome/138.0.0.0 Safari/537.36',
];
const SYSTEMS = ['Windows NT 10.0; Win64; x64', 'Macintosh; Intel Mac OS X 10_15_7', 'X11; Linux x86_64'];

/** A plausible browser's User-Agent, another one each time. */
export function randomUserAgent(): string {
  const [browser, system] = [
    BROWSERS[randomInt(BROWSERS.length)] ?? '',
    SYSTEMS[randomInt(SYSTEMS.length)] ?? '',
  ];
  return `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) ${browser}`;
}

const percent = (char: string): string =>
  `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** One invalid escape turns every `%` of a path into text. */
const plainPercents = (path: string): string =>
  /%(?![0-9a-fA-F]{2})/.test(path) ? path.replaceAll('%', '%25') : path;

/**
 * Makes a rendered path fit a request line as Go's net/url does: a path of allowed characters goes out as written, any other
 * is decoded and encoded anew.
 */
export function safePath(path: string): string {
  const mended = plainPercents(path);
  if (!/[^A-Za-z0-9\-_.~!$&'()*+,;=:@[\]%/]/.test(mended)) return mended;
  const decoded = mended.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decoded.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@]/g, percent);
}

/** Makes a rendered query fit a request line: spaces become `+`, controls and non-ASCII bytes are percent-encoded; an invalid escape stays. */
export function safeQuery(query: string): string {
  return query.replaceAll(' ', '+').replace(/[\x00-\x20\x7f-\xff]/g, char => percent(char).toLowerCase());
}

function splitQuery(path: string): [path: string, query: string] {
  const withoutFragment = path.split('#', 1)[0] ?? '';
  const mark = withoutFragment.indexOf('?');
  return mark === -1
    ? [withoutFragment, '']
    : [withoutFragment.slice(0, mark), withoutFragment.slice(mark + 1)];
}

/**
 * Joins the target's query and the template's, the target's first; parameters of one name stand together, and empty ones are
 * dropped. `isBare` also drops the `=` of a parameter without a value and keeps an empty one behind another.
 */
export function mergeQueries(target: string, template: string, isBare: boolean): string {
  const groups = new Map<string, string[]>();
  const joined = [target.replace(/^\?/, ''), template]
    .flatMap(part => (isBare ? part.replace(/^&+|&+$/g, '').split(/&(?!&)/) : part.split('&')))
    .filter(part => part !== '');
  if (joined.length === 0) return '';
  for (const part of joined) {
    const name = (part.split('=', 1)[0] ?? '').replace(/&+$/, '');
    const shown = isBare && part === `${name}=` ? name : part;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [shown]);
    else group.push(shown);
  }
  return `?${safeQuery([...groups.values()].flat().join('&'))}`;
}

/** Appends a raw request's path to the target's, without doubling a part both have, never normalising either. */
export function mergePaths(target: string, template: string): string {
  if (template === '' || template === '/') return target === '' ? '/' : target;
  if (target === '') return template.startsWith('/') ? template : `/${template}`;
  let added = target.endsWith('/') && template.startsWith('/') ? template.replace(/^\/+/, '') : template;
  if (!target.endsWith('/') && !added.startsWith('/')) added = `/${added}`;
  if (target === added || (target.length > added.length && target.endsWith(added))) return target;
  return added.startsWith(target) ? added : target + added;
}

const has = (headers: readonly Header[], name: string): boolean => headerValue(headers, name) !== undefined;

/** Later headers of one name (any case) replace earlier ones, at the place of the first. */
function lastWins(headers: readonly Header[]): Header[] {
  const byName = new Map<string, Header>();
  for (const header of headers) byName.set(header[0].toLowerCase(), header);
  return [...byName.values()];
}

const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH']);

function contentLength(method: string, headers: readonly Header[], body: string): Header[] {
  const isChunked = (headerValue(headers, 'transfer-encoding') ?? '').toLowerCase().includes('chunked');
  if (isChunked || (body === '' && !BODY_METHODS.has(method))) return [];
  return [['Content-Length', String(body.length)]];
}

function acceptEncoding(method: string, headers: readonly Header[]): Header[] {
  // Go looks for the canonical spelling alone.
  const isLeftOut = headers.some(([name]) => name === 'Accept-Encoding' || name === 'Range');
  return isLeftOut || method === 'HEAD' ? [] : [['Accept-Encoding', 'gzip']];
}

/** The parts of a path-style request, rendered. */
export interface PathRequestParts {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly Header[];
  readonly body: string;
  /** Target whose query joins the URL's; undefined for self-contained templates. */
  readonly target: Target | undefined;
  /** Headers of the scan (`-H`), which replace the template's. */
  readonly extraHeaders: readonly Header[];
  /** User-Agent of requests that name none; a browser's when absent. */
  readonly userAgent?: string | undefined;
  /** False leaves out Accept and Accept-Language, for what follows a raw request. */
  readonly hasDefaults?: boolean;
}

/** Spaces of a query become `+`, of a path `%20`: the target parser takes neither. */
function encodeControls(url: string): string {
  const mark = url.indexOf('?');
  const [path, query] = mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark)];
  return plainPercents(path).replace(/[\x00-\x20\x7f-\xff]/g, percent) + safeQuery(query);
}

/** A header's value as Go writes it: one line, no blanks around. A loop, because a pattern would be slow on many blanks. */
function lineOf(value: string): string {
  const isBlank = (at: number): boolean => ' \t\r\n'.includes(value[at] ?? 'x');
  let [start, end] = [0, value.length];
  while (start < end && isBlank(start)) start += 1;
  while (end > start && isBlank(end - 1)) end -= 1;
  return value.slice(start, end).replace(/[\r\n]/g, ' ');
}

/** Builds a path-style request from a rendered URL; undefined when the URL is none. */
export function buildPathRequest(parts: PathRequestParts): BuiltRequest | undefined {
  const at = parseTarget(encodeControls(parts.url));
  if (at === undefined || !['http', 'https'].includes(at.scheme)) return undefined;
  const [path, query] = splitQuery(at.path + at.query);
  const merged = mergeQueries(parts.target?.query ?? '', query, true);
  const requestPath = safePath(path === '' ? '/' : path) + merged;
  const mark = parts.url.indexOf('#');
  const given = lastWins([...parts.headers, ...parts.extraHeaders]).map(([name, value]): Header => [
    name,
    lineOf(value),
  ]);
  const host = headerValue(given, 'host') ?? hostHeaderOf(at);
  const rest = given.filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase()));
  const defaults: Header[] = [];
  if (!has(given, 'user-agent')) defaults.push(['User-Agent', parts.userAgent ?? randomUserAgent()]);
  const hasDefaults = parts.hasDefaults !== false;
  if (hasDefaults && !has(given, 'accept')) defaults.push(['Accept', '*/*']);
  if (hasDefaults && !has(given, 'accept-language')) defaults.push(['Accept-Language', 'en']);
  const all = [...defaults, ...rest];
  return {
    method: parts.method,
    target: at,
    requestLine: `${parts.method} ${requestPath} HTTP/1.1`,
    headers: [
      ['Host', host],
      ...all,
      ...contentLength(parts.method, all, parts.body),
      ...acceptEncoding(parts.method, all),
    ],
    body: parts.body,
    unsafeBytes: undefined,
    isRaw: !hasDefaults,
    shownPath: (path === '' ? '' : safePath(path)) + merged + (mark === -1 ? '' : parts.url.slice(mark)),
  };
}

interface ParsedRaw {
  readonly method: string;
  readonly path: string;
  readonly headers: Header[];
  readonly body: string;
  /** Everything behind the request line, as written. */
  readonly rest: string;
  readonly version: string;
}

function parseRaw(text: string): ParsedRaw | undefined {
  const lineEnd = text.search(/\r?\n/);
  const line = (lineEnd === -1 ? text : text.slice(0, lineEnd)).trim();
  const rest = lineEnd === -1 ? '' : text.slice(lineEnd).replace(/^\r?\n/, '');
  let parts = line.split(' ');
  if (parts.length === 2 && parts[1]?.includes('HTTP') === true) parts = [parts[0] ?? '', '', parts[1] ?? ''];
  if (parts.length < 2) return undefined;
  const separator = /^\r?\n|\r?\n\r?\n/.exec(rest);
  const head = separator === null ? rest : rest.slice(0, separator.index);
  const headers: Header[] = head.split(/\r?\n/).flatMap((item): Header[] => {
    const colon = item.indexOf(':');
    return colon <= 0 ? [] : [[item.slice(0, colon).trim(), item.slice(colon + 1).trim()]];
  });
  const body = separator === null ? '' : rest.slice(separator.index + separator[0].length);
  return {
    method: parts[0] ?? 'GET',
    path: parts[1] ?? '',
    version: parts[2] ?? 'HTTP/1.1',
    headers,
    body,
    rest,
  };
}

/** The relative path of a raw request line: an absolute URL loses its scheme and host. */
function relativePath(path: string): string {
  return path.replace(/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]*/, '');
}

/** How a raw request meets its target. */
export interface RawRequestParts {
  readonly text: string;
  /** Undefined for a self-contained template, whose request line or Host header names the host. */
  readonly target: Target | undefined;
  readonly isUnsafe: boolean;
  readonly isAutomergeOff: boolean;
  readonly extraHeaders: readonly Header[];
  /** User-Agent of requests that name none; a browser's when absent. */
  readonly userAgent?: string | undefined;
}

function targetOfRaw(raw: ParsedRaw): Target | undefined {
  if (/^https?:\/\//i.test(raw.path)) return parseTarget(raw.path);
  const host = headerValue(raw.headers, 'host');
  return host === undefined ? undefined : parseTarget(`https://${host}`);
}

function unsafeRequest(raw: ParsedRaw, target: Target, path: string, text: string): BuiltRequest {
  // Only the path of the request line changes: whatever else stands in it is meant.
  const at = text.indexOf(raw.path, raw.method.length);
  const end = /\r?\n/.test(text) ? '' : '\r\n\r\n';
  const unsafeBytes = text.slice(0, at) + path + text.slice(at + raw.path.length) + end;
  return {
    method: raw.method,
    target,
    requestLine: `${raw.method} ${path} ${raw.version}`,
    headers: raw.headers,
    body: raw.body,
    unsafeBytes,
    isRaw: true,
  };
}

/** Builds a raw request from its rendered text; undefined when it has no request line or no host. */
export function buildRawRequest(parts: RawRequestParts): BuiltRequest | undefined {
  const raw = parseRaw(parts.text);
  const target = raw === undefined ? undefined : (parts.target ?? targetOfRaw(raw));
  if (raw === undefined || target === undefined) return undefined;
  const [path, query] = splitQuery(relativePath(raw.path));
  const own = path === '' && query === '' ? '' : path;
  const isMerged = parts.target !== undefined && !parts.isAutomergeOff;
  const merged = isMerged ? mergePaths(target.path, own) : own.startsWith('/') ? own : `/${own}`;
  const hash = raw.path.indexOf('#');
  const fragment = hash === -1 ? '' : raw.path.slice(hash);
  const hasQuestion = raw.path.slice(0, hash === -1 ? undefined : hash).includes('?');
  if (parts.isUnsafe) {
    const isKept = raw.path === '' || /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(raw.path);
    const unsafeQuery = [parts.target?.query.replace(/^\?/, '') ?? '', query]
      .flatMap(part => part.split('&').filter(pair => pair !== ''))
      .map(pair => (pair.includes('=') ? pair : `${pair}=`))
      .join('&');
    const unsafePath =
      (isMerged && target.path !== '' ? merged : path) + (unsafeQuery && `?${unsafeQuery}`) + fragment;
    return unsafeRequest(raw, target, isKept ? raw.path : unsafePath, parts.text);
  }
  const full =
    safePath(merged) + (mergeQueries(parts.target?.query ?? '', query, false) || (hasQuestion ? '?' : ''));
  const headers = lastWins([...raw.headers, ...parts.extraHeaders]);
  const host = headerValue(headers, 'host') ?? hostHeaderOf(target);
  const isOwnPort = host.endsWith(target.scheme === 'https' ? ':443' : ':80') && !host.endsWith(']');
  const isMultipart = (headerValue(headers, 'content-type') ?? '').toLowerCase().startsWith('multipart/');
  const body = isMultipart ? raw.body : raw.body.replace(/\r\n$/, '');
  const rest = headers.filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase()));
  const agent: Header[] = has(rest, 'user-agent')
    ? []
    : [['User-Agent', parts.userAgent ?? randomUserAgent()]];
  const all = [...agent, ...rest];
  const bare = isOwnPort && host === `${target.host}:${portOf(target)}` ? target.host : host;
  return {
    method: raw.method,
    target,
    requestLine: `${raw.method} ${full} HTTP/1.1`,
    headers: [
      ['Host', bare],
      ...all,
      ...contentLength(raw.method, all, body),
      ...acceptEncoding(raw.method, all),
    ],
    body,
    unsafeBytes: undefined,
    isRaw: true,
  };
}

/** What goes over the wire; `cookie` is added unless the request has a Cookie header of its own. */
export function requestBytes(request: BuiltRequest, cookie: string): string {
  if (request.unsafeBytes !== undefined) return request.unsafeBytes;
  const own = headerValue(request.headers, 'cookie');
  const headers = request.headers.map(([name, value]): string => {
    const isCookie = name.toLowerCase() === 'cookie' && cookie !== '';
    return `${name}: ${isCookie ? `${value}; ${cookie}` : value}\r\n`;
  });
  if (own === undefined && cookie !== '') headers.push(`Cookie: ${cookie}\r\n`);
  return `${request.requestLine}\r\n${headers.join('')}\r\n${request.body}`;
}
