import type { CryptographyClientOptions } from '@azure/keyvault-keys';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { keyId, messageOf, newSecretKey, secretKey, UserError, type RawKey } from '@glacis/foundation';
import { z } from 'zod';
import { readMasterKey, type MasterRing } from './master-ring.ts';

/** How keys are wrapped: the default of RSA keys, and the one of keys in an HSM. */
export type WrapAlgorithm = 'RSA-OAEP-256' | 'A256KW';

/** A key in a vault that wraps the master key. */
export interface Vault {
  wrap(key: RawKey): Promise<Buffer>;
  unwrap(wrapped: Buffer): Promise<RawKey>;
}

/** Who asks, and by what transport. Left out: what the environment of the process offers, over HTTPS. */
export interface VaultAccess {
  readonly credential: { getToken(): Promise<{ token: string; expiresOnTimestamp: number }> };
  readonly client: CryptographyClientOptions & { readonly allowInsecureConnection?: boolean };
}

const wrappedFile = z.object({ vaultKey: z.string().max(500), wrapped: z.base64().max(10_000) });

/**
 * Reads the master key that lies wrapped beside `file`, and asks the vault once to open it. One that lies open in `file` is
 * wrapped and removed; without any a fresh one is made. `next` replaces it in a rotation. @throws UserError
 */
export async function readVaultMasterKey(of: {
  vaultKey: string;
  vault: Vault;
  file: string;
  next?: string | undefined;
}): Promise<MasterRing> {
  const file = `${of.file}.wrapped`;
  const key = existsSync(file)
    ? await of.vault.unwrap(readWrapped(file, of.vaultKey))
    : await firstKey(of, file);
  const given = readMasterKey({ value: key.toString('base64'), next: of.next, file: of.file });
  const isReplaced = of.next !== undefined && keyId(given) !== keyId(key);
  const wrappedNext = isReplaced ? await of.vault.wrap(given.current) : undefined;
  return {
    current: given.current,
    first: given.first,
    find: id => given.find(id),
    refresh: () => Promise.resolve(),
    prepare: () => given.prepare(),
    finish: () => {
      if (wrappedNext) writeWrapped(file, of.vaultKey, wrappedNext);
    },
    afterwards: 'Now remove GLACIS_MASTER_KEY_NEXT and restart.',
  };
}

/** A key of Azure Key Vault, by its address. The library is loaded here, and only then. @throws UserError */
export async function openVault(
  vaultKey: string,
  algorithm: WrapAlgorithm,
  access?: VaultAccess,
): Promise<Vault> {
  const { CryptographyClient } = await import('@azure/keyvault-keys');
  const credential = access?.credential ?? new (await import('@azure/identity')).DefaultAzureCredential();
  const client = new CryptographyClient(vaultKey, credential, {
    retryOptions: { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 2000 },
    ...access?.client,
  });
  return {
    wrap: key => asked(vaultKey, async () => Buffer.from((await client.wrapKey(algorithm, key)).result)),
    unwrap: wrapped =>
      asked(vaultKey, async () =>
        secretKey(Buffer.from((await client.unwrapKey(algorithm, wrapped)).result)),
      ),
  };
}

async function firstKey(of: { vaultKey: string; vault: Vault; file: string }, file: string): Promise<RawKey> {
  const open = existsSync(of.file) ? readMasterKey({ value: undefined, file: of.file }).current : undefined;
  const key = open ?? newSecretKey();
  const wrapped = await of.vault.wrap(key);
  // Nothing is kept, and nothing removed, that the vault could not open again.
  if (!(await of.vault.unwrap(wrapped)).equals(key)) {
    throw new UserError('config.invalid', `The key vault does not open what ${of.vaultKey} wrapped.`);
  }
  writeWrapped(file, of.vaultKey, wrapped);
  rmSync(of.file, { force: true });
  return key;
}

function readWrapped(file: string, vaultKey: string): Buffer {
  let stored;
  try {
    stored = wrappedFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new UserError(
      'config.invalid',
      `${file} does not hold a wrapped master key. Restore it from a backup.`,
      {
        cause,
      },
    );
  }
  if (stored.vaultKey === vaultKey) return Buffer.from(stored.wrapped, 'base64');
  throw new UserError(
    'config.invalid',
    `The master key is wrapped by ${stored.vaultKey}. Set GLACIS_KEY_VAULT_KEY to that key.`,
  );
}

function writeWrapped(file: string, vaultKey: string, wrapped: Buffer): void {
  const partial = `${file}.${process.pid}.partial`;
  const text = JSON.stringify({ vaultKey, wrapped: wrapped.toString('base64') });
  writeFileSync(partial, `${text}\n`, { mode: 0o600, flush: true });
  renameSync(partial, file);
}

const vaultError = z.object({
  code: z.string().optional(),
  statusCode: z.number().optional(),
  message: z.string().default(''),
});

/** Asks the vault; what goes wrong becomes one sentence. */
async function asked<T>(vaultKey: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new UserError('config.invalid', sentenceOf(vaultKey, cause), { cause });
  }
}

function sentenceOf(vaultKey: string, cause: unknown): string {
  const { statusCode, message, code } = vaultError.catch({ message: messageOf(cause) }).parse(cause);
  if (/disabled/i.test(message))
    return `The key ${vaultKey} is disabled in the key vault. Enable it, then start again.`;
  if (statusCode === 401 || statusCode === 403) {
    return `The key vault refuses the use of ${vaultKey}. Allow this identity to get the key, wrap and unwrap with it.`;
  }
  if (statusCode === 404) return `The key vault has no key ${vaultKey}. Check GLACIS_KEY_VAULT_KEY.`;
  if (statusCode === undefined && /^(E[A-Z]+|REQUEST_SEND_ERROR)$/.test(code ?? '')) {
    return `The key vault of ${vaultKey} cannot be reached. Check the network, then start again.`;
  }
  return `The key vault could not use ${vaultKey}: ${message.slice(0, 200)}`;
}
