import { randomBytes } from 'node:crypto';
import { access, mkdir, open as openFile, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  encrypt,
  keyId,
  open,
  OperationalError,
  refreshKey,
  SEAL_HEADER_BYTES,
  sealHeader,
  UnexpectedError,
  type KeyRing,
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
  /**
   * Seals files again that another version of the key has sealed; each is readable throughout. Says how many, and how many
   * neither version opens. `onEach` hears of each that was sealed again.
   */
  reseal(
    tenant: TenantId,
    key: KeyRing,
    options: { signal: AbortSignal; onEach: () => Promise<void> },
  ): Promise<{ resealed: number; unreadable: number }>;
  /** Files that another version of the key has sealed. */
  countForeign(tenant: TenantId, key: KeyRing): Promise<number>;
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
      const context = ['blob', tenant, storageKey];
      await refreshKey(key);
      await writeWhole(path, encrypt(key, bytes, context), folder);
      // The key may have got a new version meanwhile, whose rotation has passed this file by.
      await refreshKey(key);
      if (!(await isSealedWith(path, keyId(key))))
        await writeWhole(path, encrypt(key, bytes, context), folder);
      return storageKey;
    },
    get: async (tenant, key, storageKey) => {
      const sealed = await readFile(pathOf(folder, tenant, storageKey)).catch((cause: unknown) => {
        throw new OperationalError('storage.missing', 'A stored file is missing from the data folder.', {
          cause,
        });
      });
      return open(key, sealed, ['blob', tenant, storageKey]);
    },
    reseal: async (tenant, key, { signal, onEach }) => {
      const counts = { resealed: 0, unreadable: 0 };
      for await (const storageKey of storageKeys(folder, tenant)) {
        signal.throwIfAborted();
        const done = await resealFile(folder, tenant, key, storageKey);
        if (done === 'resealed') await onEach();
        if (done !== 'same') counts[done] += 1;
      }
      return counts;
    },
    countForeign: async (tenant, key) => {
      let count = 0;
      for await (const storageKey of storageKeys(folder, tenant)) {
        const path = pathOf(folder, tenant, storageKey);
        if (!(await isSealedWith(path, keyId(key)).catch(unlessMissing))) count += 1;
      }
      return count;
    },
    delete: (tenant, storageKey) => rm(pathOf(folder, tenant, storageKey), { force: true }),
    deleteAll: tenant => rm(join(folder, tenant), { recursive: true, force: true }),
  };
}

/** Writes a file whole or not at all; what was there is readable until then. */
async function writeWhole(path: string, bytes: Uint8Array, folder: string): Promise<void> {
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`;
  try {
    const file = await openFile(partial, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new OperationalError(
      'storage.cannot-write',
      `A file could not be written to ${folder}. Check free space and rights.`,
      { cause },
    );
  }
}

/** The files of a tenant, one folder at a time. */
async function* storageKeys(folder: string, tenant: TenantId): AsyncGenerator<string> {
  for (let part = 0; part < 256; part += 1) {
    const names = await readdir(join(folder, tenant, part.toString(16).padStart(2, '0'))).catch(
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
        throw error;
      },
    );
    for (const name of names) if (STORAGE_KEY.test(name)) yield name;
  }
}

/** A file that was deleted meanwhile needs nothing. */
function unlessMissing(error: unknown): true {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
  throw error;
}

async function isSealedWith(path: string, id: string): Promise<boolean> {
  const file = await openFile(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SEAL_HEADER_BYTES), 0, SEAL_HEADER_BYTES, 0);
    return buffer.subarray(0, bytesRead).equals(sealHeader(id));
  } finally {
    await file.close();
  }
}

async function resealFile(
  folder: string,
  tenant: TenantId,
  key: KeyRing,
  storageKey: string,
): Promise<'same' | 'resealed' | 'unreadable'> {
  const path = pathOf(folder, tenant, storageKey);
  const context = ['blob', tenant, storageKey];
  try {
    if (await isSealedWith(path, keyId(key))) return 'same';
    let plain: Buffer;
    const sealed = await readFile(path);
    try {
      plain = await open(key, sealed, context);
    } catch (error) {
      if (error instanceof UnexpectedError) return 'unreadable';
      throw error;
    }
    const again = encrypt(key, plain, context);
    // What was deleted while it was read must not come back.
    await access(path);
    await writeWhole(path, again, folder);
    return 'resealed';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'same';
    throw error;
  }
}

const STORAGE_KEY = /^[0-9a-f]{40}$/;

function pathOf(folder: string, tenant: TenantId, storageKey: string): string {
  if (!STORAGE_KEY.test(storageKey)) throw new UnexpectedError('A storage key has an unknown form.');
  return join(folder, tenant, storageKey.slice(0, 2), storageKey);
}
