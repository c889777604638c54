import type { HttpCapability, HttpResponse } from '@glacis/engine';
import { EgressError, redirectOf } from '@glacis/foundation';
import { mapBounded } from './each-asset.ts';
import { parsePage, type Page } from './page.ts';
import { headerOf, isHtml, textOf } from './site.ts';

/** Bounds of one site's crawl. */
export interface CrawlLimits {
  readonly maxPages: number;
  readonly maxDepth: number;
  readonly timeoutMs: number;
}

/** A fetched page or file of the site. */
export interface Visited {
  readonly url: string;
  readonly status: number;
  readonly contentType: string;
  readonly page?: Page;
  /** The page or file that led to it; undefined for the start page. */
  readonly from?: string;
}

/** Gets each text in which names of other hosts may stand (pages, scripts, lists, redirect targets), in no fixed order. */
export type Reader = (url: string, text: string) => void;

/** What came of a crawl. */
export interface Crawl {
  readonly visited: readonly Visited[];
  /** True when there was more to visit than the limits allow. */
  readonly isCut: boolean;
  /** The first failure, when pages could not be fetched. */
  readonly failure?: EgressError;
}

const MAX_BODY_BYTES = 512 * 1024;
const MAX_SCRIPTS = 10;
const MAX_SITEMAPS = 5;
const MAX_QUERIES_PER_PATH = 3;
const AT_ONCE = 4;
/** Files that hold no links. */
const MEDIA =
  /\.(?:png|jpe?g|gif|svg|webp|ico|css|woff2?|ttf|eot|mp[34]|avi|mov|webm|pdf|zip|gz|tgz|bz2|xz|7z|rar|exe|msi|dmg|iso|map)$/i;

interface Wanted {
  readonly url: string;
  readonly from?: string;
}

/**
 * Visits a site breadth first from its start page, robots.txt and sitemaps, inside its origin. Each depth is sorted before
 * it is cut, so that the same site gives the same pages in every run.
 */
export async function crawlSite(
  http: HttpCapability,
  origin: string,
  limits: CrawlLimits,
  read: Reader,
): Promise<Crawl> {
  const frontier = new Frontier(origin);
  const visited: Visited[] = [];
  const scripts = new Set<string>();
  let failure: EgressError | undefined;
  const fetch = async (url: string): Promise<HttpResponse | undefined> => {
    try {
      return await http.request({ url, timeoutMs: limits.timeoutMs, maxBodyBytes: MAX_BODY_BYTES });
    } catch (error) {
      if (!(error instanceof EgressError) || error.code === 'cancelled') throw error;
      failure ??= error;
      return undefined;
    }
  };
  const listings = readListings(origin, fetch, read);
  // A failure ends the crawl only where the listings are awaited.
  listings.catch(() => undefined);
  let level: readonly Wanted[] = frontier.take([{ url: `${origin}/` }]);
  let isCut = false;
  for (let depth = 0; depth <= limits.maxDepth && level.length > 0; depth += 1) {
    const room = limits.maxPages - visited.length;
    if (level.length > room) isCut = true;
    const found: Wanted[] = [];
    const answers = await mapBounded(level.slice(0, Math.max(0, room)), AT_ONCE, async wanted => ({
      wanted,
      response: await fetch(wanted.url),
    }));
    if (depth === 0 && failure && answers.every(answer => !answer.response)) throw failure;
    for (const { wanted, response } of answers) {
      if (!response) continue;
      const text = textOf(response);
      const page = isHtml(response) ? parsePage(text) : undefined;
      const contentType = headerOf(response, 'content-type').slice(0, 100);
      visited.push({ ...wanted, status: response.status, contentType, ...(page ? { page } : {}) });
      if (response.isTruncated) isCut = true;
      read(wanted.url, text);
      const next = redirectOf(response);
      if (next) read(wanted.url, next.href);
      for (const url of linksOf(page, next, wanted.url)) found.push({ url, from: wanted.url });
      for (const script of page?.scripts ?? []) scripts.add(absolute(script, wanted.url));
    }
    if (depth === 0) for (const url of await listings) found.push({ url, from: `${origin}/` });
    level = frontier.take(found);
  }
  const own = [...scripts].filter(url => url.startsWith(`${origin}/`)).sort();
  for (const response of await mapBounded(own.slice(0, MAX_SCRIPTS), AT_ONCE, fetch))
    if (response?.status === 200) read(response.url, textOf(response));
  return { visited, isCut: isCut || own.length > MAX_SCRIPTS, ...(failure ? { failure } : {}) };
}

