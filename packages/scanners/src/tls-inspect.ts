import type { RuleId } from '@glacis/contract';
import { defineScanner, type TlsResult } from '@glacis/engine';
import { createHash, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { eachAsset } from './parts/each-asset.ts';
import { knownHosts, outcomeOfNames, plainName } from './parts/names.ts';
import { splitEndpoint } from './parts/site.ts';

const MAX_NAMES = 500;
const CERTIFICATE_RULES = {
  isExpired: 'tls.certificate-expired',
  isSelfSigned: 'tls.certificate-self-signed',
  isForOthers: 'tls.certificate-name-mismatch',
} as const satisfies Record<string, RuleId>;

export default defineScanner({
  id: 'tls-inspect',
  title: 'TLS inspection',
  description:
    'Reads the certificate that each TLS endpoint presents: names in it, and whether it is expired, self-signed or for another name.',
  consumes: ['endpoint'],
  produces: ['certificate', 'endpoint', 'hostname'],
  reports: Object.values(CERTIFICATE_RULES),
  mode: 'active',
  risk: 'safe',
  options: z.object({ timeoutMs: z.number().int().min(200).max(20_000).default(5000) }),
  batchSize: 20,
  timeoutMs: 180_000,
  accepts: endpoint => endpoint.attributes['tls'] === true,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 10, limitMs: 40_000, signal: context.signal }, async function* (endpoint) {
      const { host, port } = splitEndpoint(endpoint.key);
      const from = { kind: 'endpoint' as const, key: endpoint.key };
      const { timeoutMs } = context.options;
      const result = await context.tls.inspect({ host, port, serverName: host, timeoutMs });
      const { key, facts, attributes, certificate } = describe(result, host);
      yield {
        type: 'asset',
        asset: { kind: 'certificate', key, attributes },
        from,
        relation: 'presents',
        reason: `presented by ${endpoint.key}`,
      };
      yield {
        type: 'asset',
        asset: { ...from, attributes: { tlsVersion: result.protocol, cipher: result.cipher } },
        from,
        reason: 'its TLS handshake',
      };
      const names = attributes.names.map(plainName).filter(name => name !== undefined);
      const ours = names.filter(name => context.scope.isInScope(name));
      const checked = await knownHosts(context.dns, ours);
      for (const name of checked.hosts) {
        if (name === host) continue;
        yield {
          type: 'asset',
          asset: { kind: 'hostname', key: name },
          from,
          relation: 'names',
          reason: `named in the certificate of ${endpoint.key}`,
        };
      }
      for (const fact of ['isExpired', 'isSelfSigned', 'isForOthers'] as const) {
        if (!facts[fact]) continue;
        yield {
          type: 'finding',
          ruleId: CERTIFICATE_RULES[fact],
          asset: from,
          confidence: 'confirmed',
          evidence: [{ label: 'Certificate', text: certificate }],
        };
      }
      return outcomeOfNames(checked);
    }),
});

/** Reads the leaf certificate of a handshake in the light of the host that was asked for. */
function describe(result: TlsResult, host: string) {
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
