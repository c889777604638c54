import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  decrypt,
  encrypt,
  OperationalError,
  UnexpectedError,
  type SecretKey,
  type TenantId,
} from '@glacis/foundation';

/** Largest blob, bytes: a report or a screenshot is far below. */
export const MAX_BLOB_BYTES = 256 * 1024 * 1024;

/** Keeps files of tenants. Contents are sealed with the tenant's key before they leave the process. */
export interface BlobStore {
  /** Stores bytes and returns the key to get them back with. */
  put(tenant: TenantId, key: SecretKey, bytes: Uint8Array): Promise<string>;
  /** @throws OperationalError when it is not there, UnexpectedError when it was changed or belongs to another tenant. */
  get(tenant: TenantId, key: SecretKey, storageKey: string): Promise<Buffer>;
  /** Removing what is not there is no error. */
  delete(tenant: TenantId, storageKey: string): Promise<void>;
  /** Removes everything of a tenant. */
  deleteAll(tenant: TenantId): Promise<void>;
}

/** A blob store in a folder: `<folder>/<tenant>/<2 hex>/<random>`. Files appear whole or not at all. */
export function fileBlobStore(folder: string): BlobStore {
  return {
    put: async (tenant, key, bytes) => {
      if (bytes.byteLength > MAX_BLOB_BYTES) {
        throw new OperationalError(
          'storage.too-large',
          `A file of ${bytes.byteLength} bytes is over the limit of ${MAX_BLOB_BYTES}.`,
        );
      }
      const storageKey = randomBytes(20).toString('hex');
      const path = pathOf(folder, tenant, storageKey);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const partial = `${path}.partial`;
      const file = await open(partial, 'wx', 0o600);
      try {
        await file.writeFile(encrypt(key, bytes, ['blob', tenant, storageKey]));
        await file.sync();
      } catch (cause) {
        await rm(partial, { force: true });
        throw new OperationalError(
          'storage.cannot-write',
          `A file could not be written to ${folder}. Check free space and rights.`,
          { cause },
        );
      } finally {
        await file.close();
      }
      await rename(partial, path);
      return storageKey;
    },
    get: async (tenant, key, storageKey) => {
      const sealed = await readFile(pathOf(folder, tenant, storageKey)).catch((cause: unknown) => {
        throw new OperationalError('storage.missing', 'A stored file is missing from the data folder.', {
          cause,
        });
      });
      return decrypt(key, sealed, ['blob', tenant, storageKey]);
    },
    delete: (tenant, storageKey) => rm(pathOf(folder, tenant, storageKey), { force: true }),
    deleteAll: tenant => rm(join(folder, tenant), { recursive: true, force: true }),
  };
}

function pathOf(folder: string, tenant: TenantId, storageKey: string): string {
  if (!/^[0-9a-f]{40}$/.test(storageKey)) throw new UnexpectedError('A storage key has an unknown form.');
  return join(folder, tenant, storageKey.slice(0, 2), storageKey);
}
