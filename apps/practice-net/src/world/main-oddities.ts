import { addHost, CLOUD, issued, MAIN, OPENSSH } from './draft.ts';
import type { Draft } from './draft.ts';
import { software } from './products.ts';
import { site } from './site.ts';

/** Hosts that try a scanner's patience: slow, silent, endless, resetting, answering everything. */
export function addTroublemakers(draft: Draft): void {
  const { plan } = draft;
  const plainSites = [
    [18, 'test', 'dns-brute', { template: 'default', behaviour: 'unavailable' }],
    [22, 'status', 'dns-brute', { template: 'status', behaviour: 'slow' }],
    [28, 'summerlight', 'ct-search', { template: 'small', behaviour: 'catch-all' }],
    [31, 'bulkdata', 'http-crawl', { template: 'bulk', behaviour: 'endless' }],
  ] as const;
  for (const [index, label, foundBy, parts] of plainSites) {
    addHost(
      draft,
      plan.fixed(index),
      [[`${label}.${MAIN}`, [foundBy]]],
      [
        {
          kind: 'web',
          port: 8080,
          site: site(label, { company: 'Larkspur', look: 'brick', software: software.nginx, ...parts }),
        },
      ],
    );
  }
  addHost(draft, plan.fixed(27), [[`edge7.${MAIN}`, ['ct-search']]], [], { isHoneypot: true });
  addHost(
    draft,
    plan.fixed(29),
    [[`oldgate.${MAIN}`, ['ct-search']]],
    [
      { kind: 'silent', port: 8080 },
      { kind: 'silent', port: 9090 },
    ],
  );
  addHost(
    draft,
    plan.fixed(30),
    [[`relay9.${MAIN}`, ['ct-search']]],
    [
      { kind: 'reset', port: 9090 },
      { kind: 'ssh', port: 2222, software: OPENSSH },
    ],
  );
}

/** Hosts that only one source reveals, and the wildcard sub-zone. */
export function addHidden(draft: Draft): void {
  const { plan } = draft;
  addHost(
    draft,
    plan.fixed(26),
    [
      [`partnerhub.${MAIN}`, ['ct-search']],
      [`frontdesk.eu.${MAIN}`, ['ct-search']],
    ],
    [
      {
        kind: 'web',
        port: 8443,
        site: site('partnerhub', {
          company: 'Larkspur Partner Hub',
          look: 'brick',
          template: 'login',
          software: software.wordpress,
          policy: 'complete',
          cookies: [{ name: 'hub', isSecure: true, isHttpOnly: false }],
        }),
        certificates: [issued('partnerhub', [`partnerhub.${MAIN}`, 'shared.bystander.test'])],
      },
    ],
  );
  addHost(
    draft,
    plan.fixed(32),
    [[`pixelcache.${MAIN}`, ['http-crawl']]],
    [
      {
        kind: 'web',
        port: 8080,
        site: site('pixelcache', {
          company: 'Larkspur Pictures',
          look: 'meadow',
          template: 'default',
          software: software.nginxOld,
          policy: 'partial',
          exposures: ['uploads-listing'],
        }),
      },
    ],
  );
  addHost(
    draft,
    plan.fixed(33),
    [[`beacon-intake.${MAIN}`, ['http-crawl']]],
    [
      {
        kind: 'web',
        port: 3000,
        site: site('beacon-intake', {
          company: 'Larkspur Measurement',
          look: 'console',
          template: 'intake',
          software: software.express,
        }),
      },
    ],
  );
  addWildcard(draft);
}

function addWildcard(draft: Draft): void {
  const { plan } = draft;
  const apps = `apps.${MAIN}`;
  const address = plan.fixed(34);
  const tenants = site('apps', {
    company: 'Larkspur Apps',
    look: 'slate',
    template: 'small',
    software: software.nginx,
    policy: 'partial',
  });
  draft.hosts.push({
    address,
    services: [
      { kind: 'web', port: 8080, site: { ...tenants, id: 'apps-plain' } },
      { kind: 'web', port: 8443, site: tenants, certificates: [issued('apps', [`*.${apps}`, apps])] },
    ],
  });
  draft.names.push({
    name: apps,
    addresses: [address],
    hasWildcard: true,
    foundBy: ['dns-brute', 'ct-search'],
  });
  addHost(
    draft,
    plan.fixed(35),
    [[`invoicing.${apps}`, ['ct-search']]],
    [
      {
        kind: 'web',
        port: 8080,
        site: site('invoicing', {
          company: 'Larkspur Billing',
          look: 'console',
          template: 'login',
          software: software.apachePhp,
          policy: 'framed-by-option',
        }),
      },
    ],
  );
}

/** Names without a host of their own: aliases to others, dangling, private, and two that change their answer. */
export function addLooseNames(draft: Draft): void {
  const { plan } = draft;
  const sessionCache = plan.fixed(24);
  draft.names.push(
    { name: `support.${MAIN}`, addresses: [], alias: 'larkspur.desk.bystander.test', foundBy: ['dns-brute'] },
    { name: `assets.${MAIN}`, addresses: [], alias: `larkspur-assets.${CLOUD}`, foundBy: ['dns-brute'] },
    {
      name: `docs.${MAIN}`,
      addresses: [],
      alias: `larkspur-docs.${CLOUD}`,
      isDangling: true,
      foundBy: ['dns-brute'],
    },
    {
      name: `legacy-shop.${MAIN}`,
      addresses: [],
      alias: `larkspur-shop.${CLOUD}`,
      isDangling: true,
      foundBy: ['ct-search'],
    },
    { name: `intranet.${MAIN}`, addresses: ['10.80.12.7'], foundBy: ['dns-brute'] },
    { name: `flipflop.${MAIN}`, addresses: [sessionCache], turnsInto: '127.0.0.1', foundBy: ['ct-search'] },
    {
      name: `swing.${MAIN}`,
      addresses: [sessionCache],
      turnsInto: plan.outside(66),
      foundBy: ['http-crawl'],
    },
  );
}
