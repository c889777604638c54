import { defineScanner } from '@glacis/engine';
import { z } from 'zod';
import { namesOf, searchLogs } from './parts/ct-log.ts';
import { eachAsset } from './parts/each-asset.ts';
import { outcomeOfNames, realHosts } from './parts/names.ts';

const MAX_NAMES = 50_000;
const NOT_ASKED =
  'the name exists only in private networks and the network profile names no certificate search, so none was asked';

export default defineScanner({
  id: 'ct-search',
  title: 'Certificate transparency',
  description: 'Searches the public logs of issued certificates for host names of the domain.',
  consumes: ['domain'],
  produces: ['hostname'],
  reports: [],
  mode: 'passive',
  risk: 'safe',
  options: z.object({ timeoutMs: z.number().int().min(1000).max(120_000).default(60_000) }),
  batchSize: 1,
  timeoutMs: 300_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 1, limitMs: 290_000, signal: context.signal }, async function* (domain) {
      const { dns, scope, options } = context;
      const searchUrl = context.services.ctSearchOf(domain.key);
      if (searchUrl === undefined) return { outcome: 'skipped', detail: NOT_ASKED };
      const { timeoutMs } = options;
      const response = await searchLogs(context, { searchUrl, domain: domain.key, timeoutMs });
      const { names, isCut } = namesOf(response);
      const ours = [...names].filter(name => scope.isInScope(name)).sort();
      const checked = await realHosts(dns, ours.slice(0, MAX_NAMES));
      for (const name of checked.hosts) {
        yield {
          type: 'asset',
          asset: { kind: 'hostname', key: name },
          from: { kind: 'domain', key: domain.key },
          relation: 'contains',
          reason: 'named in a publicly logged certificate',
        };
      }
      if (isCut || ours.length > MAX_NAMES)
        return { outcome: 'limited', detail: 'the logs hold more names than were read' };
      return outcomeOfNames(checked);
    }),
});
