import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { parseRange } from './egress/special-ranges.ts';
import { messageOf, UserError } from './errors.ts';
import { networkProfile, type NetworkProfile } from './network-profile.ts';
import { DEFAULT_RATE_LIMITS, rateLimitSetting, type RateLimits } from './rate-limits.ts';

const environment = z.object({
  /** PostgreSQL of your own; without it one is embedded. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** Folder of all data. */
  GLACIS_DATA: z.string().min(1).optional(),
  /** Port of the web app and API on 127.0.0.1; the next free one is taken when it is in use. */
  GLACIS_PORT: z.coerce.number().int().min(1).max(65_535).default(7800),
  /** 32 bytes in base64; without it the key lies in the data folder. */
  GLACIS_MASTER_KEY: z.string().optional(),
  /** The master key that replaces it, while `glacis keys rotate --master` works. */
  GLACIS_MASTER_KEY_NEXT: z.string().optional(),
  /** Address of a key in Azure Key Vault that wraps the master key: https://NAME.vault.azure.net/keys/KEY/VERSION. */
  GLACIS_KEY_VAULT_KEY: z.url({ protocol: /^https$/ }).optional(),
  /** How that key wraps: RSA-OAEP-256, or A256KW with a symmetric key of a managed HSM. */
  GLACIS_KEY_VAULT_ALGORITHM: z.enum(['RSA-OAEP-256', 'A256KW']).default('RSA-OAEP-256'),
  /** File with network profiles (JSON array); see the how-to about networks. */
  GLACIS_NETWORK_PROFILES: z.string().optional(),
  /** Path of a Chromium; without it one is looked for. */
  GLACIS_CHROMIUM: z.string().optional(),
  /** Breached passwords that nobody may choose: a sorted file of SHA-1 hashes, or a folder of prefixes. */
  GLACIS_BREACHED_PASSWORDS_FILE: z.string().min(1).optional(),
  /** Where people reach the web app, such as https://glacis.example.org: links in mails begin with it. */
  GLACIS_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Domain below which each tenant has an address of its own: https://SLUG.DOMAIN/ leads to the tenant at the public address. */
  GLACIS_TENANT_DOMAIN: z
    .string()
    .toLowerCase()
    .max(189)
    .regex(/^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/, 'write a domain such as tenants.example.org')
    .optional(),
  /** Server that mails go through: smtps://user:password@host:465 or smtp://host:587 (with STARTTLS). */
  GLACIS_SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  /** Sender of mails: address, or Name <address>. */
  GLACIS_MAIL_FROM: z.string().min(3).max(300).optional(),
  /** Secret key of the Stripe account that is paid; without it plans are approved by hand. */
  GLACIS_STRIPE_KEY: z.string().min(8).optional(),
  /** Secret that Stripe signs its webhooks with. */
  GLACIS_STRIPE_WEBHOOK_SECRET: z.string().min(8).optional(),
  /** Another host that speaks Stripe's API. */
  GLACIS_STRIPE_API: z.url({ protocol: /^https?$/ }).optional(),
  /** host:port of identity providers in private networks, separated by commas; others are reached at public addresses only. */
  GLACIS_PRIVATE_PROVIDERS: z
    .string()
    .max(2000)
    .regex(/^[\w.:[\]-]+:\d+(\s*,\s*[\w.:[\]-]+:\d+)*$/, 'write host:port, separated by commas')
    .optional(),
  /** Redis or Valkey for the shared rate limits; without it they are in PostgreSQL. */
  GLACIS_REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** Requests a minute: off, or changes to the defaults such as user=600,token=1200. */
  GLACIS_RATE_LIMITS: rateLimitSetting.default(DEFAULT_RATE_LIMITS),
  /** Proxies before the server, whose X-Forwarded-For and X-Forwarded-Proto count: addresses or networks, by commas. */
  GLACIS_TRUSTED_PROXIES: z
    .string()
    .max(2000)
    .transform(text => text.split(',').map(part => part.trim()))
    .refine(
      parts => parts.every(part => parseRange(part) !== undefined),
      'write addresses or networks, by commas',
    )
    .optional(),
  GLACIS_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('warn'),
});

/** All settings of the environment, checked. */
export interface Config {
  readonly databaseUrl: string | undefined;
  readonly dataFolder: string;
  /** Whether the data folder was named by the user (and must then be used as it is). */
  readonly isDataFolderGiven: boolean;
  readonly port: number;
  readonly masterKey: string | undefined;
  readonly masterKeyNext: string | undefined;
  /** The key in a vault that wraps the master key, and how. */
  readonly keyVault: { key: string; algorithm: 'RSA-OAEP-256' | 'A256KW' } | undefined;
  readonly masterKeyFile: string;
  readonly blobFolder: string;
  /** Profiles of browsers while they run; reachable for the user that Chromium runs as. */
  readonly browserFolder: string;
  readonly networkProfilesFile: string;
  /** Templates of checks that whoever runs the platform has put there. */
  readonly templateFolder: string;
  readonly chromium: string | undefined;
  readonly breachedPasswordsFile: string | undefined;
  readonly redisUrl: string | undefined;
  readonly rateLimits: RateLimits;
  /** Addresses and networks of proxies before the server. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: string;
  /** Where people reach the web app, without a slash at the end. */
  readonly publicUrl: string;
  /** Whether it was set, and not made of the port. */
  readonly isPublicUrlGiven: boolean;
  /** The domain below which tenants have addresses of their own. */
  readonly tenantDomain: string | undefined;
  /** host:port of identity providers that are reached although they are private. */
  readonly privateProviders: readonly string[];
  /** How mails are sent; undefined when no server is set. */
  readonly smtp: SmtpSettings | undefined;
  /** How Stripe is reached; undefined when payments are approved by hand. */
  readonly stripe: StripeSettings | undefined;
}

