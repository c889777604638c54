import { refuseBreachedPassword } from '../identity/breached-password.ts';
import { hashPassword } from '../identity/password.ts';
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

/** Hashes a password that somebody chose. @throws UserError when it is known from breaches. */
export async function hashNewPassword(
  platform: Pick<Platform, 'breachedPasswords'>,
  password: string,
): Promise<string> {
  await refuseBreachedPassword(password, platform.breachedPasswords);
  return hashPassword(password);
}
