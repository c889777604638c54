import { defineScanner } from '@glacis/engine';
import { z } from 'zod';
import { supportTable } from './data/end-of-life.ts';
import { eachAsset } from './parts/each-asset.ts';
import { compareVersions } from './parts/versions.ts';

const technologyList = z.array(z.string().max(300)).max(500).catch([]);

export default defineScanner({
  id: 'outdated-products',
  title: 'Outdated products',
  description:
    'Compares the products and versions that a site shows with a table of versions that are still maintained.',
  consumes: ['website'],
  produces: [],
  reports: ['http.outdated-product'],
  mode: 'passive',
  risk: 'safe',
  options: z.object({}),
  batchSize: 100,
  timeoutMs: 30_000,
  accepts: website => technologyList.parse(website.attributes['technologies']).length > 0,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 1, limitMs: 5000, signal: context.signal }, async function* (website) {
      for (const key of technologyList.parse(website.attributes['technologies'])) {
        const [product = '', version] = key.split('/', 2);
        const row = supportTable.find(entry => entry.product === product);
        if (!row || version === undefined || compareVersions(version, row.maintainedFrom) >= 0) continue;
        yield {
          type: 'finding',
          ruleId: 'http.outdated-product',
          asset: { kind: 'website', key: website.key },
          parameter: key,
          confidence: 'tentative',
          evidence: [
            { label: 'Shown by the site', text: `${product} ${version}` },
            { label: 'Maintained from', text: `${row.maintainedFrom} (as of ${row.asOf}, ${row.source})` },
          ],
        };
      }
      return undefined;
    }),
});
