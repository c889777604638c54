import { defineScanner, type InputAsset } from '@glacis/engine';
import { z } from 'zod';
import { crawlSite, type Crawl, type Visited } from './parts/crawl.ts';
import { eachAsset } from './parts/each-asset.ts';
import { emailsIn, knownHosts, namesIn, outcomeOfNames } from './parts/names.ts';
import { isCatchAll } from './parts/site.ts';

const MAX_EMAILS = 500;
const MAX_NAMES = 2000;

export default defineScanner({
  id: 'http-crawl',
  title: 'Crawling',
  description:
    'Follows links, robots.txt and sitemaps of a site and reads its scripts: pages, forms, host names and e-mail addresses.',
  consumes: ['website'],
  produces: ['url', 'hostname', 'email'],
  reports: [],
  mode: 'active',
  risk: 'safe',
  options: z.object({
    maxPages: z.number().int().min(1).max(2000).default(50),
    maxDepth: z.number().int().min(0).max(10).default(3),
    timeoutMs: z.number().int().min(500).max(60_000).default(8000),
  }),
  batchSize: 5,
  timeoutMs: 300_000,
  accepts: website => !isCatchAll(website),
  run: (context, assets) =>
    eachAsset(assets, { atOnce: 5, limitMs: 90_000, signal: context.signal }, async function* (website) {
      const { scope, dns } = context;
      const from = { kind: 'website' as const, key: website.key };
      const names = new Map<string, string>();
      const emails = new Map<string, string>();
      const crawl = await crawlSite(context.http, website.key, context.options, (url, text) => {
        for (const name of namesIn(text)) if (scope.isInScope(name)) note(names, name, url);
        for (const email of emailsIn(text))
          if (scope.isInScope(email.slice(email.indexOf('@') + 1))) note(emails, email, url);
      });
      for (const visited of crawl.visited.filter(({ status }) => status < 300)) {
        const asset = { kind: 'url' as const, key: visited.url, attributes: attributesOf(visited) };
        yield { type: 'asset', asset, from, relation: 'links_to', reason: reasonOf(visited, website) };
      }
      const checked = await knownHosts(dns, names.keys());
      for (const name of checked.hosts.slice(0, MAX_NAMES)) {
        yield {
          type: 'asset',
          asset: { kind: 'hostname', key: name },
          from,
          relation: 'links_to',
          reason: `named on ${names.get(name) ?? website.key}`,
        };
      }
      for (const [email, url] of [...emails]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .slice(0, MAX_EMAILS)) {
        yield {
          type: 'asset',
          asset: { kind: 'email', key: email },
          from,
          relation: 'mentions',
          reason: `shown on ${url}`,
        };
      }
      return outcomeOfCrawl(crawl) ?? outcomeOfNames(checked);
    }),
});

/** Keeps where something was seen: of several places the first in order, so that it is the same in every run. */
function note(seen: Map<string, string>, what: string, url: string): void {
  const known = seen.get(what);
  if (known === undefined || url < known) seen.set(what, url);
}

function reasonOf(visited: Visited, website: InputAsset): string {
  return visited.from === undefined ? `start page of ${website.key}` : `found by way of ${visited.from}`;
}

function attributesOf({ url, status, contentType, page }: Visited) {
  const parameters = [...new Set(new URL(url).searchParams.keys())].sort().slice(0, 50);
  return {
    status,
    contentType,
    ...(page ? { title: page.title } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(page && page.forms.length > 0
      ? { forms: page.forms.map(({ action, method, fields }) => ({ action, method, fields: [...fields] })) }
      : {}),
  };
}

function outcomeOfCrawl({ isCut, failure }: Crawl) {
  if (isCut)
    return { outcome: 'limited' as const, detail: 'the site has more, or longer, pages than were read' };
  if (failure) return { outcome: 'limited' as const, detail: failure.message.slice(0, 300) };
  return undefined;
}
