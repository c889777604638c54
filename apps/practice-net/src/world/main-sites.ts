import { addHost, issued, MAIN } from './draft.ts';
import type { Draft } from './draft.ts';
import { software } from './products.ts';
import { site } from './site.ts';

const WWW = `www.${MAIN}`;
const COMPANY = 'Larkspur';
const sessionCookie = { name: 'session', isSecure: true, isHttpOnly: true } as const;

/** The public face: company site (apex redirects to www), members' area, shop, its shop fronts, blog. */
export function addMainSites(draft: Draft): void {
  const { plan } = draft;
  const address = plan.fixed(1);
  const www = site('www', {
    company: COMPANY,
    look: 'slate',
    template: 'company',
    software: software.nginxJquery,
    policy: 'complete',
    cookies: [sessionCookie],
    links: [
      `http://shop.${MAIN}:8080/`,
      `http://bulkdata.${MAIN}:8080/`,
      `http://swing.${MAIN}:8080/`,
      'http://www.bystander.test:8080/partners',
    ],
    embeds: [`http://pixelcache.${MAIN}:8080/uploads/pixel.svg`, 'http://img.bystander.test:8080/badge.svg'],
    scriptUrls: [`http://beacon-intake.${MAIN}:3000/v1/collect`],
    emails: [`hello@${MAIN}`, `press@${MAIN}`, 'sales@bystander.test'],
  });
  const redirect = (scheme: string, port: number) =>
    site(`apex-${scheme}`, {
      company: COMPANY,
      look: 'slate',
      template: 'default',
      software: software.nginx,
      behaviour: 'redirect',
      redirectTo: `${scheme}://${WWW}:${port}`,
    });
  const promo = site('daylight', {
    company: COMPANY,
    look: 'slate',
    template: 'default',
    software: software.nginx,
    behaviour: 'redirect',
    redirectTo: 'http://promo.bystander.test:8080',
  });
  const certificate = issued('www', [WWW, MAIN, `clubhouse.${MAIN}`]);
  addHost(
    draft,
    address,
    [
      [MAIN, ['seed', 'dns-resolve']],
      [WWW, ['dns-brute', 'ct-search', 'tls-inspect', 'http-crawl']],
      [`daylight.${MAIN}`, ['ct-search']],
    ],
    [
      {
        kind: 'web',
        port: 8080,
        site: { ...www, id: 'www-plain', policy: 'partial' },
        sitesByHost: { [MAIN]: redirect('http', 8080), [`daylight.${MAIN}`]: promo },
      },
      {
        kind: 'web',
        port: 8443,
        site: www,
        sitesByHost: { [MAIN]: redirect('https', 8443), [`daylight.${MAIN}`]: promo },
        certificates: [certificate],
      },
    ],
    // A private IPv6 range that no practice scan is granted.
    { addressesV6: ['fd00:80::1'] },
  );
  addHost(
    draft,
    plan.fixed(2),
    [[`clubhouse.${MAIN}`, ['tls-inspect']]],
    [
      {
        kind: 'web',
        port: 8443,
        site: site('clubhouse', {
          company: 'Larkspur Members',
          look: 'slate',
          template: 'members',
          software: software.nginxQuiet,
          policy: 'framed-by-option',
          cookies: [sessionCookie, { name: 'locale', isSecure: false, isHttpOnly: false }],
        }),
        certificates: [issued('clubhouse', [`clubhouse.${MAIN}`])],
      },
    ],
  );
  addShop(draft);
  addBlog(draft);
}

function addShop(draft: Draft): void {
  const { plan } = draft;
  const shop = site('shop', {
    company: 'Larkspur Shop',
    look: 'market',
    template: 'shop',
    software: software.apachePhpOld,
    cookies: [
      { name: 'PHPSESSID', isSecure: false, isHttpOnly: false },
      { name: 'basket', isSecure: true, isHttpOnly: false },
    ],
    links: [`http://shopfront1.${MAIN}:8000/`],
    embeds: ['http://cdn.bystander.test:8080/tag.js'],
    exposures: ['phpinfo'],
    emails: [`orders@${MAIN}`],
  });
  addHost(
    draft,
    plan.fixed(3),
    [[`shop.${MAIN}`, ['dns-brute', 'ct-search', 'http-crawl']]],
    [
      { kind: 'web', port: 8080, site: { ...shop, id: 'shop-plain' } },
      { kind: 'web', port: 8443, site: shop, certificates: [issued('shop', [`shop.${MAIN}`])] },
    ],
  );
  draft.names.push({
    name: `store.${MAIN}`,
    addresses: [],
    alias: `shop.${MAIN}`,
    foundBy: ['dns-brute'],
  });
  for (const number of [1, 2]) {
    addHost(
      draft,
      plan.fixed(3 + number),
      [[`shopfront${number}.${MAIN}`, number === 1 ? ['http-crawl'] : ['dns-permute']]],
      [
        {
          kind: 'web',
          port: 8000,
          site: site(`shopfront${number}`, {
            company: 'Larkspur Outlet',
            look: 'market',
            template: 'shopfront',
            software: number === 1 ? software.lighttpd : software.lighttpdOld,
            policy: 'partial',
          }),
        },
      ],
    );
  }
}

function addBlog(draft: Draft): void {
  addHost(
    draft,
    draft.plan.fixed(6),
    [[`blog.${MAIN}`, ['dns-brute']]],
    [
      {
        kind: 'web',
        port: 8080,
        site: site('blog', {
          company: 'Field Notes',
          look: 'ink',
          template: 'blog',
          software: software.wordpressOld,
          policy: 'report-only',
          exposures: ['wp-login', 'uploads-listing'],
          emails: [`editor@${MAIN}`],
        }),
      },
    ],
  );
}