/** The server that mails go through, and their sender. */
export interface SmtpSettings {
  readonly url: string;
  readonly from: string;
}

/** An account at Stripe. `apiUrl` is another host that speaks its API. */
export interface StripeSettings {
  readonly key: string;
  readonly webhookSecret: string;
  readonly apiUrl: string | undefined;
}

/** Reads the environment; the only place that does. @throws UserError that names the setting. */
export function readConfig(env: NodeJS.ProcessEnv = process.env, defaultDataFolder = '.glacis'): Config {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    throw new UserError(
      'config.invalid',
      `The setting ${String(first?.path[0] ?? '')} of the environment is not valid: ${first?.message ?? ''}.`,
    );
  }
  const values = parsed.data;
  if (values.GLACIS_TENANT_DOMAIN !== undefined && values.GLACIS_PUBLIC_URL === undefined) {
    throw new UserError(
      'config.invalid',
      'GLACIS_TENANT_DOMAIN needs GLACIS_PUBLIC_URL: addresses of tenants lead there.',
    );
  }
  const dataFolder = resolve(values.GLACIS_DATA ?? defaultDataFolder);
  return {
    databaseUrl: values.DATABASE_URL,
    ...placesIn(dataFolder),
    ...(values.GLACIS_NETWORK_PROFILES ? { networkProfilesFile: values.GLACIS_NETWORK_PROFILES } : {}),
    isDataFolderGiven: values.GLACIS_DATA !== undefined,
    port: values.GLACIS_PORT,
    masterKey: values.GLACIS_MASTER_KEY,
    masterKeyNext: values.GLACIS_MASTER_KEY_NEXT,
    keyVault: keyVaultOf(values),
    chromium: values.GLACIS_CHROMIUM,
    breachedPasswordsFile: values.GLACIS_BREACHED_PASSWORDS_FILE,
    redisUrl: values.GLACIS_REDIS_URL,
    rateLimits: values.GLACIS_RATE_LIMITS,
    trustedProxies: values.GLACIS_TRUSTED_PROXIES ?? [],
    logLevel: values.GLACIS_LOG_LEVEL,
    publicUrl: (values.GLACIS_PUBLIC_URL ?? `http://127.0.0.1:${values.GLACIS_PORT}`).replace(/\/+$/, ''),
    isPublicUrlGiven: values.GLACIS_PUBLIC_URL !== undefined,
    tenantDomain: values.GLACIS_TENANT_DOMAIN,
    privateProviders: values.GLACIS_PRIVATE_PROVIDERS?.split(/\s*,\s*/) ?? [],
    smtp: smtpOf(values),
    stripe: stripeOf(values),
  };
}

type Environment = z.output<typeof environment>;

function keyVaultOf(values: Environment): Config['keyVault'] {
  if (values.GLACIS_KEY_VAULT_KEY === undefined) return undefined;
  if (values.GLACIS_MASTER_KEY !== undefined) {
    throw new UserError(
      'config.invalid',
      'GLACIS_KEY_VAULT_KEY and GLACIS_MASTER_KEY are both set. The master key comes from one of them: remove the other.',
    );
  }
  return { key: values.GLACIS_KEY_VAULT_KEY, algorithm: values.GLACIS_KEY_VAULT_ALGORITHM };
}

function smtpOf(values: Environment): SmtpSettings | undefined {
  const { GLACIS_SMTP_URL: url, GLACIS_MAIL_FROM: from } = values;
  if (url === undefined) return undefined;
  if (from === undefined) {
    throw new UserError(
      'config.invalid',
      'GLACIS_SMTP_URL is set without GLACIS_MAIL_FROM. Set the sender too, such as: Glacis <glacis@example.org>',
    );
  }
  return { url, from };
}

function stripeOf(values: Environment): StripeSettings | undefined {
  const { GLACIS_STRIPE_KEY: key, GLACIS_STRIPE_WEBHOOK_SECRET: webhookSecret } = values;
  if (key === undefined) return undefined;
  if (webhookSecret === undefined) {
    throw new UserError(
      'config.invalid',
      'GLACIS_STRIPE_KEY is set without GLACIS_STRIPE_WEBHOOK_SECRET. Set the signing secret of the webhook too.',
    );
  }
  return { key, webhookSecret, apiUrl: values.GLACIS_STRIPE_API };
}

function placesIn(dataFolder: string) {
  return {
    dataFolder,
    masterKeyFile: join(dataFolder, 'master.key'),
    blobFolder: join(dataFolder, 'blobs'),
    browserFolder: join(dataFolder, 'browser'),
    networkProfilesFile: join(dataFolder, 'network-profiles.json'),
    templateFolder: join(dataFolder, 'templates'),
  };
}

/** The same settings with another data folder; a file that a setting of its own names stays where it is. */
export function withDataFolder(config: Config, dataFolder: string): Config {
  const isNamed = config.networkProfilesFile !== placesIn(config.dataFolder).networkProfilesFile;
  return {
    ...config,
    ...placesIn(dataFolder),
    ...(isNamed ? { networkProfilesFile: config.networkProfilesFile } : {}),
  };
}

/** The environment for a child process: ours with changes. */
export function childEnvironment(changes: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...changes };
}

/** Reads the network profiles; a missing file means none. @throws UserError when it is not valid. */
export function readNetworkProfiles(file: string): readonly NetworkProfile[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  try {
    return z.array(networkProfile).max(1000).parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(
      'config.invalid',
      `The network profiles in ${file} are not valid: ${messageOf(cause)}`,
      { cause },
    );
  }
}
