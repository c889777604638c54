import type { TlsResult } from '@glacis/engine';
import { createHash, X509Certificate } from 'node:crypto';

const MAX_NAMES = 500;

/** Reads the leaf certificate of a handshake in the light of the host that was asked for. */
export function readCertificate(result: TlsResult, host: string) {
  const der = result.chain[0] ?? result.certificate.raw;
  const leaf = new X509Certificate(der);
  const names = [...(leaf.subjectAltName ?? '').matchAll(/DNS:([^,\s"]{1,253})/g)].map(([, name = '']) =>
    name.toLowerCase(),
  );
  const notBefore = new Date(leaf.validFrom).toISOString();
  const notAfter = new Date(leaf.validTo).toISOString();
  const isSelfSigned = leaf.subject === leaf.issuer && leaf.verify(leaf.publicKey);
  const attributes = {
    subject: leaf.subject.slice(0, 500),
    issuer: leaf.issuer.slice(0, 500),
    names: [...new Set(names)].sort().slice(0, MAX_NAMES),
    notBefore,
    notAfter,
    selfSigned: isSelfSigned,
  };
  const lines = [
    `Subject: ${attributes.subject.replaceAll('\n', ', ')}`,
    `Issuer: ${attributes.issuer.replaceAll('\n', ', ')}`,
    `Names: ${attributes.names.join(', ')}`,
    `Valid: ${notBefore} to ${notAfter}`,
  ];
  return {
    key: createHash('sha256').update(der).digest('hex'),
    attributes,
    facts: {
      isExpired: new Date(leaf.validTo).getTime() < Date.now(),
      isSelfSigned,
      isForOthers: leaf.checkHost(host) === undefined,
    },
    certificate: lines.join('\n'),
  };
}
