import { defineScanner } from '@glacis/engine';
import { z } from 'zod';
import { commonLabels } from './data/labels.ts';
import { eachAsset } from './parts/each-asset.ts';
import { outcomeOfNames, realHosts } from './parts/names.ts';

export default defineScanner({
  id: 'dns-brute',
  title: 'Word list',
  description: 'Asks for some 700 host names that are common in public zones, and reports those that exist.',
  consumes: ['domain'],
  produces: ['hostname'],
  reports: [],
  mode: 'passive',
  risk: 'loud',
  options: z.object({
    /** Further first labels to try. */
    labels: z
      .array(z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/))
      .max(100_000)
      .default([]),
  }),
  batchSize: 1,
  timeoutMs: 600_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 1, limitMs: 580_000, signal: context.signal }, async function* (domain) {
      const { dns, scope, options } = context;
      const wildcard = await dns.wildcard(domain.key);
      if (wildcard?.isUnstable)
        return { outcome: 'skipped', detail: 'the domain answers every name with changing addresses' };
      const names = [...commonLabels, ...options.labels].map(label => `${label}.${domain.key}`);
      const checked = await realHosts(
        dns,
        names.filter(name => scope.isInScope(name)),
      );
      for (const name of checked.hosts) {
        yield {
          type: 'asset',
          asset: { kind: 'hostname', key: name },
          from: { kind: 'domain', key: domain.key },
          relation: 'contains',
          reason: 'a common name that exists in the zone',
        };
      }
      return outcomeOfNames(checked);
    }),
});
