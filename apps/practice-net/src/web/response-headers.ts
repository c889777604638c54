import type { Site } from '../world/site.ts';

/** Header fields in the order in which they are sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

function policyHeaders(site: Site, isTls: boolean): HeaderList {
  const hsts = isTls
    ? ([['Strict-Transport-Security', 'max-age=31536000; includeSubDomains']] as const)
    : ([] as const);
  const noSniff = ['X-Content-Type-Options', 'nosniff'] as const;
  switch (site.policy) {
    case 'complete':
      return [
        ...hsts,
        [
          'Content-Security-Policy',
          "default-src 'self'; img-src 'self' http: https:; frame-ancestors 'self'",
        ],
        noSniff,
        ['Referrer-Policy', 'strict-origin-when-cross-origin'],
      ];
    case 'framed-by-option':
      return [
        ...hsts,
        ['Content-Security-Policy', "default-src 'self'"],
        ['X-Frame-Options', 'SAMEORIGIN'],
        noSniff,
      ];
    case 'partial':
      return [noSniff, ['X-Frame-Options', 'DENY']];
    case 'report-only':
      return [...hsts, ['Content-Security-Policy-Report-Only', "default-src 'self'; frame-ancestors 'none'"]];
    case 'none':
      return [];
    default:
      return site.policy satisfies never;
  }
}

/** Headers that every response of the site carries, beside media type, length and date. */
export function siteHeaders(site: Site, isTls: boolean): HeaderList {
  const { software } = site;
  return [
    ...(software.server === undefined ? [] : [['Server', software.server] as const]),
    ...(software.poweredBy === undefined ? [] : [['X-Powered-By', software.poweredBy] as const]),
    ...(software.headers ?? []),
    ...policyHeaders(site, isTls),
  ];
}

/** Set-Cookie values of the site's pages. */
export function cookieHeaders(site: Site): HeaderList {
  return site.cookies.map(cookie => {
    const attributes = [
      `${cookie.name}=${Buffer.from(`${site.id}.${cookie.name}`).toString('base64url')}`,
      'Path=/',
      ...(cookie.isSecure ? ['Secure'] : []),
      ...(cookie.isHttpOnly ? ['HttpOnly', 'SameSite=Lax'] : []),
    ];
    return ['Set-Cookie', attributes.join('; ')] as const;
  });
}
