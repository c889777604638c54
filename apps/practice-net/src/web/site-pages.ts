import type { Site, TemplateName } from '../world/site.ts';
import { blogPages, companyPages, smallPages } from './company-pages.ts';
import { exposurePages } from './exposures.ts';
import { HTML } from './page.ts';
import type { Page } from './page.ts';
import { favicon, landscape } from './pictures.ts';
import {
  apiPages,
  buildsPages,
  defaultPages,
  downloadsPages,
  forgePages,
  intakePages,
  loginPages,
  membersPages,
  metricsPages,
  statusPages,
} from './product-pages.ts';
import { shopfrontPages, shopPages } from './shop-pages.ts';
import { styleSheet } from './style-sheet.ts';

const templates: Readonly<Record<TemplateName, (site: Site) => readonly Page[]>> = {
  company: companyPages,
  shop: shopPages,
  shopfront: shopfrontPages,
  blog: blogPages,
  api: apiPages,
  intake: intakePages,
  login: loginPages,
  members: membersPages,
  small: smallPages,
  status: statusPages,
  default: defaultPages,
  forge: forgePages,
  builds: buildsPages,
  metrics: metricsPages,
  downloads: downloadsPages,
  bulk: defaultPages,
};

const pictures: ReadonlySet<string> = new Set([
  'hero',
  'aurora',
  'meridian',
  'solstice',
  'planning',
  'fitting',
  'care',
  'aurora-pendant',
  'meridian-desk',
  'solstice-strip',
  'spare-driver',
]);

function script(site: Site): string {
  const urls = site.scriptUrls.map(url => `    ${JSON.stringify(url)},`).join('\n');
  return `(function () {
  'use strict';
  var targets = [
${urls}
  ];
  document.documentElement.className += ' has-script';
  window.siteTargets = targets;
})();
`;
}

function plain(path: string, mediaType: string, body: Page['body']): Page {
  return { path, listedBy: 'nothing', mediaType, body };
}

function mapPages(pages: readonly Page[]): readonly Page[] {
  const robots = pages.filter(page => page.listedBy === 'robots').map(page => page.path);
  const mapped = pages.filter(page => page.listedBy === 'sitemap').map(page => page.path);
  if (robots.length === 0 && mapped.length === 0) return [];
  return [
    plain('/robots.txt', 'text/plain; charset=utf-8', (_query, origin) =>
      [
        'User-agent: *',
        ...robots.map(path => `Disallow: ${path}`),
        `Sitemap: ${origin}/sitemap.xml`,
        '',
      ].join('\n'),
    ),
    plain('/sitemap.xml', 'application/xml', (_query, origin) => {
      const entries = ['/', ...mapped].map(path => `  <url><loc>${origin}${path}</loc></url>`).join('\n');
      return `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${entries}\n</urlset>\n`;
    }),
  ];
}

/** Pages, exposures, robots.txt and sitemap of a site; not the parts that pages load. */
export function sitePages(site: Site): readonly Page[] {
  const known = pagesOf.get(site);
  if (known !== undefined) return known;
  const made = makePages(site);
  pagesOf.set(site, made);
  return made;
}

/** Bodies are made when they are asked for; what there is of a site does not change, and each request looks for its page. */
const pagesOf = new WeakMap<Site, readonly Page[]>();

function makePages(site: Site): readonly Page[] {
  const pages = templates[site.template](site);
  const exposed = site.exposures
    .flatMap(exposure => exposurePages(site, exposure))
    .map(page =>
      site.template === 'downloads' && page.path === '/files/' ? { ...page, listedBy: 1 as const } : page,
    );
  return [...pages, ...exposed, ...mapPages(pages)];
}

/** Style sheet, scripts, pictures and icon of a site. */
function sitePart(site: Site, path: string): Page | undefined {
  if (path === '/favicon.ico') return plain(path, 'image/x-icon', () => favicon(site));
  if (path === '/assets/site.css') return plain(path, 'text/css', () => styleSheet(site.look));
  if (path === '/assets/app.js') return plain(path, 'text/javascript', () => script(site));
  const { jquery } = site.software;
  if (jquery !== undefined && path === `/assets/jquery-${jquery}.min.js`) {
    return plain(
      path,
      'text/javascript',
      () => `/*! jQuery v${jquery} | placeholder of the practice network */\n`,
    );
  }
  const picture = /^\/assets\/([a-z-]{1,40})\.svg$/.exec(path)?.[1];
  if (picture !== undefined && pictures.has(picture)) {
    return plain(path, 'image/svg+xml', () => landscape(site, picture));
  }
  return undefined;
}

/** The page or part at a path; undefined where there is none. A catch-all site has its start page everywhere. */
export function findPage(site: Site, path: string): Page | undefined {
  const part = sitePart(site, path);
  if (part !== undefined) return part;
  const pages = sitePages(site);
  if (site.behaviour === 'catch-all') return pages.find(page => page.path === '/');
  return pages.find(page => page.path === path);
}

/** The page that a visitor of `/` ends up with on the same site; undefined when `/` leads elsewhere or fails. */
export function landingPage(site: Site): Page | undefined {
  if (site.behaviour === 'redirect' || site.behaviour === 'unavailable') return undefined;
  const start = sitePages(site).find(page => page.path === '/');
  const target = start?.headers?.find(([name]) => name === 'Location')?.[1];
  return target === undefined ? start : sitePages(site).find(page => page.path === target);
}

/** Paths that a crawl of depth 3 has to find (`required`) and those that it may find as well; a catch-all has no paths. */
export function crawlPaths(site: Site): {
  readonly required: readonly string[];
  readonly optional: readonly string[];
} {
  const pages = sitePages(site);
  const parts = [
    '/favicon.ico',
    '/assets/site.css',
    '/assets/app.js',
    ...(site.software.jquery === undefined ? [] : [`/assets/jquery-${site.software.jquery}.min.js`]),
    ...[...pictures].map(name => `/assets/${name}.svg`),
  ];
  const isOrdinary = site.behaviour === 'pages' || site.behaviour === 'slow';
  const isRequired = (page: Page): boolean =>
    isOrdinary &&
    page.listedBy !== 'nothing' &&
    page.listedBy !== 4 &&
    page.mediaType === HTML &&
    page.status === undefined;
  return {
    required: pages.filter(isRequired).map(page => page.path),
    optional:
      site.behaviour === 'catch-all'
        ? []
        : [...pages.filter(page => !isRequired(page)).map(page => page.path), ...parts],
  };
}
