import { createECDH, createHash, createPrivateKey } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { digest } from '../random.ts';
import type { CertificateSpec } from '../world/world.ts';
import {
  bitString,
  booleanTrue,
  der,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  utcTime,
  utf8String,
} from './der.ts';

/** A certificate with its key; the PEM forms are made when asked for. */
export interface Certificate {
  readonly der: Buffer;
  pem(): string;
  keyPem(): string;
  /** SHA-256 of the DER bytes, lower-case hex. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

interface KeyPair {
  readonly secret: Buffer;
  /** Uncompressed point. */
  readonly point: Buffer;
}

const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'));
const P256_KEY = sequence(objectId('1.2.840.10045.2.1'), objectId('1.2.840.10045.3.1.7'));

/** The practice authority, as it appears in issuer fields. */
export const AUTHORITY_NAME = 'Practice Network CA';
const AUTHORITY_ORGANISATION = 'Practice Trust Services';

/** Validity is fixed, so that a seed always gives the same bytes. */
const validity = {
  current: [new Date('2026-01-05T00:00:00Z'), new Date('2045-01-05T00:00:00Z')],
  expired: [new Date('2024-03-01T00:00:00Z'), new Date('2025-03-01T00:00:00Z')],
} as const;

function keyPair(seed: string, id: string): KeyPair {
  for (let attempt = 0; ; attempt += 1) {
    const secret = digest('key', seed, id, attempt);
    const curve = createECDH('prime256v1');
    try {
      curve.setPrivateKey(secret);
      return { secret, point: curve.getPublicKey() };
    } catch {
      // One digest in 2^32 is no valid key; the next attempt gives another.
    }
  }
}

function keyToPem(pair: KeyPair): string {
  const part = (start: number): string => pair.point.subarray(start, start + 32).toString('base64url');
  const key = createPrivateKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', d: pair.secret.toString('base64url'), x: part(1), y: part(33) },
  });
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function certificateToPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(organisation: string, commonName: string): Buffer {
  const attribute = (oid: string, value: string): Buffer => set(sequence(objectId(oid), utf8String(value)));
  return sequence(attribute('2.5.4.10', organisation), attribute('2.5.4.3', commonName));
}

function extension(oid: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(objectId(oid), ...(isCritical ? [booleanTrue()] : []), octetString(value));
}

function keyId(pair: KeyPair): Buffer {
  return createHash('sha1').update(pair.point).digest();
}

function leafExtensions(names: readonly string[], subjectKey: KeyPair, issuerKey: KeyPair): Buffer {
  return sequence(
    extension('2.5.29.19', true, sequence()),
    extension('2.5.29.15', true, bitString(Buffer.from([0x80]), 7)),
    extension('2.5.29.37', false, sequence(objectId('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.14', false, octetString(keyId(subjectKey))),
    extension('2.5.29.35', false, sequence(der(0x80, keyId(issuerKey)))),
    extension('2.5.29.17', false, sequence(...names.map(name => der(0x82, Buffer.from(name, 'latin1'))))),
  );
}

function authorityExtensions(pair: KeyPair): Buffer {
  return sequence(
    extension('2.5.29.19', true, sequence(booleanTrue())),
    extension('2.5.29.15', true, bitString(Buffer.from([0x06]), 1)),
    extension('2.5.29.14', false, octetString(keyId(pair))),
  );
}

interface Parts {
  readonly serial: Buffer;
  readonly subject: readonly [organisation: string, commonName: string];
  readonly issuer: readonly [organisation: string, commonName: string];
  readonly dates: readonly [Date, Date];
  readonly subjectKey: KeyPair;
  readonly issuerKey: KeyPair;
  readonly extensions: Buffer;
}

function assemble(parts: Parts): Certificate {
  const [notBefore, notAfter] = parts.dates;
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(parts.serial),
    ECDSA_WITH_SHA256,
    distinguishedName(...parts.issuer),
    sequence(utcTime(notBefore), utcTime(notAfter)),
    distinguishedName(...parts.subject),
    sequence(P256_KEY, bitString(parts.subjectKey.point)),
    der(0xa3, parts.extensions),
  );
  // RFC 6979 nonces: the same seed gives the same signature.
  const signature = p256.sign(body, parts.issuerKey.secret, { format: 'der', lowS: false });
  const bytes = sequence(body, ECDSA_WITH_SHA256, bitString(signature));
  const named = ([organisation, commonName]: Parts['subject']): string =>
    `O=${organisation}, CN=${commonName}`;
  return {
    der: bytes,
    pem: () => certificateToPem(bytes),
    keyPem: () => keyToPem(parts.subjectKey),
    fingerprint: createHash('sha256').update(bytes).digest('hex'),
    subject: named(parts.subject),
    issuer: named(parts.issuer),
    notBefore,
    notAfter,
  };
}

/** Makes the network's certificates from its seed; each one is made once and kept. */
export class CertificateStore {
  readonly #seed: string;
  readonly #authorityKey: KeyPair;
  readonly #made = new Map<string, Certificate>();

  constructor(seed: string) {
    this.#seed = seed;
    this.#authorityKey = keyPair(seed, 'authority');
  }

  /** The practice authority's own certificate. */
  authority(): Certificate {
    const name = [AUTHORITY_ORGANISATION, AUTHORITY_NAME] as const;
    return assemble({
      serial: this.#serial('authority'),
      subject: name,
      issuer: name,
      dates: validity.current,
      subjectKey: this.#authorityKey,
      issuerKey: this.#authorityKey,
      extensions: authorityExtensions(this.#authorityKey),
    });
  }

  /** The certificate for a spec; at first use about half a millisecond. */
  get(spec: CertificateSpec): Certificate {
    const known = this.#made.get(spec.id);
    if (known !== undefined) return known;
    const subjectKey = keyPair(this.#seed, spec.id);
    const issuerKey = spec.isSelfSigned ? subjectKey : this.#authorityKey;
    const subject = [spec.organisation, spec.names[0] ?? spec.id] as const;
    const made = assemble({
      serial: this.#serial(spec.id),
      subject,
      issuer: spec.isSelfSigned ? subject : [AUTHORITY_ORGANISATION, AUTHORITY_NAME],
      dates: spec.isExpired ? validity.expired : validity.current,
      subjectKey,
      issuerKey,
      extensions: leafExtensions(spec.names, subjectKey, issuerKey),
    });
    this.#made.set(spec.id, made);
    return made;
  }

  #serial(id: string): Buffer {
    const serial = digest('serial', this.#seed, id).subarray(0, 16);
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
    return Buffer.from(serial);
  }
}

/** True when a certificate's names cover the host (a `*` stands for exactly the first label). */
export function covers(names: readonly string[], host: string): boolean {
  const rest = host.slice(host.indexOf('.') + 1);
  return names.some(name => name === host || (name.startsWith('*.') && name.slice(2) === rest));
}

/** The certificate that a server presents to a client that asks for the host. */
export function certificateFor(
  certificates: readonly CertificateSpec[],
  host: string | undefined,
): CertificateSpec | undefined {
  const match = host === undefined ? undefined : certificates.find(spec => covers(spec.names, host));
  return match ?? certificates[0];
}
