import type { CertificateStore } from '../tls/certificate.ts';
import { HTML } from '../web/page.ts';
import { crawlPaths, landingPage, sitePages } from '../web/site-pages.ts';
import { CLOUD, MAIN } from '../world/draft.ts';
import { technologiesOf, technologyKey } from '../world/products.ts';
import type { Technology } from '../world/products.ts';
import type { Site } from '../world/site.ts';
import type { Service, World } from '../world/world.ts';
import type { TruthAsset } from './schema.ts';
import { isGranted } from './surface.ts';
import type { Endpoint, Surface } from './surface.ts';

type Json = NonNullable<TruthAsset['attributes']>;

function asset(
  kind: TruthAsset['kind'],
  key: string,
  foundBy: TruthAsset['foundBy'],
  attributes?: Json,
): TruthAsset {
  return { kind, key, inScope: true, foundBy, ...(attributes === undefined ? {} : { attributes }) };
}

/** Domains, host names and addresses. */
export function nameAssets(surface: Surface): readonly TruthAsset[] {
  const { world } = surface;
  const addresses = new Map<string, boolean>();
  for (const name of world.names) {
    for (const address of surface.addressesOf(name)) addresses.set(address, true);
    for (const address of [...name.addresses, ...(name.addressesV6 ?? [])]) {
      if (!isGranted(world, address)) addresses.set(address, false);
    }
    if (name.turnsInto !== undefined) addresses.set(name.turnsInto, false);
  }
  return [
    ...world.domains.map(domain => asset('domain', domain, ['seed'])),
    ...world.names.map(name =>
      asset('hostname', name.name, [...name.foundBy], {
        ...(name.alias === undefined
          ? { addresses: [...name.addresses, ...(name.addressesV6 ?? [])] }
          : { cname: name.alias }),
        ...(name.hasWildcard === true ? { wildcard: true } : {}),
      }),
    ),
    ...[...addresses].map(([address, inScope]) => ({
      ...asset('ip', address, inScope ? ['dns-resolve'] : []),
      inScope,
    })),
  ];
}

/** Protocol, product and version as a banner scan tells them. */
export function describeService(service: Service): Json {
  switch (service.kind) {
    case 'web':
      return service.certificates === undefined
        ? { protocol: 'http', tls: false }
        : { protocol: 'https', tls: true };
    case 'tls-line':
      return { protocol: 'tls', tls: true };
    case 'silent':
    case 'reset':
      return { protocol: 'unknown', tls: false };
    case 'ssh': {
      const [product = '', version = ''] = service.software.split(' ', 1)[0]?.split('_') ?? [];
      return { protocol: 'ssh', tls: false, product: product.toLowerCase(), version };
    }
    case 'ftp': {
      const [, product, version] = /(vsFTPd|ProFTPD) ?([\d.]+)?/.exec(service.software) ?? [];
      return {
        protocol: 'ftp',
        tls: false,
        ...(product === undefined ? {} : { product: product.toLowerCase() }),
        ...(version === undefined ? {} : { version }),
      };
    }
    case 'smtp':
      return { protocol: 'smtp', tls: false, product: 'postfix' };
    case 'redis':
      return {
        protocol: 'redis',
        tls: false,
        product: 'redis',
        ...(service.needsPassword ? {} : { version: service.version }),
      };
    case 'mysql':
      return { protocol: 'mysql', tls: false, product: 'mysql', version: service.version };
    default:
      return service satisfies never;
  }
}

/** Open ports; a honeypot has none that count. */
export function serviceAssets(surface: Surface): readonly TruthAsset[] {
  return surface.hosts.flatMap(host =>
    host.services.map(service =>
      asset('service', `${host.address}:${service.port}/tcp`, ['tcp-ports'], describeService(service)),
    ),
  );
}

/** Endpoints, the certificates they present, and web sites. */
export function endpointAssets(surface: Surface, store: CertificateStore): readonly TruthAsset[] {
  const certificates = new Map<string, TruthAsset>();
  const found: TruthAsset[] = [];
  for (const endpoint of surface.endpoints) {
    const { certificate: spec, website } = endpoint;
    found.push(
      asset('endpoint', endpoint.key, ['service-banner'], {
        tls: spec !== undefined,
        protocol: describeService(endpoint.service)['protocol'] ?? 'unknown',
      }),
    );
    if (website !== undefined) {
      found.push(
        asset('website', website.key, ['http-probe'], {
          server: website.site.software.server ?? null,
          isCatchAll: website.site.behaviour === 'catch-all',
        }),
      );
    }
    if (spec === undefined) continue;
    const made = store.get(spec);
    if (certificates.has(made.fingerprint)) continue;
    certificates.set(
      made.fingerprint,
      asset('certificate', made.fingerprint, ['tls-inspect'], {
        subject: made.subject,
        issuer: made.issuer,
        names: [...spec.names],
        notBefore: made.notBefore.toISOString(),
        notAfter: made.notAfter.toISOString(),
        selfSigned: spec.isSelfSigned,
      }),
    );
  }
  return [...found, ...certificates.values()];
}

