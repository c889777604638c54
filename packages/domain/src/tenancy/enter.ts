import type { Platform } from '../platform.ts';
import { createSignInLink, signInWithLink } from '../identity/service.ts';
import type { Origin } from '../identity/session.ts';

/** Signs in an account that has just proved its address and chosen its password. Returns the secret of the session. */
export async function enterAccount(
  { database }: Pick<Platform, 'database'>,
  userId: string,
  origin: Origin,
): Promise<string> {
  return signInWithLink(database, await createSignInLink(database, userId), origin);
}
