import {
  createLogger,
  DnsClient,
  OperationalError,
  readNetworkProfiles,
  UserError,
  type Config,
  type Logger,
} from '@glacis/foundation';
import { openDatabase } from '@glacis/db';
import type { Registry } from '@glacis/engine';
import { openQueue } from '@glacis/queue';
import { openHub } from '@glacis/realtime';
import { fileBlobStore } from '@glacis/storage';
import { openAuditTrail } from './audit/trail.ts';
import { openRateLimiter } from './limits/open-limiter.ts';
import { createTokenSigner } from './identity/token-signer.ts';
import type { LookupTxt, Platform } from './platform.ts';
import { refuseForeignKey, whileAlone } from './keys/first-use.ts';
import { readMasterKey, type MasterRing } from './keys/master-ring.ts';
import { createKeyRing } from './keys/tenant-ring.ts';
import { openVault, readVaultMasterKey } from './keys/vault.ts';

const LOOKUP_TIMEOUT_MS = 10_000;

/** The platform of one process, and how to let go of it. */
export interface OpenPlatform extends Platform {
  close(): Promise<void>;
}

/** Opens everything that the slices work with. The database must be migrated. @throws UserError when a setting is missing. */
export async function openPlatform(options: {
  config: Config;
  processName: string;
  registry: Registry;
  maxConnections?: number;
  /** Queues to make; one process of the installation does this. */
  install?: { queues: readonly string[] };
  /** Whether this process tidies the job queue and the audit trail. */
  isKeeper?: boolean;
  log?: Logger;
}): Promise<OpenPlatform> {
  const { config, processName, registry } = options;
  if (!config.databaseUrl)
    throw new UserError(
      'config.invalid',
      'DATABASE_URL is not set. Start everything with npm start, or name a PostgreSQL.',
    );
  const log = options.log ?? createLogger({ name: processName, level: config.logLevel });
  const database = openDatabase({
    url: config.databaseUrl,
    applicationName: `glacis-${processName}`,
    log,
    ...(options.maxConnections ? { maxConnections: options.maxConnections } : {}),
  });
  const masterKey = await whileAlone(database, async () => masterKeyOf(config));
  await refuseForeignKey(database, masterKey, { log, isGiven: config.masterKey !== undefined });
  const queue = await openQueue({
    database,
    log,
    isKeeper: options.isKeeper ?? false,
    ...(options.install ? { install: options.install } : {}),
  });
  const hub = await openHub(database, log);
  const limiter = openRateLimiter(database, log, { limits: config.rateLimits, redisUrl: config.redisUrl });
  const audit = openAuditTrail(database, log, { isKeeper: options.isKeeper ?? false });
  return {
    database,
    queue,
    hub,
    blobs: fileBlobStore(config.blobFolder),
    registry,
    profiles: () => readNetworkProfiles(config.networkProfilesFile),
    log,
    lookupTxt,
    audit,
    limiter,
    trustedProxies: config.trustedProxies,
    keyOf: createKeyRing(database, masterKey, hub),
    masterKey,
    tokenSigner: createTokenSigner(database, masterKey, log),
    ...(config.breachedPasswordsFile ? { breachedPasswords: config.breachedPasswordsFile } : {}),
    publicUrl: config.publicUrl,
    ...(config.tenantDomain ? { tenantDomain: config.tenantDomain } : {}),
    privateProviders: config.privateProviders,
    ...(config.smtp ? { smtp: config.smtp } : {}),
    ...(config.stripe ? { stripe: config.stripe } : {}),
    close: async () => {
      await audit.close();
      await limiter.close();
      await hub.close();
      await queue.close();
      await database.close();
    },
  };
}

function masterKeyOf(config: Config): MasterRing | Promise<MasterRing> {
  const { masterKey: value, masterKeyNext: next, masterKeyFile: file, keyVault } = config;
  if (!keyVault) return readMasterKey({ value, next, file });
  return openVault(keyVault.key, keyVault.algorithm).then(vault =>
    readVaultMasterKey({ vaultKey: keyVault.key, vault, next, file }),
  );
}

/** Asks the profile's resolvers. A name without TXT records is an empty list; no answer is an error. */
const lookupTxt: LookupTxt = async (name, profile) => {
  const client = new DnsClient(profile.resolvers, AbortSignal.timeout(LOOKUP_TIMEOUT_MS));
  try {
    const answer = await client.query(name, 'TXT');
    if (answer.status === 'failed')
      throw new OperationalError('request.conflict', answer.detail ?? 'no resolver answered');
    return answer.records.filter(record => record.type === 'TXT').map(record => record.value);
  } finally {
    client.close();
  }
};
