import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 36 characters of 62 are 214 random bits. */
const RANDOM_LENGTH = 36;
const CHECK_LENGTH = 6;
const SECRET = new RegExp(`^glc_(pat|svc|rft)_[0-9A-Za-z]{${RANDOM_LENGTH + CHECK_LENGTH}}$`);

/** What a secret is for: a personal token, a service token, or to refresh an access token. */
export type SecretPurpose = 'pat' | 'svc' | 'rft';

/**
 * A new secret, such as `glc_pat_…`: a prefix that secret scanners recognise, random characters, and a checksum (CRC-32)
 * that tells a mistyped one without asking the database.
 */
export function newTokenSecret(purpose: SecretPurpose): string {
  const random = Array.from({ length: RANDOM_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return `glc_${purpose}_${random}${checksum(`glc_${purpose}_${random}`)}`;
}

/** What a secret is for, or undefined when it is none of ours or mistyped. */
export function purposeOf(secret: string): SecretPurpose | undefined {
  const purpose = SECRET.exec(secret)?.[1];
  if (purpose === undefined) return undefined;
  if (checksum(secret.slice(0, -CHECK_LENGTH)) !== secret.slice(-CHECK_LENGTH)) return undefined;
  return purpose === 'pat' || purpose === 'svc' ? purpose : 'rft';
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let index = 0; index < CHECK_LENGTH; index += 1) {
    digits = `${ALPHABET[rest % ALPHABET.length]}${digits}`;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
