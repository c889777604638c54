import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { UnexpectedError } from './errors.ts';

/** A 256-bit AES key. */
export type SecretKey = Buffer & { readonly length: 32 };

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES;

/** Makes a fresh random key. */
export function newSecretKey(): SecretKey {
  return randomBytes(32) as SecretKey;
}

/** Checks that bytes are a 256-bit key. @throws UnexpectedError */
export function secretKey(bytes: Buffer): SecretKey {
  if (bytes.length !== 32) throw new UnexpectedError('An encryption key must have 32 bytes.');
  return bytes as SecretKey;
}

/**
 * Where a ciphertext belongs, such as `['tenant', tenantId, 'finding', 'evidence', rowId]`. It is authenticated with the
 * ciphertext, so that one copied to another tenant, table, column or row does not open.
 */
export type Context = readonly string[];

function additionalData(context: Context): Buffer {
  return Buffer.from(JSON.stringify(context), 'utf8');
}

/** Encrypts with AES-256-GCM. Layout: version (1 byte), nonce (12), ciphertext, tag (16). */
export function encrypt(key: SecretKey, plaintext: Uint8Array, context: Context): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(additionalData(context));
  return Buffer.concat([
    Buffer.from([VERSION]),
    nonce,
    cipher.update(plaintext),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/** Opens what {@link encrypt} made. @throws UnexpectedError when key, context or bytes do not fit. */
export function decrypt(key: SecretKey, sealed: Uint8Array, context: Context): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < HEADER_BYTES + TAG_BYTES || bytes[0] !== VERSION) {
    throw new UnexpectedError('A ciphertext has an unknown form.');
  }
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, HEADER_BYTES));
  decipher.setAAD(additionalData(context));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    return Buffer.concat([
      decipher.update(bytes.subarray(HEADER_BYTES, bytes.length - TAG_BYTES)),
      decipher.final(),
    ]);
  } catch (cause) {
    throw new UnexpectedError('A ciphertext does not belong here or was changed.', { cause });
  }
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
