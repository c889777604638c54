import { startSession, type Origin } from '../identity/session.ts';
import type { Platform } from '../platform.ts';

/** Signs in an account that has just proved its address and chosen its password. Returns the secret of the session. */
export function enterAccount(
  { database }: Pick<Platform, 'database'>,
  userId: string,
  origin: Origin,
): Promise<string> {
  return startSession(database, { userId, methods: ['password'] }, origin);
}
