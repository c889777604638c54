import type { DslValue } from '../dsl/values.ts';
import type { WireResponse } from './client.ts';
import { cookiePair } from './cookies.ts';
import { headerValue } from './response-parser.ts';
import type { Header } from './response-parser.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A header name as Go writes it: `x-powered-by` becomes `X-Powered-By`. */
export function canonicalName(name: string): string {
  if (!TOKEN.test(name)) return name;
  return name
    .toLowerCase()
    .replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

const byName = ([left]: Header, [right]: Header): number => (left < right ? -1 : left > right ? 1 : 0);

/** Status line and headers as Go dumps them: names canonical and sorted, lengths of decoded bodies left out. */
export function headerDump(response: WireResponse): string {
  const headers = response.headers
    .map(([name, value]): Header => [canonicalName(name), value])
    .filter(([name]) => !response.isDecoded || (name !== 'Content-Encoding' && name !== 'Content-Length'))
    .sort(byName);
  const reason = response.reason === '' ? '' : ` ${response.reason}`;
  return `${response.version} ${response.status}${reason}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** The key under which a header or cookie is a variable. */
export function variableName(name: string): string {
  return name.trim().toLowerCase().replaceAll('-', '_');
}

/** Responses that were asked for once, and the values of those that were asked for again: most belong to one template. */
const asked = new WeakSet<WireResponse>();
const known = new WeakMap<WireResponse, Map<string, DslValue>>();

/** The values of one response with its whole body; a copy, since templates that share the response add values of their own. */
export function responseValues(response: WireResponse): Map<string, DslValue> {
  if (!asked.has(response)) {
    asked.add(response);
    return valuesWithBody(response, response.body);
  }
  let values = known.get(response);
  if (values === undefined) {
    values = valuesWithBody(response, response.body);
    known.set(response, values);
  }
  return new Map(values);
}

/** The same with another body, as that of a redirect, which has none. */
export function valuesWithBody(response: WireResponse, body: string): Map<string, DslValue> {
  const values = new Map<string, DslValue>();
  for (const [name, line] of response.headers) {
    const pair = name.toLowerCase() === 'set-cookie' ? cookiePair(line) : undefined;
    if (pair !== undefined) values.set(pair[0].toLowerCase(), pair[1]);
  }
  const grouped = new Map<string, string[]>();
  for (const [name, value] of response.headers) {
    const key = variableName(name);
    grouped.set(key, [...(grouped.get(key) ?? []), value]);
  }
  for (const [key, list] of grouped) values.set(key, list.join(' '));
  const headers = headerDump(response);
  const announced = headerValue(response.headers, 'content-length');
  const isKnown = announced !== undefined && /^\d+$/.test(announced) && !response.isDecoded;
  values.set('status_code', response.status);
  values.set('body', body);
  values.set('all_headers', headers);
  values.set('header', headers);
  values.set('response', headers + body);
  values.set('content_length', isKnown ? Number(announced) : body.length);
  values.set('duration', response.durationSeconds);
  if (response.ip !== '') values.set('ip', response.ip);
  return values;
}
