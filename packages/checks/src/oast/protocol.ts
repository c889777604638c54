import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  randomInt,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';

/** Characters of the part of a name that stands for a registration. */
export const CORRELATION_LENGTH = 20;
/** Characters of the part that stands for one use. */
export const NONCE_LENGTH = 13;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** One interaction as it travels. */
export const interactionSchema = z.object({
  protocol: z.string().max(40),
  'unique-id': z.string().max(200),
  'full-id': z.string().max(500),
  'q-type': z.string().max(40).optional(),
  'raw-request': z.string().max(2_000_000).optional(),
  'raw-response': z.string().max(2_000_000).optional(),
  'remote-address': z.string().max(200).optional(),
  timestamp: z.string().max(60),
});

/** The answer to a poll. */
export const pollSchema = z.object({
  data: z.array(z.string().max(4_000_000)).max(10_000).nullish(),
  aes_key: z.string().max(4096).nullish(),
});

/** A registration. */
export const registerSchema = z.object({
  'public-key': z.string().min(100).max(8192),
  'secret-key': z.string().min(8).max(200),
  'correlation-id': z.string().regex(/^[a-z0-9]{20}$/),
});

/** The end of a registration. */
export const deregisterSchema = z.object({
  'correlation-id': z.string().max(64),
  'secret-key': z.string().max(200),
});

/** Lower-case letters and digits from the system's generator. */
export function randomName(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)] ?? 'a').join('');
}

/** Reads the base64 of a PEM public key, whatever its label says. Throws when it is none. */
export function readPublicKey(base64: string): KeyObject {
  const pem = Buffer.from(base64, 'base64').toString('utf8');
  const body = pem.replace(/-----[A-Z ]+-----/g, '').replace(/\s+/g, '');
  return createPublicKey({ key: Buffer.from(body, 'base64'), format: 'der', type: 'spki' });
}

/** Encrypts messages for a poller: a fresh AES-256 key under RSA-OAEP, each message in CTR mode behind its IV. */
export function sealMessages(
  messages: readonly string[],
  publicKey: KeyObject,
): { data: string[]; aes_key: string } {
  const key = randomBytes(32);
  const sealed = publicEncrypt(
    { key: publicKey, oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING },
    key,
  );
  const data = messages.map(message => {
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-256-ctr', key, iv);
    return Buffer.concat([iv, cipher.update(message, 'utf8'), cipher.final()]).toString('base64');
  });
  return { data, aes_key: sealed.toString('base64') };
}

/** Decrypts the messages of a poll. Throws when the key does not fit. */
export function openMessages(data: readonly string[], aesKey: string, privateKey: KeyObject): string[] {
  const key = privateDecrypt(
    { key: privateKey, oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING },
    Buffer.from(aesKey, 'base64'),
  );
  return data.map(item => {
    const bytes = Buffer.from(item, 'base64');
    const decipher = createDecipheriv('aes-256-ctr', key, bytes.subarray(0, 16));
    return Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString('utf8');
  });
}
