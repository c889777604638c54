import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { UnexpectedError } from './errors.ts';

/** A 256-bit AES key. */
export type RawKey = Buffer & { readonly length: 32 };

/** The versions of one key that a process knows: the newest seals, the others still open what they have sealed. */
export interface KeyRing {
  /** The version that seals. @throws OperationalError when it is not sure any more that it is the newest. */
  readonly current: RawKey;
  /** The version that has an id of {@link keyId}; undefined when it is not known here. */
  find(id: string): RawKey | undefined;
  /** The version that opens ciphertexts of the first layout, which do not name their key. */
  readonly first: RawKey | undefined;
  /** Learns of versions that others have made; `isForced` also when it has just looked. */
  refresh(isForced: boolean): Promise<void>;
}

/** What seals and opens: one key, or all its versions. */
export type SecretKey = RawKey | KeyRing;

/** Layout without key id: version (1 byte), nonce (12), ciphertext, tag (16). It is only read. */
const VERSION_FIRST = 1;
/** Layout with key id: version (1 byte), key id (8), nonce (12), ciphertext, tag (16). */
const VERSION = 2;
const ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Bytes at the start of a ciphertext that tell which key opens it. */
export const SEAL_HEADER_BYTES = 1 + ID_BYTES;

/** Makes a fresh random key. */
export function newSecretKey(): RawKey {
  return randomBytes(32) as RawKey;
}

/** Checks that bytes are a 256-bit key. @throws UnexpectedError */
export function secretKey(bytes: Buffer): RawKey {
  if (bytes.length !== 32) throw new UnexpectedError('An encryption key must have 32 bytes.');
  return bytes as RawKey;
}

/** The public name of a key, 16 hex digits: a hash, which says nothing about a random key. */
export function keyId(key: SecretKey): string {
  const raw = Buffer.isBuffer(key) ? key : key.current;
  return createHash('sha256')
    .update('glacis key id')
    .update(raw)
    .digest('hex')
    .slice(0, 2 * ID_BYTES);
}

/** How everything begins that a key seals. */
export function sealHeader(id: string): Buffer {
  return Buffer.concat([Buffer.from([VERSION]), Buffer.from(id, 'hex')]);
}

/** Lets a ring that has not looked for a while do so. Call it before work that holds a database transaction. */
export async function refreshKey(key: SecretKey): Promise<void> {
  if (!Buffer.isBuffer(key)) await key.refresh(false);
}

/** The ciphertext was made by a version of the key that is not known here. */
export class UnknownKeyError extends UnexpectedError {}

/**
 * Where a ciphertext belongs, such as `['tenant', tenantId, 'finding', 'evidence', rowId]`. It is authenticated with the
 * ciphertext, so that one copied to another tenant, table, column or row does not open.
 */
export type Context = readonly string[];

function additionalData(context: Context): Buffer {
  return Buffer.from(JSON.stringify(context), 'utf8');
}

/** Encrypts with AES-256-GCM. The result names the key that opens it. */
export function encrypt(key: SecretKey, plaintext: Uint8Array, context: Context): Buffer {
  const raw = Buffer.isBuffer(key) ? key : key.current;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', raw, nonce);
  cipher.setAAD(additionalData(context));
  return Buffer.concat([
    sealHeader(keyId(raw)),
    nonce,
    cipher.update(plaintext),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/**
 * Opens what {@link encrypt} made. @throws UnknownKeyError when the ring has not (yet) the version that made it,
 * UnexpectedError when key, context or bytes do not fit.
 */
export function decrypt(key: SecretKey, sealed: Uint8Array, context: Context): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const start = bytes[0] === VERSION ? SEAL_HEADER_BYTES : 1;
  const isKnownLayout = bytes[0] === VERSION || bytes[0] === VERSION_FIRST;
  if (!isKnownLayout || bytes.length < start + NONCE_BYTES + TAG_BYTES) {
    throw new UnexpectedError('A ciphertext has an unknown form.');
  }
  const nonce = bytes.subarray(start, start + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', keyFor(key, bytes), nonce);
  decipher.setAAD(additionalData(context));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(bytes.subarray(start + NONCE_BYTES, bytes.length - TAG_BYTES)),
      decipher.final(),
    ]);
  } catch (cause) {
    throw new UnexpectedError('A ciphertext does not belong here or was changed.', { cause });
  }
}

/** The same, but a ring that does not know the version asks for it before it gives up. */
export async function open(key: SecretKey, sealed: Uint8Array, context: Context): Promise<Buffer> {
  try {
    return decrypt(key, sealed, context);
  } catch (error) {
    if (!(error instanceof UnknownKeyError) || Buffer.isBuffer(key)) throw error;
    await key.refresh(true);
    return decrypt(key, sealed, context);
  }
}

function keyFor(key: SecretKey, sealed: Buffer): RawKey {
  const id = sealed[0] === VERSION ? sealed.toString('hex', 1, SEAL_HEADER_BYTES) : undefined;
  let raw: RawKey | undefined;
  if (Buffer.isBuffer(key)) raw = id === undefined || id === keyId(key) ? key : undefined;
  else raw = id === undefined ? key.first : key.find(id);
  if (!raw)
    throw new UnknownKeyError('A ciphertext does not belong here or was changed: its key is not known.');
  return raw;
}

/** SHA-256 as lower-case hex. */
export function sha256(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex');
}

/** Compares two secrets in constant time. */
export function isSameSecret(left: string, right: string): boolean {
  const a = createHash('sha256').update(left).digest();
  const b = createHash('sha256').update(right).digest();
  return timingSafeEqual(a, b);
}
