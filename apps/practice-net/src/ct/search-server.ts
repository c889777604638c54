import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { cannotListen } from '../services/listeners.ts';
import type { CtEntry } from './log.ts';

/** A running CT search. */
export interface CtServer {
  readonly url: string;
  close(): Promise<void>;
}

/** True when an identity matches a search with `%` as wildcard; upper and lower case are the same. */
export function matchesSearch(name: string, search: string): boolean {
  const [value, pattern] = [name.toLowerCase(), search.toLowerCase()];
  if (!pattern.includes('%')) return value === pattern;
  if (pattern.startsWith('%') && !pattern.slice(1).includes('%')) return value.endsWith(pattern.slice(1));
  const parts = pattern.split('%');
  let position = 0;
  for (const [index, part] of parts.entries()) {
    const found = value.indexOf(part, position);
    if (found < 0 || (index === 0 && found !== 0)) return false;
    position = found + part.length;
  }
  return parts.at(-1) === '' || position === value.length;
}

function toRow(entry: CtEntry): Record<string, string | number> {
  return {
    issuer_ca_id: 4711,
    issuer_name: 'C=XX, O=Practice Trust Services, CN=Practice Network CA',
    common_name: entry.commonName,
    name_value: entry.names.join('\n'),
    id: entry.id,
    entry_timestamp: `${entry.notBefore.slice(0, 11)}01:02:03.456`,
    not_before: entry.notBefore,
    not_after: entry.notAfter,
    serial_number: entry.serialNumber,
    result_count: entry.names.length + 1,
  };
}

function search(log: readonly CtEntry[], parameters: URLSearchParams): readonly CtEntry[] {
  const wanted = parameters.get('q') ?? '';
  const hasNoExpired = parameters.get('exclude') === 'expired';
  const isDeduplicated = parameters.get('deduplicate') === 'Y';
  const seen = new Set<string>();
  return log.filter(entry => {
    if (![entry.commonName, ...entry.names].some(name => matchesSearch(name, wanted))) return false;
    if (hasNoExpired && Date.parse(`${entry.notAfter}Z`) < Date.now()) return false;
    if (isDeduplicated && seen.has(entry.serialNumber)) return false;
    seen.add(entry.serialNumber);
    return true;
  });
}

function reply(response: ServerResponse, status: number, mediaType: string, body: string): void {
  response.writeHead(status, { 'content-type': mediaType, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Starts a search with crt.sh's parameters and JSON form; a port of 0 takes a free one. */
export function startCtServer(log: readonly CtEntry[], address: string, port: number): Promise<CtServer> {
  const server = createServer((request, response) => {
    const parameters = new URLSearchParams((request.url ?? '/').split('?', 2)[1] ?? '');
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply(response, 405, 'text/plain', 'Only GET.\n');
    } else if (!parameters.has('q')) {
      reply(response, 200, 'text/html', '<title>CT search</title><p>Enter an identity as parameter q.</p>\n');
    } else if (parameters.get('output') === 'json') {
      reply(response, 200, 'application/json', JSON.stringify(search(log, parameters).map(toRow)));
    } else {
      const rows = search(log, parameters).map(entry => `<li>${entry.id}</li>`);
      reply(response, 200, 'text/html', `<title>CT search</title><ul>${rows.join('')}</ul>\n`);
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(cannotListen(address, port, error)));
    server.listen(port, address, () => {
      const bound = server.address();
      const actual = typeof bound === 'object' && bound !== null ? bound.port : port;
      resolve({
        url: `http://${address}:${actual}`,
        close: () =>
          new Promise(done => {
            server.closeAllConnections();
            server.close(() => done());
          }),
      });
    });
  });
}
