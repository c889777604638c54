import type { HttpCapability, HttpResponse, InputAsset } from '@glacis/engine';
import { redirectOf } from '@glacis/foundation';
import { randomBytes } from 'node:crypto';

const MAX_SAME_ORIGIN_REDIRECTS = 5;

/** Key of the website at host:port, with the default port left out. */
export function websiteKey(isTls: boolean, host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return new URL(`${isTls ? 'https' : 'http'}://${name}:${port}`).origin;
}

/** Splits the key of an endpoint. */
export function splitEndpoint(key: string): { host: string; port: number } {
  const colon = key.lastIndexOf(':');
  return { host: key.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(key.slice(colon + 1)) };
}

/** A header's first value, or the empty string. */
export function headerOf(response: HttpResponse, name: string): string {
  return response.headers.get(name)?.[0] ?? '';
}

/** Whether the response says, or looks as if, it is an HTML page. */
export function isHtml(response: HttpResponse): boolean {
  const type = headerOf(response, 'content-type').toLowerCase();
  if (type !== '') return type.includes('html');
  return /^\s*<(!doctype html|html|head|body)/i.test(response.body.subarray(0, 200).toString('latin1'));
}

/** The body as text; invalid UTF-8 becomes the replacement character. */
export function textOf(response: HttpResponse): string {
  return response.body.toString('utf8');
}

/** What a site answers at `/`. */
export interface StartPage {
  /** The response to `/` itself. */
  readonly first: HttpResponse;
  /** The response after redirects within the site; the same as `first` when there are none. */
  readonly final: HttpResponse;
  /** Where `final` sends the visitor, when that is another origin. */
  readonly leadsTo?: URL;
}

/** Fetches `/` and follows redirects within the origin only: another origin is a website of its own. */
export async function fetchStartPage(
  http: HttpCapability,
  origin: string,
  limits: { timeoutMs: number; maxBodyBytes: number },
): Promise<StartPage> {
  const first = await http.request({ url: `${origin}/`, ...limits });
  let final = first;
  for (let hops = 0; hops < MAX_SAME_ORIGIN_REDIRECTS; hops += 1) {
    const next = redirectOf(final);
    if (!next) return { first, final };
    if (next.origin !== origin) return { first, final, leadsTo: next };
    final = await http.request({ url: next.href, ...limits });
  }
  return { first, final };
}

/** Where every path of a site leads, when its start page leads to another origin and so does a path that cannot exist. */
export async function everyPathLeadsTo(
  http: HttpCapability,
  website: InputAsset,
  timeoutMs: number,
): Promise<string | undefined> {
  const { location } = website.attributes;
  const isElsewhere = (url: URL | undefined) => url !== undefined && url.origin !== website.key;
  const start = typeof location === 'string' && URL.canParse(location) ? new URL(location) : undefined;
  if (!isElsewhere(start)) return undefined;
  const nowhere = redirectOf(
    await http.request({ url: website.key + impossiblePath(), timeoutMs, maxBodyBytes: 1024 }),
  );
  return isElsewhere(nowhere) ? nowhere?.origin : undefined;
}

/** A path that cannot exist, and differs each time, so that no answer to it can be prepared. */
export function impossiblePath(): string {
  return `/${randomBytes(9).toString('hex')}`;
}

/** Text that can be compared between two answers: what the server echoes of the path is taken out. */
export function comparableBody(response: HttpResponse): string {
  const { pathname } = new URL(response.url);
  const bare = pathname.replace(/^\/+|\/+$/g, '');
  const text = textOf(response).slice(0, 256 * 1024);
  return bare.length < 3 ? text : text.replaceAll(pathname, '').replaceAll(bare, '');
}

/** True when the dispatch-time attributes of a website say that it answers every path alike. */
export function isCatchAll(website: InputAsset): boolean {
  return website.attributes['isCatchAll'] === true;
}
