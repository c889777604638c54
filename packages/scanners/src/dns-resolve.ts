import { defineScanner, type DnsRecord, type InputAsset, type ScanContext } from '@glacis/engine';
import { z } from 'zod';
import { eachAsset, type Outcome } from './parts/each-asset.ts';
import { isWildcardAnswer, parentOf } from './parts/names.ts';

const options = z.object({});
type Context = ScanContext<z.output<typeof options>>;

/** Records of the apex that describe the domain itself. */
const DOMAIN_TYPES = ['MX', 'NS', 'TXT', 'CAA', 'SOA'] as const;
const MAX_RECORDS = 100;

export default defineScanner({
  id: 'dns-resolve',
  title: 'DNS resolution',
  description:
    'Resolves host names to addresses and aliases, reads the records of domains, and reports aliases to names that do not exist.',
  consumes: ['domain', 'hostname'],
  produces: ['domain', 'hostname', 'ip'],
  reports: ['dns.dangling-cname'],
  mode: 'passive',
  risk: 'safe',
  options,
  batchSize: 50,
  timeoutMs: 120_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 25, limitMs: 40_000, signal: context.signal }, asset =>
      asset.kind === 'domain' ? readDomain(context, asset) : resolveName(context, asset),
    ),
});

async function* readDomain({ dns }: Context, domain: InputAsset) {
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

async function* resolveName({ dns, scope }: Context, hostname: InputAsset) {
  const from = { kind: hostname.kind, key: hostname.key };
  const parent = parentOf(hostname.key);
  const [answer, wildcard] = await Promise.all([
    dns.resolve(hostname.key),
    parent !== undefined && scope.isInScope(parent) ? dns.wildcard(parent) : undefined,
  ]);
  const { addresses, chain, status } = answer;
  if (status === 'failed' && chain.length === 0) return unanswered();
  const [alias] = chain;
  yield {
    type: 'asset' as const,
    asset: {
      ...from,
      attributes: {
        addresses: [...addresses],
        status,
        ...(alias === undefined ? {} : { cname: alias }),
        ...(isWildcardAnswer(wildcard, answer) ? { wildcard: true } : {}),
      },
    },
    from,
    reason: 'what it resolves to',
  };
  if (alias !== undefined) {
    yield {
      type: 'asset' as const,
      asset: { kind: 'hostname' as const, key: alias },
      from,
      relation: 'alias_of' as const,
      reason: `${hostname.key} is an alias of it`,
    };
  }
  for (const address of addresses) {
    yield {
      type: 'asset' as const,
      asset: { kind: 'ip' as const, key: address },
      from,
      relation: 'resolves_to' as const,
      reason: `${hostname.key} resolves to it`,
    };
  }
  // A longer chain through our own names is reported for the name that ends it.
  const target = chain.at(-1);
  const isLast = chain.length === 1 || (alias !== undefined && !scope.isInScope(alias));
  if (status === 'nxdomain' && target !== undefined && isLast) {
    yield {
      type: 'finding' as const,
      ruleId: 'dns.dangling-cname' as const,
      asset: from,
      parameter: target,
      confidence: 'firm' as const,
      evidence: [{ label: 'Alias chain', text: [hostname.key, ...chain].join(' → ') + ' (does not exist)' }],
    };
  }
  return undefined;
}

function byValue(left: DnsRecord, right: DnsRecord): number {
  return left.value < right.value ? -1 : left.value > right.value ? 1 : 0;
}

function unanswered(detail?: string): Outcome {
  return { outcome: 'unreachable', detail: detail ?? 'the resolvers gave no answer' };
}
