import { defineScanner } from '@glacis/engine';
import { z } from 'zod';
import { permutationsOf } from './parts/permutations.ts';
import { eachAsset } from './parts/each-asset.ts';
import { isHost, isWildcardAnswer, outcomeOfNames, parentOf, realHosts } from './parts/names.ts';

export default defineScanner({
  id: 'dns-permute',
  title: 'Name permutations',
  description:
    'Varies the first label of known host names (numbers, stages, regions) and reports the variants that exist.',
  consumes: ['hostname'],
  produces: ['hostname'],
  reports: [],
  mode: 'passive',
  risk: 'loud',
  options: z.object({ maxCandidates: z.number().int().min(0).max(1000).default(120) }),
  batchSize: 25,
  timeoutMs: 180_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 4, limitMs: 60_000, signal: context.signal }, async function* (hostname) {
      const { dns, scope, options } = context;
      const parent = parentOf(hostname.key);
      if (parent === undefined || !scope.isInScope(parent))
        return { outcome: 'skipped', detail: 'the apex of a domain has no first label to vary' };
      const isKnown = await isHost(dns, hostname.key);
      if (isKnown === undefined) return { outcome: 'unreachable', detail: 'the resolvers gave no answer' };
      if (!isKnown) return { outcome: 'skipped', detail: 'the name is not in the DNS' };
      const wildcard = await dns.wildcard(parent);
      if (wildcard && isWildcardAnswer(wildcard, await dns.resolve(hostname.key)))
        return { outcome: 'skipped', detail: 'the name is covered by a wildcard' };
      const label = hostname.key.slice(0, -parent.length - 1);
      const candidates = permutationsOf(label, options.maxCandidates).map(variant => `${variant}.${parent}`);
      const checked = await realHosts(
        dns,
        candidates.filter(name => scope.isInScope(name)),
      );
      for (const name of checked.hosts) {
        yield {
          type: 'asset',
          asset: { kind: 'hostname', key: name },
          from: { kind: 'hostname', key: hostname.key },
          relation: 'names',
          reason: `a variant of ${hostname.key} that exists`,
        };
      }
      return outcomeOfNames(checked);
    }),
});