function absolute(reference: string, base: string): string {
  return URL.canParse(reference, base) ? new URL(reference, base).href : '';
}

function linksOf(page: Page | undefined, redirect: URL | undefined, base: string): string[] {
  const forms = (page?.forms ?? []).filter(form => form.method === 'GET').map(form => form.action);
  return [...(page?.links ?? []), ...forms, ...(redirect ? [redirect.href] : [])].map(link =>
    absolute(link, base),
  );
}

/** Pages named by robots.txt and the sitemaps. */
async function readListings(
  origin: string,
  fetch: (url: string) => Promise<HttpResponse | undefined>,
  read: Reader,
): Promise<string[]> {
  const listed: string[] = [];
  const sitemaps = new Set([`${origin}/sitemap.xml`]);
  const first = fetch(`${origin}/sitemap.xml`);
  first.catch(() => undefined);
  const robots = await fetch(`${origin}/robots.txt`);
  if (robots?.status === 200 && !isHtml(robots)) {
    read(robots.url, textOf(robots));
    for (const line of textOf(robots).split('\n').slice(0, 1000)) {
      const [field = '', ...rest] = line.split(':');
      const value = rest.join(':').split('#', 1)[0]?.trim() ?? '';
      const name = field.trim().toLowerCase();
      if (name === 'sitemap') sitemaps.add(absolute(value, origin));
      // A pattern is no path; what stands before its first wildcard may be one.
      if ((name === 'disallow' || name === 'allow') && /^\/[^*$]+$/.test(value))
        listed.push(absolute(value, origin));
    }
  }
  const others = [...sitemaps].filter(url => url.startsWith(`${origin}/`)).sort();
  const answers = await mapBounded(others.slice(0, MAX_SITEMAPS), AT_ONCE, url =>
    url === `${origin}/sitemap.xml` ? first : fetch(url),
  );
  for (const sitemap of answers) {
    if (sitemap?.status !== 200 || isHtml(sitemap)) continue;
    const text = textOf(sitemap);
    read(sitemap.url, text);
    for (const [, location = ''] of text.matchAll(/<loc>\s{0,20}([^<\s]{1,2048})/g)) listed.push(location);
  }
  return listed;
}

/** Knows which pages were asked for, and picks the new ones of the site in a fixed order. */
class Frontier {
  readonly #origin: string;
  readonly #seen = new Set<string>();
  readonly #queriesByPath = new Map<string, number>();
  constructor(origin: string) {
    this.#origin = origin;
  }
  take(wanted: readonly Wanted[]): Wanted[] {
    const fresh: Wanted[] = [];
    const sorted = [...wanted].sort((left, right) =>
      left.url === right.url ? compare(left.from ?? '', right.from ?? '') : compare(left.url, right.url),
    );
    for (const { url, from } of sorted) {
      if (!URL.canParse(url)) continue;
      const parsed = new URL(url);
      parsed.hash = '';
      const { href, pathname } = parsed;
      if (parsed.origin !== this.#origin || MEDIA.test(pathname) || this.#seen.has(href)) continue;
      this.#seen.add(href);
      if (parsed.search !== '') {
        const count = (this.#queriesByPath.get(pathname) ?? 0) + 1;
        this.#queriesByPath.set(pathname, count);
        if (count > MAX_QUERIES_PER_PATH) continue;
      }
      fresh.push({ url: href, ...(from === undefined ? {} : { from }) });
    }
    return fresh;
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
