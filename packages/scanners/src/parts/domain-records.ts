import type { DnsCapability, DnsRecord, InputAsset } from '@glacis/engine';
import type { Outcome } from './each-asset.ts';

/** Records of the apex that describe the domain itself. */
const DOMAIN_TYPES = ['MX', 'NS', 'TXT', 'CAA', 'SOA'] as const;
const MAX_RECORDS = 100;

/** Yields the apex of a domain, its records as attributes, and the hosts that mail and name server records name. */
export async function* readDomain(dns: DnsCapability, domain: InputAsset) {
  const from = { kind: domain.kind, key: domain.key };
  yield {
    type: 'asset' as const,
    asset: { kind: 'hostname' as const, key: domain.key },
    from,
    relation: 'contains' as const,
    reason: `apex of the domain ${domain.key}`,
  };
  const answers = await Promise.all(DOMAIN_TYPES.map(type => dns.query(domain.key, type)));
  const records = answers.map(answer => [...answer.records].sort(byValue).slice(0, MAX_RECORDS));
  yield {
    type: 'asset' as const,
    asset: {
      kind: 'domain' as const,
      key: domain.key,
      attributes: Object.fromEntries(
        DOMAIN_TYPES.map((type, index) => [
          type.toLowerCase(),
          (records[index] ?? []).map(record => record.value.slice(0, 1000)),
        ]),
      ),
    },
    from,
    reason: 'records of its apex',
  };
  for (const record of records.flat()) {
    const target = record.type === 'MX' ? record.fields?.['exchange'] : record.value;
    if ((record.type !== 'MX' && record.type !== 'NS') || typeof target !== 'string' || !target.includes('.'))
      continue;
    const isMail = record.type === 'MX';
    yield {
      type: 'asset' as const,
      asset: { kind: 'hostname' as const, key: target },
      from,
      relation: isMail ? ('mail_handled_by' as const) : ('served_by' as const),
      reason: `${isMail ? 'mail exchanger' : 'name server'} of ${domain.key}`,
    };
  }
  return answers.every(answer => answer.status === 'failed') ? unanswered(answers[0]?.detail) : undefined;
}

function byValue(left: DnsRecord, right: DnsRecord): number {
  return left.value < right.value ? -1 : left.value > right.value ? 1 : 0;
}

function unanswered(detail?: string): Outcome {
  return { outcome: 'unreachable', detail: detail ?? 'the resolvers gave no answer' };
}
