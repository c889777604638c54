import { CertificateStore } from '../tls/certificate.ts';
import { exposurePaths } from '../web/exposures.ts';
import { crawlPaths } from '../web/site-pages.ts';
import { productTable } from '../world/products.ts';
import type { World } from '../world/world.ts';
import { endpointAssets, foreignAssets, nameAssets, serviceAssets, webAssets } from './assets.ts';
import { allFindings } from './findings.ts';
import type { Truth } from './schema.ts';
import { surfaceOf } from './surface.ts';

function wordsOf(world: World): readonly string[] {
  const words = world.names
    .filter(name => name.foundBy.includes('dns-brute'))
    .map(name => name.name.split('.', 1)[0] ?? '');
  return [...new Set(words)].sort();
}

/** Everything that is true about a world; certificates come out of the store that also serves them. */
export function buildTruth(world: World, store: CertificateStore = new CertificateStore(world.seed)): Truth {
  const surface = surfaceOf(world);
  const optionalPaths = new Set<string>();
  for (const { website } of surface.endpoints) {
    if (website !== undefined) for (const path of crawlPaths(website.site).optional) optionalPaths.add(path);
  }
  return {
    version: 1,
    seed: world.seed,
    hosts: world.hostCount,
    domains: [...world.domains],
    ranges: [world.plan.range],
    words: [...wordsOf(world)],
    products: productTable.map(row => ({ ...row })),
    exposurePaths: [...new Set(exposurePaths)],
    optionalPaths: [...optionalPaths].sort(),
    bystanders: world.bystanders.map(bystander => ({ ...bystander })),
    assets: [
      ...nameAssets(surface),
      ...serviceAssets(surface),
      ...endpointAssets(surface, store),
      ...webAssets(surface),
      ...foreignAssets(world),
    ],
    findings: [...allFindings(surface)],
  };
}
