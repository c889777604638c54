import { parseAddress, UserError } from '@glacis/foundation';
import type { Platform } from '../../platform.ts';

/** Whom passkeys are made for: the configured address alone decides, never what a request calls this host. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/** @throws UserError when the configured address cannot have passkeys: browsers want a name, and HTTPS outside this machine. */
export function relyingParty({ publicUrl }: Pick<Platform, 'publicUrl'>): RelyingParty {
  const { hostname, origin, protocol } = new URL(publicUrl);
  const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost');
  if (parseAddress(hostname.replace(/^\[|\]$/g, '')) !== undefined || (protocol !== 'https:' && !isLocal)) {
    throw new UserError(
      'passkey.unavailable',
      'Passkeys need an address with a name and HTTPS, or localhost: set GLACIS_PUBLIC_URL to it and use that address.',
    );
  }
  return { id: hostname, origin };
}
