import { HttpClient } from '../http/client.ts';
import { buildPathRequest, requestBytes } from '../http/build-request.ts';
import { headerValue } from '../http/response-parser.ts';
import { parseTarget, portOf } from '../http/target.ts';
import type { Transport } from '../http/transport.ts';

const MAX_REDIRECTS = 5;
const DIAL_TIMEOUT_MS = 30_000;
const TIMEOUT_MS = 300_000;

/**
 * Fetches a file over the transport; certificates are verified, redirects followed, never from https back to http.
 * Rejects when it is larger than `maxBytes` or does not come whole.
 */
export async function download(url: string, maxBytes: number, transport: Transport): Promise<Buffer> {
  const client = new HttpClient({
    connect: (host, port, options) => transport.connect(host, port, { ...options, isVerified: true }),
  });
  let current = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const target = parseTarget(current);
    const request = buildPathRequest({
      method: 'GET',
      url: current,
      // What is fetched is compressed already, and its digest is that of the bytes as they lie there.
      headers: [
        ['User-Agent', 'glacis-checks'],
        ['Accept-Encoding', 'identity'],
      ],
      body: '',
      target: undefined,
      extraHeaders: [],
    });
    if (target === undefined || request === undefined) throw new Error(`${current} is no URL`);
    const response = await client.send({
      host: target.host,
      port: portOf(target),
      isTls: target.scheme === 'https',
      sni: undefined,
      bytes: requestBytes(request, ''),
      isHead: false,
      isKeepAlive: false,
      timeoutMs: TIMEOUT_MS,
      dialTimeoutMs: DIAL_TIMEOUT_MS,
      maxBody: maxBytes,
      signal: undefined,
    });
    const location = headerValue(response.headers, 'location');
    if (response.status >= 300 && response.status < 400 && location !== undefined) {
      const next = URL.canParse(location, current) ? new URL(location, current).href : '';
      if (!/^https?:/.test(next) || (target.scheme === 'https' && !next.startsWith('https:')))
        throw new Error(`${current} leads to ${location.slice(0, 200)}, which is not followed`);
      current = next;
      continue;
    }
    if (response.status !== 200) throw new Error(`${current} answers ${response.status}`);
    if (response.isTruncated)
      throw new Error(`${current} is larger than ${maxBytes} bytes or ended before its end`);
    return Buffer.from(response.body, 'latin1');
  }
  throw new Error(`${url} redirects more than ${MAX_REDIRECTS} times`);
}
