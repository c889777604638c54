import { z } from 'zod';

/**
 * How to reach the network of some domains: which resolvers answer, where certificate transparency is searched, and which
 * private ranges a scan may touch. Set by whoever runs the platform, never by a tenant. The first profile whose zones
 * cover the target wins; without one the system's resolvers, the public CT search and no private range apply.
 */
export const networkProfile = z.object({
  /** Domains this profile is for; `['*']` covers all. */
  zones: z.array(z.string().min(1).max(253)).min(1).max(1000),
  /** `address` or `address:port` of resolvers; empty for the system's. */
  resolvers: z.array(z.string().max(100)).max(50).default([]),
  /** Port of the authoritative name servers (zone transfers). */
  nameServerPort: z.number().int().min(1).max(65535).default(53),
  /**
   * Where certificate transparency is searched. Left out: the public search, but never for names that exist in private
   * networks alone, which it must not hear of.
   */
  ctSearchUrl: z.url().optional(),
  /** CIDRs inside private or loopback space that scans of these zones may touch. */
  allowedPrivateRanges: z.array(z.string().max(50)).max(100).default([]),
  /** Connections and datagrams per second and address, shared by all workers, and how many may come at once. */
  ratePerAddress: z.number().positive().max(100_000).default(50),
  burstPerAddress: z.number().int().positive().max(100_000).default(100),
});
export type NetworkProfile = z.output<typeof networkProfile>;

/** The search of public certificate logs. */
export const PUBLIC_CT_SEARCH_URL = 'https://crt.sh';

/** Top-level names that the public DNS does not have and must not be asked for (RFC 6761, RFC 7686, RFC 9476). */
const SPECIAL_USE: ReadonlySet<string> = new Set([
  'test',
  'example',
  'invalid',
  'localhost',
  'local',
  'internal',
  'onion',
  'alt',
]);
/** The same below other top-level names (RFC 8375, RFC 6762 appendix G). */
const SPECIAL_USE_ZONES: readonly string[] = ['home.arpa'];

/** Whether a name exists only in private networks, so that nobody outside may be asked about it. */
export function isSpecialUse(name: string): boolean {
  const canonical = name.toLowerCase().replace(/\.$/, '');
  return (
    SPECIAL_USE.has(canonical.split('.').at(-1) ?? '') ||
    SPECIAL_USE_ZONES.some(zone => canonical === zone || canonical.endsWith(`.${zone}`))
  );
}

/** Where to search certificates of a domain; undefined when nobody may be asked about it. */
export function ctSearchOf(profile: NetworkProfile, domain: string): string | undefined {
  return profile.ctSearchUrl ?? (isSpecialUse(domain) ? undefined : PUBLIC_CT_SEARCH_URL);
}

/** The profile without any configuration. */
export const publicProfile: NetworkProfile = networkProfile.parse({ zones: ['*'] });

/** Picks the profile for a domain name. */
export function profileFor(profiles: readonly NetworkProfile[], domain: string): NetworkProfile {
  const name = domain.toLowerCase();
  return (
    profiles.find(profile =>
      profile.zones.some(zone => zone === '*' || name === zone || name.endsWith(`.${zone}`)),
    ) ?? publicProfile
  );
}
