import { defineScanner, type HttpCapability, type HttpResponse } from '@glacis/engine';
import { EgressError } from '@glacis/foundation';
import { z } from 'zod';
import { eachAsset } from './parts/each-asset.ts';
import { faviconHash } from './parts/favicon-hash.ts';
import { parsePage, type Page } from './parts/page.ts';
import {
  fetchStartPage,
  headerOf,
  impossiblePath,
  isHtml,
  splitEndpoint,
  textOf,
  websiteKey,
} from './parts/site.ts';
import { technologiesOf, technologyKey } from './parts/technologies.ts';

const MAX_BODY_BYTES = 512 * 1024;
const MAX_ICON_BYTES = 256 * 1024;

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

/** True when two paths that cannot exist both get a page with status 200. */
async function answersEverything(
  http: HttpCapability,
  origin: string,
  limits: { timeoutMs: number; maxBodyBytes: number },
): Promise<boolean> {
  const answers = await Promise.all(
    [impossiblePath(), `${impossiblePath()}/`].map(path => http.request({ url: origin + path, ...limits })),
  );
  return answers.every(answer => answer.status === 200 && answer.body.length > 0);
}

/** Hash of the icon that the page names, or of `/favicon.ico`. An icon of another site is not fetched. */
async function iconHash(
  http: HttpCapability,
  origin: string,
  page: Page | undefined,
  limits: { timeoutMs: number },
): Promise<number | undefined> {
  const named = page?.icons.find(icon => URL.canParse(icon, origin));
  const url = new URL(named ?? '/favicon.ico', origin);
  if (url.origin !== origin) return undefined;
  let icon: HttpResponse;
  try {
    icon = await http.request({ url: url.href, ...limits, maxBodyBytes: MAX_ICON_BYTES });
  } catch (error) {
    if (error instanceof EgressError && error.code !== 'cancelled') return undefined;
    throw error;
  }
  const isIcon = icon.status === 200 && !icon.isTruncated && icon.body.length > 0 && !isHtml(icon);
  return isIcon ? faviconHash(icon.body) : undefined;
}
