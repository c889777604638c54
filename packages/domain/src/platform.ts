import type { Database } from '@glacis/db';
import type { Registry } from '@glacis/engine';
import type {
  Logger,
  NetworkProfile,
  SecretKey,
  SmtpSettings,
  StripeSettings,
  TenantId,
} from '@glacis/foundation';
import type { JobQueue } from '@glacis/queue';
import type { Hub } from '@glacis/realtime';
import type { BlobStore } from '@glacis/storage';
import type { AuditTrail } from './audit/trail.ts';
import type { RateLimiter } from './limits/rate-limiter.ts';
import type { TokenSigner } from './identity/token-signer.ts';

/** Looks up the TXT records of a name by the resolvers of a profile. Rejects when nothing could be learnt. */
export type LookupTxt = (name: string, profile: NetworkProfile) => Promise<readonly string[]>;

/** What the slices work with; the apps compose it. */
export interface Platform {
  readonly database: Database;
  readonly queue: JobQueue;
  readonly hub: Hub;
  readonly blobs: BlobStore;
  readonly registry: Registry;
  /** The network profiles as configured now. */
  readonly profiles: () => readonly NetworkProfile[];
  readonly log: Logger;
  readonly lookupTxt: LookupTxt;
  /** Where web servers of targets listen for proofs; left out: 443 and 80. */
  readonly webPorts?: { readonly https: number; readonly http: number };
  /** Where everything that somebody does, or is refused, is recorded. */
  readonly audit: AuditTrail;
  /** The tenant's data key, unwrapped; kept in memory for as long as the process lives. */
  keyOf(tenant: TenantId): Promise<SecretKey>;
  /** File or folder with breached passwords in the form of Have I Been Pwned. Left out: only common ones are refused. */
  readonly breachedPasswords?: string;
  /** Counts requests, together with all other server processes. */
  readonly limiter: RateLimiter;
  /** Addresses and networks of proxies that the server believes about where requests come from. */
  readonly trustedProxies?: readonly string[];
  /** Signs and verifies access tokens. */
  readonly tokenSigner: TokenSigner;
  /** The master key, for wrapping the keys of new tenants. */
  readonly masterKey: SecretKey;
  /** Where people reach the web app, without a slash at the end; links in mails begin with it. */
  readonly publicUrl: string;
  /** Domain below which each tenant has an address that leads to it. Left out: there are none. */
  readonly tenantDomain?: string;
  /** How mails are sent. Left out: they are not, and links are shown to who asked for them. */
  readonly smtp?: SmtpSettings;
  /** `host:port` of identity providers that are reached although they are private. */
  readonly privateProviders: readonly string[];
  /** How Stripe is reached. Left out: paid plans are approved by hand. */
  readonly stripe?: StripeSettings;
}
