import type { AddressPlan } from '../address-plan.ts';
import type { Site } from './site.ts';

/** Ids of the scanners that can reveal something; `seed` is what the scan starts from. */
export const scannerIds = [
  'seed',
  'dns-resolve',
  'dns-brute',
  'ct-search',
  'dns-axfr',
  'dns-permute',
  'tcp-ports',
  'service-banner',
  'tls-inspect',
  'http-probe',
  'http-crawl',
  'http-headers',
  'exposed-files',
  'outdated-products',
  'screenshot',
  'template-checks',
] as const;

/** One of {@link scannerIds}. */
export type ScannerId = (typeof scannerIds)[number];

/** The certificate a TLS service presents; the same spec and seed give the same bytes. */
export interface CertificateSpec {
  /** Unique in the network; seeds key and serial number. */
  readonly id: string;
  readonly names: readonly string[];
  readonly organisation: string;
  readonly isSelfSigned: boolean;
  readonly isExpired: boolean;
}

/** What listens on one port of one address. */
export type Service =
  | { readonly kind: 'ssh'; readonly port: number; readonly software: string }
  | {
      readonly kind: 'ftp';
      readonly port: number;
      readonly software: string;
      readonly isAnonymousAllowed: boolean;
    }
  | { readonly kind: 'smtp'; readonly port: number; readonly host: string }
  | {
      readonly kind: 'redis';
      readonly port: number;
      readonly version: string;
      readonly needsPassword: boolean;
    }
  | { readonly kind: 'mysql'; readonly port: number; readonly version: string }
  | { readonly kind: 'silent'; readonly port: number }
  | { readonly kind: 'reset'; readonly port: number }
  | { readonly kind: 'tls-line'; readonly port: number; readonly certificates: readonly CertificateSpec[] }
  | WebService;

/** HTTP, or HTTPS when it has certificates (the first is presented to clients that name no known host). */
export interface WebService {
  readonly kind: 'web';
  readonly port: number;
  readonly site: Site;
  /** Sites for particular host names; the others get `site`. */
  readonly sitesByHost?: Readonly<Record<string, Site>>;
  readonly certificates?: readonly CertificateSpec[];
}

/** A machine with one address. */
export interface Host {
  readonly address: string;
  readonly services: readonly Service[];
  /** Accepts and answers on every unprivileged port that is scanned by default. */
  readonly isHoneypot?: boolean;
}

/** A host name of the practice organisation. */
export interface HostName {
  readonly name: string;
  /** Addresses of its A records; a name has these or `alias`. */
  readonly addresses: readonly string[];
  readonly addressesV6?: readonly string[];
  /** Target of its CNAME record. */
  readonly alias?: string;
  /** The alias target does not exist. */
  readonly isDangling?: boolean;
  /** Answers in turn: the first A query gets `addresses`, the second this, and so on. */
  readonly turnsInto?: string;
  /** Everything below it resolves to the same addresses. */
  readonly hasWildcard?: boolean;
  readonly foundBy: readonly ScannerId[];
}

/** A name of somebody else, whose address must not get a single packet. */
export interface Bystander {
  readonly name: string;
  readonly address: string;
  /** Where a careless scanner picks it up. */
  readonly mentionedIn: string;
}

/** Everything that exists in one practice network; it follows from seed, size and address block alone. */
export interface World {
  readonly seed: string;
  readonly hostCount: number;
  readonly plan: AddressPlan;
  readonly domains: readonly string[];
  readonly hosts: readonly Host[];
  readonly names: readonly HostName[];
  readonly bystanders: readonly Bystander[];
}
