import type { Software } from './site.ts';

/** From which version on each product counts as kept up; what is below is outdated. */
export const productTable = [
  { product: 'nginx', maintainedFrom: '1.26.0' },
  { product: 'apache', maintainedFrom: '2.4.60' },
  { product: 'lighttpd', maintainedFrom: '1.4.70' },
  { product: 'microsoft-iis', maintainedFrom: '10.0' },
  { product: 'php', maintainedFrom: '8.1.0' },
  { product: 'jquery', maintainedFrom: '3.5.0' },
  { product: 'wordpress', maintainedFrom: '6.4.0' },
] as const;

/** The make-up of the web servers in the practice network. */
export const software = {
  nginx: { make: 'nginx', server: 'nginx/1.28.0' },
  nginxJquery: { make: 'nginx', server: 'nginx/1.28.0', jquery: '3.7.1' },
  nginxOld: { make: 'nginx', server: 'nginx/1.18.0' },
  nginxOldJquery: { make: 'nginx', server: 'nginx/1.14.2', jquery: '1.12.4' },
  nginxQuiet: { make: 'nginx', server: 'nginx' },
  apache: { make: 'apache', server: 'Apache/2.4.65 (Debian)' },
  apacheOld: { make: 'apache', server: 'Apache/2.4.29 (Ubuntu)' },
  apachePhpOld: { make: 'apache', server: 'Apache/2.4.29 (Ubuntu)', poweredBy: 'PHP/7.4.3', jquery: '3.7.1' },
  apachePhp: { make: 'apache', server: 'Apache/2.4.65 (Debian)', poweredBy: 'PHP/8.4.14' },
  wordpressOld: {
    make: 'apache',
    server: 'Apache/2.4.65 (Debian)',
    poweredBy: 'PHP/5.6.40',
    generator: 'WordPress 5.8.1',
    jquery: '1.12.4',
  },
  wordpress: {
    make: 'nginx',
    server: 'nginx/1.28.0',
    poweredBy: 'PHP/8.4.14',
    generator: 'WordPress 6.8.3',
    jquery: '3.7.1',
  },
  lighttpd: { make: 'lighttpd', server: 'lighttpd/1.4.82' },
  lighttpdOld: { make: 'lighttpd', server: 'lighttpd/1.4.53' },
  express: { make: 'express', poweredBy: 'Express' },
  iis: { make: 'iis', server: 'Microsoft-IIS/10.0', poweredBy: 'ASP.NET' },
  iisOld: { make: 'iis', server: 'Microsoft-IIS/7.5', poweredBy: 'ASP.NET', jquery: '2.2.4' },
  tomcat: { make: 'tomcat' },
  builds: { make: 'nginx', server: 'nginx/1.28.0', headers: [['X-Jenkins', '2.528.2']] },
} as const satisfies Record<string, Software>;

/** A product as named in a technology asset; `version` is missing where the software does not tell it. */
export interface Technology {
  readonly product: string;
  readonly version?: string;
}

function fromToken(token: string): Technology {
  const [name = '', version] = token.split(/[\s(]/, 1)[0]?.split('/') ?? [];
  const product = name.toLowerCase();
  return version === undefined ? { product } : { product, version };
}

/** The technologies that a site's start page shows, in the order in which they appear in the response. */
export function technologiesOf(parts: Software, hasMarkup: boolean): readonly Technology[] {
  const found: Technology[] = [];
  if (parts.server !== undefined) found.push(fromToken(parts.server));
  if (parts.poweredBy !== undefined) found.push(fromToken(parts.poweredBy));
  if (!hasMarkup) return found;
  if (parts.generator !== undefined) {
    const [name = '', version] = parts.generator.split(' ');
    found.push({ product: name.toLowerCase(), ...(version === undefined ? {} : { version }) });
  }
  if (parts.jquery !== undefined) found.push({ product: 'jquery', version: parts.jquery });
  return found;
}

/** Key of a technology asset. */
export function technologyKey(technology: Technology): string {
  return technology.version === undefined
    ? technology.product
    : `${technology.product}/${technology.version}`;
}

/** Compares dotted version numbers: negative when `left` is the older one. */
export function compareVersions(left: string, right: string): number {
  const a = left.split('.').map(Number);
  const b = right.split('.').map(Number);
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** True when the product table says that the version is no longer kept up. */
export function isOutdated(technology: Technology): boolean {
  const row = productTable.find(entry => entry.product === technology.product);
  return (
    row !== undefined &&
    technology.version !== undefined &&
    compareVersions(technology.version, row.maintainedFrom) < 0
  );
}
