import { createGuardedFetch, EgressError, UserError, type GuardedFetch } from '@glacis/foundation';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  type Configuration,
  type CustomFetch,
} from 'openid-client';
import type { Platform } from '../../platform.ts';

type ProviderPlatform = Pick<Platform, 'privateProviders' | 'log'>;

/** How long a provider is waited for in all, s. */
const TIMEOUT_SECONDS = 10;
const CLOCK_SKEW_SECONDS = 60;

/** Asks a provider for its configuration, by the guard that keeps private networks out of reach. @throws UserError */
export async function withProvider<T>(
  platform: ProviderPlatform,
  of: { issuer: string; clientId: string; clientSecret?: string | undefined },
  work: (configuration: Configuration) => Promise<T>,
): Promise<T> {
  const guard = createGuardedFetch(platform.privateProviders);
  const own = fetchThrough(guard);
  try {
    const configuration = await discovery(
      new URL(of.issuer),
      of.clientId,
      { client_secret: of.clientSecret, clockTolerance: CLOCK_SKEW_SECONDS } as Record<
        string,
        string | number
      >,
      of.clientSecret === undefined ? None() : ClientSecretBasic(of.clientSecret),
      // Which hosts may be asked without TLS is for the guard to say.
      { [customFetch]: own, timeout: TIMEOUT_SECONDS, execute: [allowInsecureRequests] },
    ).catch((error: unknown) => {
      platform.log.info(
        { issuer: of.issuer, reason: reasonOf(error) },
        'an identity provider did not answer',
      );
      throw unreachable(error);
    });
    configuration[customFetch] = own;
    configuration.timeout = TIMEOUT_SECONDS;
    // The signature of the ID token is checked too, although it comes over TLS.
    enableNonRepudiationChecks(configuration);
    return await work(configuration);
  } finally {
    await guard.close();
  }
}

/** Looks whether a provider is there. @throws UserError */
export async function checkProvider(platform: ProviderPlatform, issuer: string): Promise<void> {
  await withProvider(platform, { issuer, clientId: 'check' }, async () => {});
}

function fetchThrough(guard: GuardedFetch): CustomFetch {
  return (url, { method, headers, body }) => guard.request(url, { method, headers, body });
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** What exactly went wrong stays in the log: it would tell about the network that the platform stands in. */
function unreachable(cause: unknown): UserError {
  const sentence =
    cause instanceof EgressError && cause.code === 'protocol'
      ? 'The identity provider must be reached by HTTPS.'
      : 'The identity provider gave no valid configuration. Check its address: below it there must be /.well-known/openid-configuration.';
  return new UserError('sso.provider-unreachable', sentence, { cause, fields: { issuer: sentence } });
}
