import type { Database } from '@glacis/db';
import type { Registry } from '@glacis/engine';
import type { Logger, NetworkProfile, SecretKey, TenantId } from '@glacis/foundation';
import type { JobQueue } from '@glacis/queue';
import type { Hub } from '@glacis/realtime';
import type { BlobStore } from '@glacis/storage';

/** Looks up the TXT records of a name by the resolvers of a profile. Rejects when nothing could be learnt. */
export type LookupTxt = (name: string, profile: NetworkProfile) => Promise<readonly string[]>;

/** Sends mail, or hands it to what does. Rejects when it was not accepted. */
export interface Mail {
  send(message: { to: string; subject: string; text: string }): Promise<void>;
}

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
  /** Left out where no mail is set up. */
  readonly mail?: Mail | undefined;
  /** Where web servers of targets listen for proofs; left out: 443 and 80. */
  readonly webPorts?: { readonly https: number; readonly http: number };
  /** The tenant's data key, unwrapped; kept in memory for as long as the process lives. */
  keyOf(tenant: TenantId): Promise<SecretKey>;
  /** The master key, for wrapping the keys of new tenants. */
  readonly masterKey: SecretKey;
}
