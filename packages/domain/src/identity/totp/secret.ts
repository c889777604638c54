import { decrypt, encrypt, type SecretKey } from '@glacis/foundation';
import { Secret, TOTP } from 'otpauth';

const PERIOD_SECONDS = 30;
/** 160 bits, what RFC 4226 recommends. */
const SECRET_BYTES = 20;
/** Steps that a clock may be off, each way. */
const SKEW_STEPS = 1;

const contextOf = (userId: string): readonly string[] => ['platform', 'totp', 'sealed', userId];

/** A fresh secret, as apps take it, and sealed for storing. */
export function newTotp(
  masterKey: SecretKey,
  of: { userId: string; email: string },
): { secret: string; uri: string; sealed: Buffer } {
  const secret = new Secret({ size: SECRET_BYTES });
  const sealed = encrypt(masterKey, Buffer.from(secret.base32), contextOf(of.userId));
  return { secret: secret.base32, uri: totpOf(secret.base32, of.email).toString(), sealed };
}

/** The step that a code belongs to, at most one away from now; undefined when it is none of these. */
export function stepOfCode(
  masterKey: SecretKey,
  of: { userId: string; sealed: Uint8Array; code: string; now?: number },
): number | undefined {
  // The library compares bytes, and throws when six characters are more than six of them.
  if (!/^\d{6}$/.test(of.code)) return undefined;
  const now = of.now ?? Date.now();
  const base32 = decrypt(masterKey, of.sealed, contextOf(of.userId)).toString('utf8');
  const delta = totpOf(base32).validate({ token: of.code, timestamp: now, window: SKEW_STEPS });
  return delta === null ? undefined : Math.floor(now / 1000 / PERIOD_SECONDS) + delta;
}

/** RFC 6238 with what all authenticator apps know: SHA-1, six digits, 30 seconds. */
function totpOf(base32: string, label = ''): TOTP {
  return new TOTP({
    issuer: 'Glacis',
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD_SECONDS,
    secret: Secret.fromBase32(base32),
  });
}
