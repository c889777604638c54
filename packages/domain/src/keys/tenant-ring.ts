import {
  decrypt,
  encrypt,
  keyId,
  OperationalError,
  secretKey,
  UserError,
  type KeyRing,
  type RawKey,
  type SecretKey,
  type TenantId,
} from '@glacis/foundation';
import type { Database } from '@glacis/db';
import type { Hub } from '@glacis/realtime';

/** A ring that has looked within this time is believed, ms. */
const REFRESH_MS = 10_000;
/**
 * A ring that has not looked for this long seals nothing, ms. So a version is written with for at most this long after a
 * newer one exists, and a rotation knows when nobody does any more.
 */
export const LEASE_MS = 120_000;

/** The context that a tenant's data key is wrapped with, whatever its version. */
export const tenantKeyContext = (tenant: string): readonly string[] => ['tenant-key', tenant];

/** Seals a tenant's data key with the master key. */
export function wrapTenantKey(masterKey: SecretKey, tenant: TenantId, key: RawKey): Buffer {
  return encrypt(masterKey, key, tenantKeyContext(tenant));
}

/**
 * The data keys of tenants: unwrapped on demand and remembered, all versions in one ring each. A ring looks for new versions
 * when the hub tells that the tenant has changed, when it has not looked for a while, and when it meets a ciphertext of a
 * version that it does not know.
 */
export function createKeyRing(
  database: Database,
  masterKey: SecretKey,
  hub?: Hub,
): (tenant: TenantId) => Promise<KeyRing> {
  const known = new Map<string, TenantRing>();
  hub?.subscribe(change => {
    if (change === undefined) for (const ring of known.values()) ring.forgetTime();
    else if (change.topic === 'tenant') void lookAgain(known, change.tenantId);
  });
  return async tenant => {
    const ring = known.get(tenant) ?? new TenantRing(database, masterKey, tenant);
    known.set(tenant, ring);
    try {
      await ring.refresh(false);
    } catch (error) {
      if (!ring.hasKeys) known.delete(tenant);
      throw error;
    }
    return ring;
  };
}

/** Keys that were destroyed are not kept in memory either. */
async function lookAgain(known: Map<string, TenantRing>, tenant: string): Promise<void> {
  const ring = known.get(tenant);
  ring?.forgetTime();
  // Without an answer the next use asks again.
  await ring?.refresh(false).catch(() => {});
  if (ring && !ring.hasKeys) known.delete(tenant);
}

class TenantRing implements KeyRing {
  readonly #database: Database;
  readonly #masterKey: SecretKey;
  readonly #tenant: TenantId;
  #versions = new Map<string, RawKey>();
  #first: RawKey | undefined;
  #newest: RawKey | undefined;
  #confirmedAt = -Infinity;
  #isDue = true;
  #looking: Promise<void> | undefined;

  constructor(database: Database, masterKey: SecretKey, tenant: TenantId) {
    this.#database = database;
    this.#masterKey = masterKey;
    this.#tenant = tenant;
  }

  get hasKeys(): boolean {
    return this.#newest !== undefined;
  }

  get current(): RawKey {
    if (this.#newest && performance.now() - this.#confirmedAt < LEASE_MS) return this.#newest;
    throw new OperationalError(
      'server.unavailable',
      'Nothing can be sealed, since the keys could not be looked up for a while. Try again.',
    );
  }

  get first(): RawKey | undefined {
    return this.#first;
  }

  find(id: string): RawKey | undefined {
    return this.#versions.get(id);
  }

  /** Something about the tenant has changed: the next use looks. */
  forgetTime(): void {
    this.#isDue = true;
  }

  async refresh(isForced: boolean): Promise<void> {
    if (this.#isRecent && !isForced) return;
    // What began before the change may not have seen it.
    if (this.#looking) await this.#looking.catch(() => {});
    if (this.#isRecent && !isForced) return;
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  get #isRecent(): boolean {
    return !this.#isDue && performance.now() - this.#confirmedAt < REFRESH_MS;
  }

  async #look(): Promise<void> {
    this.#isDue = false;
    const startedAt = performance.now();
    try {
      const rows = await this.#database.control
        .selectFrom('control.tenant_key')
        .select(['version', 'wrapped'])
        .where('tenant_id', '=', this.#tenant)
        .orderBy('version')
        .execute();
      const keys = rows.map(row => this.#unwrap(row.wrapped));
      this.#versions = new Map(keys.map(key => [keyId(key), key]));
      // Once the first version is destroyed, nothing of the first layout is left.
      this.#first = rows[0]?.version === 1 ? keys[0] : undefined;
      this.#newest = keys.at(-1);
    } catch (error) {
      this.#isDue = true;
      throw error;
    }
    this.#confirmedAt = startedAt;
    if (!this.#newest) {
      this.#isDue = true;
      throw new UserError('request.not-found', 'There is no such tenant.');
    }
  }

  #unwrap(wrapped: Buffer): RawKey {
    try {
      return secretKey(decrypt(this.#masterKey, wrapped, tenantKeyContext(this.#tenant)));
    } catch (cause) {
      throw new UserError(
        'data.wrong-master-key',
        'The master key does not open this data folder. Start with the key that it was made with (master.key or GLACIS_MASTER_KEY).',
        { cause },
      );
    }
  }
}
