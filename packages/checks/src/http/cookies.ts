import type { Header } from './response-parser.ts';

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isSecure: boolean;
}

const MAX_COOKIES = 200;
const MAX_COOKIE = 8192;

function attribute(parts: readonly string[], name: string): string | undefined {
  for (const part of parts) {
    const [key = '', ...value] = part.split('=');
    if (key.trim().toLowerCase() === name) return value.join('=').trim();
  }
  return undefined;
}

function isExpired(parts: readonly string[]): boolean {
  const maxAge = attribute(parts, 'max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  const expires = Date.parse(attribute(parts, 'expires') ?? '');
  return !Number.isNaN(expires) && expires <= Date.now();
}

/** `name=value` of a Set-Cookie line; undefined when it is none. */
export function cookiePair(line: string): [name: string, value: string] | undefined {
  const pair = line.split(';', 1)[0] ?? '';
  const equals = pair.indexOf('=');
  return equals <= 0 ? undefined : [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
}

/** The cookies of one template run against one target. */
export class CookieJar {
  private cookies: Cookie[] = [];

  /** Takes the Set-Cookie headers of a response from `host` and `path`. */
  store(headers: readonly Header[], host: string, path: string): void {
    for (const [name, line] of headers) {
      if (name.toLowerCase() !== 'set-cookie' || line.length > MAX_COOKIE) continue;
      const pair = cookiePair(line);
      if (pair !== undefined) this.add(pair, line.split(';').slice(1), host.toLowerCase(), path);
    }
  }

  private add([name, value]: [string, string], parts: readonly string[], host: string, path: string): void {
    const domain = (attribute(parts, 'domain') ?? '').replace(/^\./, '').toLowerCase();
    if (domain !== '' && host !== domain && !host.endsWith(`.${domain}`)) return;
    const given = attribute(parts, 'path');
    const folder = path.slice(0, Math.max(path.lastIndexOf('/'), 0)) || '/';
    const cookie: Cookie = {
      name,
      value,
      host: domain === '' ? host : domain,
      isHostOnly: domain === '',
      path: given?.startsWith('/') === true ? given : folder,
      isSecure: attribute(parts, 'secure') !== undefined,
    };
    const same = (other: Cookie): boolean =>
      other.name === name && other.host === cookie.host && other.path === cookie.path;
    const at = this.cookies.findIndex(same);
    if (isExpired(parts)) this.cookies = this.cookies.filter(other => !same(other));
    else if (at !== -1) this.cookies[at] = cookie;
    else if (this.cookies.length < MAX_COOKIES) this.cookies.push(cookie);
  }

  /** The Cookie header for a request, '' when no cookie fits. */
  headerFor(host: string, path: string, isTls: boolean): string {
    const lower = host.toLowerCase();
    return this.cookies
      .filter(cookie => cookie.host === lower || (!cookie.isHostOnly && lower.endsWith(`.${cookie.host}`)))
      .filter(cookie => isTls || !cookie.isSecure)
      .filter(
        cookie =>
          path === cookie.path ||
          path.startsWith(cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`),
      )
      .sort((left, right) => right.path.length - left.path.length)
      .map(cookie => `${cookie.name}=${cookie.value}`)
      .join('; ');
  }
}
