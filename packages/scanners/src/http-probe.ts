import { defineScanner } from '@glacis/engine';
import { EgressError } from '@glacis/foundation';
import { z } from 'zod';
import { eachAsset } from './parts/each-asset.ts';
import { parsePage } from './parts/page.ts';
import { fetchStartPage, headerOf, isHtml, splitEndpoint, textOf, websiteKey } from './parts/site.ts';
import { answersEverything, iconHash } from './parts/site-signs.ts';
import { technologiesOf, technologyKey } from './parts/technologies.ts';

const MAX_BODY_BYTES = 512 * 1024;

export default defineScanner({
  id: 'http-probe',
  title: 'HTTP probing',
  description:
    'Asks endpoints for their start page: status, title, server, technologies, favicon, and whether the site answers every path alike.',
  consumes: ['endpoint'],
  produces: ['website', 'technology'],
  reports: ['http.catch-all'],
  mode: 'active',
  risk: 'safe',
  options: z.object({ timeoutMs: z.number().int().min(500).max(60_000).default(8000) }),
  batchSize: 10,
  timeoutMs: 180_000,
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 10, limitMs: 60_000, signal: context.signal }, async function* (endpoint) {
      const { http, options } = context;
      const { host, port } = splitEndpoint(endpoint.key);
      const from = { kind: 'endpoint' as const, key: endpoint.key };
      const website = {
        kind: 'website' as const,
        key: websiteKey(endpoint.attributes['tls'] === true, host, port),
      };
      const limits = { timeoutMs: options.timeoutMs, maxBodyBytes: MAX_BODY_BYTES };
      const [start, isCatchAll] = await Promise.all([
        fetchStartPage(http, website.key, limits),
        answersEverything(http, website.key, limits),
      ]).catch((error: unknown) => notHttp(error));
      if (!start) return { outcome: 'looked', detail: 'does not speak HTTP' };
      const { first, final } = start;
      const page = isHtml(final) ? parsePage(textOf(final)) : undefined;
      const technologies = technologiesOf(final, page);
      const icon = await iconHash(http, website.key, page, limits);
      const location = first.headers.get('location')?.[0]?.slice(0, 2048);
      yield {
        type: 'asset',
        asset: {
          ...website,
          attributes: {
            status: first.status,
            title: page?.title ?? '',
            server: headerOf(first, 'server').slice(0, 200),
            contentType: headerOf(final, 'content-type').slice(0, 100),
            technologies: technologies.map(technologyKey),
            isCatchAll,
            ...(location === undefined ? {} : { location }),
            ...(icon === undefined ? {} : { faviconHash: icon }),
          },
        },
        from,
        relation: 'hosts',
        reason: `${endpoint.key} answers HTTP`,
      };
      for (const { product, version } of technologies) {
        yield {
          type: 'asset',
          asset: {
            kind: 'technology',
            key: technologyKey({ product, ...(version === undefined ? {} : { version }) }),
            attributes: { product, ...(version === undefined ? {} : { version }) },
          },
          from,
          relation: 'runs',
          reason: `${website.key} shows it`,
        };
      }
      if (isCatchAll) {
        yield {
          type: 'finding',
          ruleId: 'http.catch-all',
          asset: website,
          confidence: 'firm',
          evidence: [{ label: 'Answers to two random paths', text: 'status 200, with a page' }],
        };
      }
      return final.isTruncated
        ? { outcome: 'limited', detail: 'the start page is longer than was read' }
        : undefined;
    }),
});

function notHttp(error: unknown): [undefined, false] {
  if (error instanceof EgressError && (error.code === 'protocol' || error.code === 'reset'))
    return [undefined, false];
  throw error;
}
