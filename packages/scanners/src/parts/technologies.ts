import type { HttpResponse } from '@glacis/engine';
import { fingerprints, tokenNames, type Fingerprint, type Sign } from '../data/technologies.ts';
import type { Page } from './page.ts';
import { textOf } from './site.ts';

/** A product that a site shows. */
export interface Technology {
  readonly product: string;
  readonly version?: string;
}

/** Headers that name their software as product tokens. */
const TOKEN_HEADERS = ['server', 'x-powered-by'] as const;
const MAX_HEADER_LENGTH = 500;
const MAX_BODY_LENGTH = 256 * 1024;
/** Server values that name no product. */
const NO_PRODUCTS = new Set(['server', 'webserver', 'httpd', 'unknown', 'none', 'web']);

/** Key of a technology asset: `product` or `product/version`. */
export function technologyKey({ product, version }: Technology): string {
  return version === undefined ? product : `${product}/${version}`;
}

/** Products that a response and its page show, sorted by key; of one product only the entry with a version. */
export function technologiesOf(response: HttpResponse, page: Page | undefined): Technology[] {
  const found = new Map<string, Technology>();
  const add = (technology: Technology) => {
    const known = found.get(technology.product);
    if (known?.version === undefined) found.set(technology.product, technology);
  };
  for (const name of TOKEN_HEADERS)
    for (const value of response.headers.get(name) ?? []) for (const each of tokensOf(value)) add(each);
  const body = page ? textOf(response).slice(0, MAX_BODY_LENGTH) : '';
  const cookies = (response.headers.get('set-cookie') ?? []).map(
    cookie => cookie.split('=', 1)[0]?.trim() ?? '',
  );
  for (const fingerprint of fingerprints) {
    const technology = match(fingerprint, { response, page, body, cookies });
    if (technology) add(technology);
  }
  return [...found.values()].sort((left, right) => (technologyKey(left) < technologyKey(right) ? -1 : 1));
}

/** `Apache/2.4.29 (Ubuntu) OpenSSL/1.1.1` → apache/2.4.29, openssl/1.1.1; comments in parentheses say no product. */
function tokensOf(value: string): Technology[] {
  const text = value.slice(0, MAX_HEADER_LENGTH).replace(/\([^)]{0,200}\)/g, ' ');
  const tokens: Technology[] = [];
  for (const word of text.split(/[\s,]+/).slice(0, 10)) {
    const token = /^([A-Za-z][\w.+-]{0,60})(?:\/v?(\d[\w.]{0,30})\S{0,100})?$/.exec(word);
    if (!token?.[1]) continue;
    const name = token[1].toLowerCase().replaceAll('_', '-');
    const product = tokenNames[name] ?? name;
    if (NO_PRODUCTS.has(product)) continue;
    tokens.push(token[2] === undefined ? { product } : { product, version: token[2] });
  }
  return tokens;
}

interface Seen {
  readonly response: HttpResponse;
  readonly page: Page | undefined;
  readonly body: string;
  readonly cookies: readonly string[];
}

function match(fingerprint: Fingerprint, seen: Seen): Technology | undefined {
  let isSeen = false;
  for (const sign of fingerprint.signs) {
    const version = versionBy(sign, seen);
    if (version === undefined) continue;
    if (version !== '') return { product: fingerprint.product, version };
    isSeen = true;
  }
  return isSeen ? { product: fingerprint.product } : undefined;
}

/** The version, the empty string when the sign is there without one, undefined when it is not there. */
function versionBy(sign: Sign, seen: Seen): string | undefined {
  if (sign.in === 'header') {
    const value = seen.response.headers.get(sign.name)?.[0];
    if (value === undefined) return undefined;
    return sign.pattern ? versionIn(sign.pattern, value.slice(0, MAX_HEADER_LENGTH)) : '';
  }
  if (sign.in === 'cookie') return seen.cookies.some(cookie => sign.name.test(cookie)) ? '' : undefined;
  if (sign.in === 'body') return versionIn(sign.pattern, seen.body);
  if (sign.in === 'meta') return versionIn(sign.pattern, seen.page?.meta.get(sign.name) ?? '');
  const versions = (seen.page?.scripts ?? []).map(script => versionIn(sign.pattern, script));
  return versions.find(version => version) ?? versions.find(version => version !== undefined);
}

function versionIn(pattern: RegExp, text: string): string | undefined {
  const found = pattern.exec(text);
  return found ? (found[1] ?? '') : undefined;
}
