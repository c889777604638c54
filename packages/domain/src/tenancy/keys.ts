import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  decrypt,
  encrypt,
  newSecretKey,
  secretKey,
  UserError,
  type SecretKey,
  type TenantId,
} from '@glacis/foundation';
import type { Database } from '@glacis/db';
import type { Hub } from '@glacis/realtime';

const context = (tenant: TenantId): readonly string[] => ['tenant-key', tenant];

/**
 * Reads the master key: base64 in `value`, or else the file, which is made with a fresh key when it does not exist.
 * @throws UserError when it is not a key.
 */
export function readMasterKey(options: { value: string | undefined; file: string }): SecretKey {
  if (options.value === undefined && !existsSync(options.file)) {
    mkdirSync(dirname(options.file), { recursive: true });
    writeFileSync(options.file, `${newSecretKey().toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  }
  const bytes = Buffer.from((options.value ?? readFileSync(options.file, 'utf8')).trim(), 'base64');
  if (bytes.length !== 32) {
    const where = options.value === undefined ? options.file : 'GLACIS_MASTER_KEY';
    throw new UserError(
      'config.invalid',
      `${where} must hold 32 bytes in base64 (make some with: openssl rand -base64 32).`,
    );
  }
  return secretKey(bytes);
}

/** Seals a tenant's data key with the master key. */
export function wrapTenantKey(masterKey: SecretKey, tenant: TenantId, key: SecretKey): Buffer {
  return encrypt(masterKey, key, context(tenant));
}

/** Unwraps tenant keys on demand and remembers them until the hub tells that something about the tenant has changed. */
export function createKeyRing(
  database: Database,
  masterKey: SecretKey,
  hub?: Hub,
): (tenant: TenantId) => Promise<SecretKey> {
  const known = new Map<string, SecretKey>();
  hub?.subscribe(change => {
    if (change === undefined) known.clear();
    else if (change.topic === 'tenant') known.delete(change.tenantId);
  });
  return async tenant => {
    const cached = known.get(tenant);
    if (cached) return cached;
    const row = await database.control
      .selectFrom('control.tenant_key')
      .select('wrapped')
      .where('tenant_id', '=', tenant)
      .executeTakeFirst();
    if (!row) throw new UserError('request.not-found', 'There is no such tenant.');
    try {
      const key = secretKey(decrypt(masterKey, row.wrapped, context(tenant)));
      known.set(tenant, key);
      return key;
    } catch (cause) {
      throw new UserError(
        'data.wrong-master-key',
        'The master key does not open this data folder. Start with the key that it was made with (master.key or GLACIS_MASTER_KEY).',
        { cause },
      );
    }
  };
}
