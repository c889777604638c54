import { defineScanner, type InputAsset, type ScanContext } from '@glacis/engine';
import { z } from 'zod';
import { readDomain } from './parts/domain-records.ts';
import { eachAsset } from './parts/each-asset.ts';
import { isWildcardAnswer, parentOf } from './parts/names.ts';

const options = z.object({});
type Context = ScanContext<z.output<typeof options>>;

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
      asset.kind === 'domain' ? readDomain(context.dns, asset) : resolveName(context, asset),
    ),
});

async function* resolveName({ dns, scope }: Context, hostname: InputAsset) {
  const from = { kind: hostname.kind, key: hostname.key };
  const parent = parentOf(hostname.key);
  const [answer, wildcard] = await Promise.all([
    dns.resolve(hostname.key),
    parent !== undefined && scope.isInScope(parent) ? dns.wildcard(parent) : undefined,
  ]);
  const { addresses, chain, status } = answer;
  if (status === 'failed' && chain.length === 0)
    return { outcome: 'unreachable' as const, detail: 'the resolvers gave no answer' };
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
