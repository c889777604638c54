import type { RuleId } from '@glacis/contract';
import { defineScanner } from '@glacis/engine';
import { z } from 'zod';
import { readCertificate } from './parts/certificate.ts';
import { eachAsset } from './parts/each-asset.ts';
import { knownHosts, outcomeOfNames, plainName } from './parts/names.ts';
import { splitEndpoint } from './parts/site.ts';

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
      const { key, facts, attributes, certificate } = readCertificate(result, host);
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
