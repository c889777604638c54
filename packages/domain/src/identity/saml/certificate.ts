import { X509Certificate } from 'node:crypto';
import { invalidProvider } from './refusal.ts';

/** Shorter RSA keys are no protection any more, bits. */
const MIN_MODULUS_BITS = 2048;

/** A certificate in PEM, of a key that assertions may be signed with. @throws UserError */
export function normalCertificate(text: string): string {
  const certificate = parse(text);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate?.publicKey ?? {};
  if (!certificate || type !== 'rsa' || (details?.modulusLength ?? 0) < MIN_MODULUS_BITS) {
    throw invalidProvider(
      'certificates',
      `Each certificate must be X.509, in PEM or base64, with an RSA key of at least ${MIN_MODULUS_BITS} bits.`,
    );
  }
  return certificate.toString();
}

/** Until when certificates that were checked before are meant to be used. */
export function certificatesUntil(certificates: readonly string[]): string[] {
  return certificates.map(text => new X509Certificate(text).validToDate.toISOString());
}

function parse(text: string): X509Certificate | undefined {
  const bare = text.replace(/-----(BEGIN|END) CERTIFICATE-----/g, '').replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(bare)) return undefined;
  try {
    return new X509Certificate(Buffer.from(bare, 'base64'));
  } catch {
    return undefined;
  }
}