/** The technologies that a visitor of a site's start page sees. */
export function siteTechnologies(site: Site): readonly Technology[] {
  const landing = landingPage(site);
  return technologiesOf(site.software, landing?.mediaType === HTML && site.behaviour !== 'endless');
}

function optionalTechnologies(surface: Surface): ReadonlySet<string> {
  const keys = new Set([
    'php',
    'wordpress',
    'jquery',
    'asp.net',
    'java',
    'ubuntu',
    'debian',
    'windows',
    'windows-server',
    'iis',
    'tomcat',
    'apache-tomcat',
    'tomcat/9.0.98',
    'apache-tomcat/9.0.98',
    'jenkins',
    'jenkins/2.528.2',
    'express',
    'node.js',
    'phpmyadmin',
    'nginx',
    'apache',
  ]);
  for (const host of surface.hosts) {
    for (const service of host.services) {
      const { product, version } = describeService(service);
      if (typeof product !== 'string') continue;
      keys.add(product);
      if (typeof version !== 'string') continue;
      keys.add(`${product}/${version}`);
      keys.add(`${product}/${version.split('-', 1)[0] ?? ''}`);
    }
  }
  return keys;
}

function crawled(endpoint: Endpoint): { urls: readonly string[]; emails: readonly string[] } {
  const { website } = endpoint;
  if (website === undefined) return { urls: [], emails: [] };
  const required = new Set(crawlPaths(website.site).required);
  const shown = sitePages(website.site).filter(page => required.has(page.path));
  return {
    urls: [...required].map(path => `${website.key}${path}`),
    emails: shown.flatMap(page => page.emails ?? []),
  };
}

function isOurs(world: World, address: string): boolean {
  const domain = address.slice(address.indexOf('@') + 1);
  return world.domains.some(ours => domain === ours || domain.endsWith(`.${ours}`));
}

/** Pages, addresses on them, and technologies. */
export function webAssets(surface: Surface): readonly TruthAsset[] {
  const technologies = new Map<string, Technology>();
  const emails = new Set<string>();
  const urls: string[] = [];
  for (const endpoint of surface.endpoints) {
    const pages = crawled(endpoint);
    urls.push(...pages.urls);
    for (const email of pages.emails) emails.add(email);
    if (endpoint.website === undefined) continue;
    for (const technology of siteTechnologies(endpoint.website.site)) {
      technologies.set(technologyKey(technology), technology);
    }
  }
  const optional = [...optionalTechnologies(surface)].filter(key => !technologies.has(key));
  const mentioned = ['hostmaster', 'dmarc'].map(local => `${local}@${MAIN}`);
  return [
    ...urls.map(url => asset('url', url, ['http-crawl'])),
    ...[...technologies].map(([key, technology]) =>
      asset('technology', key, ['http-probe'], { ...technology }),
    ),
    ...optional.map(key => ({ ...asset('technology', key, []), isOptional: true as const })),
    ...[...emails].map(email => ({
      ...asset('email', email, ['http-crawl']),
      inScope: isOurs(surface.world, email),
    })),
    ...mentioned.map(email => ({ ...asset('email', email, []), isOptional: true as const })),
  ];
}

/** Names and addresses of others, so that a reader sees what must not turn up. */
export function foreignAssets(world: World): readonly TruthAsset[] {
  const names = world.bystanders.filter(({ name }) => !world.domains.some(ours => name.endsWith(`.${ours}`)));
  const targets = world.names.flatMap(name =>
    name.alias?.endsWith(`.${CLOUD}`) === true ? [name.alias] : [],
  );
  const foreign = new Set([...names.map(({ name }) => name), ...targets]);
  return [
    ...[...foreign].map(name => ({ ...asset('hostname', name, []), inScope: false })),
    ...names.map(({ address }) => ({ ...asset('ip', address, []), inScope: false })),
  ];
}
