import { createHash, randomBytes } from 'node:crypto';
import { headerValue } from './response-parser.ts';
import type { Header } from './response-parser.ts';

/** Name and password as byte strings. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  md5: 'md5',
  'sha-256': 'sha256',
  'sha-512-256': 'sha512-256',
};
const MAX_CHALLENGE = 4096;

/** Parameters of a challenge, names in lower case. */
function parametersOf(challenge: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const match of challenge.matchAll(/([a-z0-9_-]{1,40})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi))
    parameters.set((match[1] ?? '').toLowerCase(), match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '');
  return parameters;
}

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

/**
 * The Authorization header that answers a digest challenge (RFC 7616, `qop=auth` or none); undefined when the answer is no
 * such challenge or wants an algorithm or a protection that is not known.
 */
export function digestAuthorization(
  response: { readonly status: number; readonly headers: readonly Header[] },
  request: { readonly method: string; readonly uri: string },
  { username, password }: Credentials,
  clientNonce = randomBytes(8).toString('hex'),
): string | undefined {
  const header = (headerValue(response.headers, 'www-authenticate') ?? '').slice(0, MAX_CHALLENGE);
  if (response.status !== 401 || !/^digest\s/i.test(header)) return undefined;
  const given = parametersOf(header);
  const name = (given.get('algorithm') ?? 'MD5').toLowerCase();
  const algorithm = ALGORITHMS[name.replace(/-sess$/, '')];
  const qops = (given.get('qop') ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(qop => qop !== '');
  if (algorithm === undefined || (qops.length > 0 && !qops.includes('auth'))) return undefined;
  const hash = (...parts: readonly string[]): string =>
    createHash(algorithm).update(parts.join(':'), 'latin1').digest('hex');
  const [realm, nonce] = [given.get('realm') ?? '', given.get('nonce') ?? ''];
  const plain = hash(username, realm, password);
  const secret = name.endsWith('-sess') ? hash(plain, nonce, clientNonce) : plain;
  const what = hash(request.method, request.uri);
  const proof =
    qops.length === 0
      ? hash(secret, nonce, what)
      : hash(secret, nonce, '00000001', clientNonce, 'auth', what);
  const opaque = given.get('opaque');
  return [
    `Digest username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(request.uri)}`,
    `response="${proof}"`,
    ...(given.has('algorithm') ? [`algorithm=${given.get('algorithm') ?? ''}`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(qops.length === 0 ? [] : ['qop=auth', 'nc=00000001', `cnonce="${clientNonce}"`]),
  ].join(', ');
}
