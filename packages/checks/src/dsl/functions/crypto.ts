import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { bufferOfBytes, bytesOfBuffer } from '../../bytes.ts';
import { DslError } from '../values.ts';
import type { DslValue } from '../values.ts';
import { define, defineText, numberAt, textAt } from './signature.ts';

const HMAC_HASHES: Readonly<Record<string, string>> = {
  sha1: 'sha1', 'sha-1': 'sha1', sha256: 'sha256', 'sha-256': 'sha256', sha512: 'sha512', 'sha-512': 'sha512', md5: 'md5',
}; // prettier-ignore

const digest = (hash: string, text: string): string => createHash(hash).update(text, 'latin1').digest('hex');

/** MurmurHash3 x86 32-bit with seed 0, as a signed integer. */
export function murmur3(bytes: Uint8Array): number {
  const mix = (value: number): number => {
    const spread = Math.imul(value, 0xcc9e2d51);
    return Math.imul((spread << 15) | (spread >>> 17), 0x1b873593);
  };
  let hash = 0;
  const blocks = bytes.length >> 2;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < blocks; index += 1) {
    hash ^= mix(view.getInt32(index * 4, true));
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  let tail = 0;
  for (let index = bytes.length - 1; index >= blocks * 4; index -= 1)
    tail = (tail << 8) | (bytes[index] ?? 0);
  if (bytes.length % 4 !== 0) hash ^= mix(tail);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

function hmac(args: readonly DslValue[]): string {
  const hash = HMAC_HASHES[textAt(args, 0).toLowerCase()];
  if (hash === undefined) throw new DslError('hmac knows sha1, sha256 and sha512');
  return createHmac(hash, bufferOfBytes(textAt(args, 2)))
    .update(textAt(args, 1), 'latin1')
    .digest('hex');
}

function cipherOf(mode: 'cbc' | 'gcm', key: Buffer): string {
  if (![16, 24, 32].includes(key.length)) throw new DslError('an AES key has 16, 24 or 32 bytes');
  return `aes-${key.length * 8}-${mode}`;
}

/** AES-CBC with PKCS#7 padding; the 16-byte IV stands before the ciphertext. */
function aesCbc(args: readonly DslValue[]): string {
  const [text, key] = [textAt(args, 0), bufferOfBytes(textAt(args, 1))];
  const given = args[2] === undefined ? undefined : bufferOfBytes(textAt(args, 2));
  if (given !== undefined && given.length !== 16) throw new DslError('aes_cbc needs 16 bytes to start from');
  const iv = given ?? randomBytes(16);
  const cipher = createCipheriv(cipherOf('cbc', key), key, iv);
  const sealed = [cipher.update(text, 'latin1'), cipher.final()];
  return bytesOfBuffer(Buffer.concat(given === undefined ? [iv, ...sealed] : sealed));
}

/** AES-GCM; the 12-byte nonce stands before the ciphertext and its tag. */
function aesGcm(keyText: string, text: string): string {
  const key = bufferOfBytes(keyText);
  const nonce = randomBytes(12);
  const name = cipherOf('gcm', key) as 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm';
  const cipher = createCipheriv(name, key, nonce);
  const sealed = [cipher.update(text, 'latin1'), cipher.final()];
  return bytesOfBuffer(Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]));
}

function parseClaims(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // Falls through to the error below.
  }
  throw new DslError('generate_jwt needs a JSON object');
}

/** A JSON Web Token: claims, algorithm (HS256/384/512 or none), secret, seconds of validity. */
function jsonWebToken(args: readonly DslValue[]): string {
  const claims = parseClaims(textAt(args, 0));
  const algorithm = textAt(args, 1).toUpperCase() || 'NONE';
  if (args[3] !== undefined) claims['exp'] = Math.floor(Date.now() / 1000) + numberAt(args, 3);
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const name = algorithm === 'NONE' || algorithm === '' ? 'none' : algorithm;
  const signed = `${encode({ alg: name, typ: 'JWT' })}.${encode(claims)}`;
  if (name === 'none') return `${signed}.`;
  const bits = /^HS(256|384|512)$/.exec(name)?.[1];
  if (bits === undefined) throw new DslError('generate_jwt signs with HS256, HS384, HS512 or none');
  return `${signed}.${createHmac(`sha${bits}`, bufferOfBytes(textAt(args, 2)))
    .update(signed)
    .digest('base64url')}`;
}

/** Digests (lower-case hex), keyed digests, ciphers. `mmh3` gives a decimal string. */
export const CRYPTO_FUNCTIONS = [
  defineText('md5', 1, (text = '') => digest('md5', text)),
  defineText('sha1', 1, (text = '') => digest('sha1', text)),
  defineText('sha256', 1, (text = '') => digest('sha256', text)),
  defineText('sha512', 1, (text = '') => digest('sha512', text)),
  defineText('mmh3', 1, (text = '') => String(murmur3(bufferOfBytes(text)))),
  define('hmac', 3, 3, hmac),
  define('aes_cbc', 2, 3, aesCbc),
  defineText('aes_gcm', 2, (key = '', text = '') => aesGcm(key, text)),
  define('generate_jwt', 1, 4, jsonWebToken),
  defineText('xor', 2, (left = '', right = '') => {
    if (left.length !== right.length) throw new DslError('xor needs strings of one length');
    return String.fromCharCode(
      ...[...left].map((char, index) => char.charCodeAt(0) ^ right.charCodeAt(index)),
    );
  }),
];
