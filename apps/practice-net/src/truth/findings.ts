import { covers } from '../tls/certificate.ts';
import { exposureFindings } from '../web/exposures.ts';
import { HTML } from '../web/page.ts';
import { cookieHeaders, siteHeaders } from '../web/response-headers.ts';
import { landingPage, sitePages } from '../web/site-pages.ts';
import { isOutdated, technologyKey } from '../world/products.ts';
import { nameServers } from '../world/name-servers.ts';
import type { ScannerId } from '../world/world.ts';
import { siteTechnologies } from './assets.ts';
import type { TruthFinding } from './schema.ts';
import type { Endpoint, Surface } from './surface.ts';

/** Where a template for MySQL looks. */
const MYSQL_PORT = 3306;

function finding(
  ruleId: string,
  assetKind: TruthFinding['assetKind'],
  assetKey: string,
  foundBy: readonly ScannerId[],
  parameter = '',
): TruthFinding {
  return { ruleId, assetKind, assetKey, parameter, foundBy: [...foundBy] };
}

function nameFindings(surface: Surface): readonly TruthFinding[] {
  const dangling = surface.world.names.filter(name => name.isDangling === true);
  return [
    ...nameServers.flatMap(server =>
      server.transfers.map(zone =>
        finding('dns.zone-transfer-allowed', 'domain', zone, ['dns-axfr'], server.name),
      ),
    ),
    ...dangling.map(name =>
      finding('dns.dangling-cname', 'hostname', name.name, ['dns-resolve'], name.alias ?? ''),
    ),
  ];
}

function hostFindings(surface: Surface): readonly TruthFinding[] {
  return surface.hosts.flatMap(host => {
    const honeypot =
      host.isHoneypot === true
        ? [finding('host.answers-on-every-port', 'ip', host.address, ['tcp-ports'])]
        : [];
    const services = host.services.flatMap(service => {
      const key = `${host.address}:${service.port}/tcp`;
      if (service.kind === 'redis' && !service.needsPassword) {
        return [finding('service.redis-unauthenticated', 'service', key, ['service-banner'])];
      }
      if (service.kind === 'mysql' && service.port === MYSQL_PORT) {
        return [finding('check.mysql-reachable', 'service', key, ['template-checks'])];
      }
      if (service.kind === 'ftp' && service.isAnonymousAllowed) {
        return [finding('service.ftp-anonymous', 'service', key, ['service-banner'])];
      }
      return [];
    });
    return [...honeypot, ...services];
  });
}

function certificateFindings(endpoint: Endpoint): readonly TruthFinding[] {
  const { certificate: spec, key, name } = endpoint;
  if (spec === undefined) return [];
  const found = (rule: string): TruthFinding =>
    finding(`tls.certificate-${rule}`, 'endpoint', key, ['tls-inspect']);
  return [
    ...(spec.isExpired ? [found('expired')] : []),
    ...(spec.isSelfSigned ? [found('self-signed')] : []),
    ...(covers(spec.names, name.name) ? [] : [found('name-mismatch')]),
  ];
}

/** What the response headers of a site's start page give reason to report. */
export function headerFindings(
  key: string,
  headers: readonly (readonly [name: string, value: string])[],
): readonly TruthFinding[] {
  const isTls = key.startsWith('https:');
  const values = (name: string): readonly string[] =>
    headers.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
  const policies = values('content-security-policy');
  const isFramed =
    values('x-frame-options').length > 0 || policies.some(policy => /\bframe-ancestors\b/i.test(policy));
  const found = (rule: string, parameter = ''): TruthFinding =>
    finding(`http.${rule}`, 'website', key, ['http-headers'], parameter);
  const cookies = values('set-cookie').flatMap(cookie => {
    const [pair = '', ...attributes] = cookie.split(';').map(part => part.trim());
    const name = pair.split('=', 1)[0] ?? '';
    const has = (wanted: string): boolean => attributes.some(attribute => attribute.toLowerCase() === wanted);
    return [
      ...(isTls && !has('secure') ? [found('cookie-without-secure', name)] : []),
      ...(has('httponly') ? [] : [found('cookie-without-httponly', name)]),
    ];
  });
  return [
    ...(isTls && values('strict-transport-security').length === 0 ? [found('missing-hsts')] : []),
    ...(policies.length === 0 ? [found('missing-csp')] : []),
    ...(values('x-content-type-options').some(value => value.toLowerCase() === 'nosniff')
      ? []
      : [found('missing-content-type-options')]),
    ...(isFramed ? [] : [found('missing-frame-protection')]),
    ...cookies,
  ];
}

function websiteFindings(endpoint: Endpoint): readonly TruthFinding[] {
  const { website } = endpoint;
  if (website === undefined) return [];
  const { key, site, isTls } = website;
  if (site.behaviour === 'catch-all') return [finding('http.catch-all', 'website', key, ['http-probe'])];
  const landing = landingPage(site);
  const headers =
    landing === undefined
      ? []
      : headerFindings(key, [
          ...siteHeaders(site, isTls),
          ...(landing.mediaType === HTML ? cookieHeaders(site) : []),
        ]);
  const exposures = site.exposures.map(exposure => {
    const { ruleId, path } = exposureFindings[exposure];
    const scanner = ruleId.startsWith('check.') ? 'template-checks' : 'exposed-files';
    return finding(ruleId, 'website', key, [scanner], path);
  });
  const described = sitePages(site).some(page => page.path === '/openapi.json')
    ? [finding('check.exposed-swagger', 'website', key, ['template-checks'], '/openapi.json')]
    : [];
  const outdated = siteTechnologies(site)
    .filter(isOutdated)
    .map(technology =>
      finding('http.outdated-product', 'website', key, ['outdated-products'], technologyKey(technology)),
    );
  const reflected =
    site.template === 'shop' ? [finding('http.reflected-parameter', 'url', `${key}/search`, [], 'q')] : [];
  return [...headers, ...exposures, ...described, ...outdated, ...reflected];
}

/** Every weakness that can be seen from outside. */
export function allFindings(surface: Surface): readonly TruthFinding[] {
  return [
    ...nameFindings(surface),
    ...hostFindings(surface),
    ...surface.endpoints.flatMap(endpoint => [
      ...certificateFindings(endpoint),
      ...websiteFindings(endpoint),
    ]),
  ];
}
