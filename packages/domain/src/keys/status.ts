import { keyId, tenantId, type TenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import type { Platform } from '../platform.ts';
import { lastRotation, type Rotation } from './rotation.ts';

/** The versions of one key, and its last rotation. */
export interface KeyStatus {
  /** Undefined: the master key. */
  readonly tenantId: TenantId | undefined;
  readonly slug: string;
  /** Of a tenant's key, oldest first; the last one seals. */
  readonly versions: readonly number[];
  /** Public id of the master key that seals; empty for tenants, whose keys need not be opened for this. */
  readonly keyId: string;
  readonly rotation: Rotation | undefined;
}

/** The state of the master key (`null`), of one tenant's key, or without `only` of all. */
export async function* readKeyStatus(
  platform: Pick<Platform, 'database' | 'masterKey'>,
  only?: TenantId | null,
): AsyncGenerator<KeyStatus> {
  if (only === undefined || only === null) {
    const rotation = await lastRotation(platform, undefined);
    yield { tenantId: undefined, slug: '', versions: [], keyId: keyId(platform.masterKey), rotation };
  }
  if (only === null) return;
  const { rows } = await sql<{ id: string; slug: string; versions: number[] }>`
    select t.id, t.slug, array_agg(k.version order by k.version) as versions
    from control.tenant t join control.tenant_key k on k.tenant_id = t.id
    where ${only ?? null}::uuid is null or t.id = ${only ?? null}::uuid
    group by t.id order by t.slug`.execute(platform.database.control);
  for (const row of rows) {
    const id = tenantId(row.id);
    yield {
      tenantId: id,
      slug: row.slug,
      versions: row.versions,
      keyId: '',
      rotation: await lastRotation(platform, id),
    };
  }
}
