import { isIP } from 'node:net';
import { parse as parseDomain } from 'tldts';
import { bytesOfText } from '../bytes.ts';
import type { DslValue } from '../dsl/values.ts';

/** Where a template is run. Texts are byte strings. */
export interface Target {
  /** As given. */
  readonly input: string;
  /** '' when the input names a host without a scheme. */
  readonly scheme: string;
  /** Without brackets or port. */
  readonly host: string;
  /** The port written in the input, undefined when there is none. */
  readonly port: number | undefined;
  /** '' or beginning with `/`, as written. */
  readonly path: string;
  /** With its `?`, '' when there is none. */
  readonly query: string;
}

const URL_SHAPE = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):\/\/)?([^/?#]*)(\/[^?#]*)?(\?[^#]*)?/;
const AUTHORITY = /^(?:[^@]*@)?(\[[0-9a-fA-F:.%]+\]|[^:]*)(?::(\d*))?$/;
const MAX_INPUT = 8192;

/** Reads a target: a URL, `host`, `host:port` or an address. Undefined when it is none. */
export function parseTarget(text: string): Target | undefined {
  const input = bytesOfText(text.trim());
  if (input === '' || input.length > MAX_INPUT || /[\x00-\x20]/.test(input)) return undefined;
  if (isIP(input) === 6) return { input, scheme: '', host: input, port: undefined, path: '', query: '' };
  const match = URL_SHAPE.exec(input);
  const authority = AUTHORITY.exec(match?.[2] ?? '');
  if (match === null || authority === null) return undefined;
  const host = (authority[1] ?? '').replace(/^\[|\]$/g, '');
  const port = authority[2] === undefined || authority[2] === '' ? undefined : Number(authority[2]);
  if (host === '' || (port !== undefined && (port < 1 || port > 65_535))) return undefined;
  return {
    input,
    scheme: (match[1] ?? '').toLowerCase(),
    host,
    port,
    path: match[3] ?? '',
    query: match[4] ?? '',
  };
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** The port a target is reached at. */
export function portOf(target: Target): number {
  return target.port ?? (target.scheme === 'https' || target.scheme === 'wss' ? 443 : 80);
}

/** `host` or `host:port`, as written in the input. */
export function hostnameOf(target: Target): string {
  return target.port === undefined ? bracketed(target.host) : `${bracketed(target.host)}:${target.port}`;
}

/** The Host header: without the port when it is the scheme's own. */
export function hostHeaderOf(target: Target): string {
  const own = target.scheme === 'https' ? 443 : 80;
  return target.port === undefined || target.port === own ? bracketed(target.host) : hostnameOf(target);
}

function domainVariables(host: string): [string, DslValue][] {
  const variables: [string, DslValue][] = [['FQDN', host]];
  if (isIP(host) !== 0) return variables;
  const parsed = parseDomain(host, { allowPrivateDomains: true });
  if (parsed.domain === null || parsed.publicSuffix === null) return variables;
  variables.push(
    ['RDN', parsed.domain],
    ['TLD', parsed.publicSuffix],
    ['DN', parsed.domainWithoutSuffix ?? ''],
  );
  if (parsed.subdomain !== null && parsed.subdomain !== '') variables.push(['SD', parsed.subdomain]);
  return variables;
}

/** The variables a target gives; `trimsSlash` drops one trailing slash of its path first. */
export function targetVariables(target: Target, trimsSlash: boolean): Map<string, DslValue> {
  const path = trimsSlash && target.path.endsWith('/') ? target.path.slice(0, -1) : target.path;
  const scheme = target.scheme === '' ? 'http' : target.scheme;
  const rootUrl = `${scheme}://${hostnameOf(target)}`;
  const slash = path.lastIndexOf('/');
  const folder = path === '/' ? '/' : path.slice(0, Math.max(slash, 0));
  return new Map<string, DslValue>([
    ['BaseURL', rootUrl + path],
    ['RootURL', rootUrl],
    ['Input', rootUrl + path],
    ['Hostname', hostnameOf(target)],
    ['Host', target.host],
    ['Port', String(portOf(target))],
    ['Path', folder],
    ['File', path.slice(slash + 1)],
    ['Query', ''],
    ['Scheme', scheme],
    ...domainVariables(target.host),
  ]);
}

/** The URL of a target as text for output. */
export function urlOf(target: Target): string {
  return `${target.scheme === '' ? 'http' : target.scheme}://${hostnameOf(target)}${target.path}${target.query}`;
}
