import { isSpecialUse, profileFor, publicProfile, UserError, type NetworkProfile } from '@glacis/foundation';
import type { Platform } from '../platform.ts';

/**
 * How the network of a domain is reached. A special-use name without a profile of its own is refused: asking public
 * resolvers and services about it would leak it and prove nothing. @throws UserError
 */
export function profileOf(platform: Platform, domain: string): NetworkProfile {
  const profile = profileFor(platform.profiles(), domain);
  if (profile === publicProfile && isSpecialUse(domain)) {
    throw new UserError(
      'target.special-use',
      `${domain} is a special-use name that exists only in networks of your own. Add a network profile that says which resolvers know it.`,
    );
  }
  return profile;
}
