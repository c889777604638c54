import { defineScanner, type DnsRecord } from '@glacis/engine';
import { canonicalHostName, EgressError } from '@glacis/foundation';
import { z } from 'zod';
import { eachAsset, outcomeOf } from './parts/each-asset.ts';

const MAX_NAMES = 50_000;
const NAMES_IN_EVIDENCE = 20;

export default defineScanner({
  id: 'dns-axfr',
  title: 'Zone transfer',
  description:
    'Asks the domain’s own name servers for the whole zone, reports those that give it and the host names in it.',
  consumes: ['domain'],
  produces: ['hostname'],
  reports: ['dns.zone-transfer-allowed'],
  mode: 'active',
  risk: 'safe',
  options: z.object({}),
  batchSize: 5,
  timeoutMs: 120_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 5, limitMs: 110_000, signal: context.signal }, async function* (domain) {
      const { dns, scope } = context;
      const from = { kind: 'domain' as const, key: domain.key };
      const answer = await dns.query(domain.key, 'NS');
      const servers = answer.records.filter(record => record.type === 'NS').map(record => record.value);
      const ours = [...new Set(servers)].filter(server => scope.isInScope(server)).sort();
      const hosts = new Set<string>();
      const failures: unknown[] = [];
      for (const server of ours) {
        let records: readonly DnsRecord[];
        try {
          records = await dns.transfer(domain.key, server);
        } catch (error) {
          if (!(error instanceof EgressError) || error.code === 'cancelled') throw error;
          failures.push(error);
          continue;
        }
        const names = hostsOf(records, domain.key);
        for (const name of names) hosts.add(name);
        yield {
          type: 'finding',
          ruleId: 'dns.zone-transfer-allowed',
          asset: from,
          parameter: server,
          confidence: 'confirmed',
          evidence: [
            { label: 'Request', text: `AXFR ${domain.key} to ${server}` },
            { label: 'Records received', text: String(records.length) },
            { label: 'First names', text: names.slice(0, NAMES_IN_EVIDENCE).join('\n') },
          ],
        };
      }
      for (const name of [...hosts].sort().slice(0, MAX_NAMES)) {
        yield {
          type: 'asset',
          asset: { kind: 'hostname', key: name },
          from,
          relation: 'contains',
          reason: 'listed in a zone transfer',
        };
      }
      if (hosts.size > MAX_NAMES) return { outcome: 'limited', detail: `more than ${MAX_NAMES} names` };
      if (ours.length === 0)
        return { outcome: 'skipped', detail: 'no name server of the domain is in scope' };
      const isSilent = failures.every(error => error instanceof EgressError && error.code !== 'refused');
      return failures.length === ours.length && isSilent ? outcomeOf(failures[0]) : undefined;
    }),
});

/** Owner names with an address or alias, sorted; service labels such as `_dmarc` and wildcards are no hosts. */
function hostsOf(records: readonly DnsRecord[], zone: string): string[] {
  const names = records
    .filter(record => record.type === 'A' || record.type === 'AAAA' || record.type === 'CNAME')
    .map(record => canonicalHostName(record.name))
    .filter(name => name !== undefined)
    .filter(name => (name === zone || name.endsWith(`.${zone}`)) && !name.includes('_'));
  return [...new Set(names)].sort();
}
