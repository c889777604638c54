import type { reauthenticationRequest } from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import type { z } from 'zod';
import { sessionSecretOf } from '../http/caller.ts';
import type { RouteInput } from '../http/route.ts';
import type { Person } from './caller.ts';
import { secondFactorsOf } from './factors.ts';
import { proveSecondFactor } from './second-factor.ts';
import { confirmPassword, passwordHashOf } from './service.ts';
import { rotateSession } from './session.ts';

/**
 * Confirms who is behind a session: with a passkey, or with the password and the second factor if there is one. Returns the
 * session's new secret; it counts as freshly signed in. @throws UserError
 */
export async function reauthenticate(
  input: RouteInput<unknown, unknown, unknown>,
  caller: Person,
  of: z.output<typeof reauthenticationRequest>,
): Promise<string> {
  const { database } = input.platform;
  if ('passkey' in of) {
    const method = await proveSecondFactor(input, caller.userId, of);
    return rotateSession(database, sessionSecretOf(input), [method]);
  }
  const present = await passwordHashOf(database, caller.userId);
  if (present === null) {
    throw new UserError(
      'auth.wrong-credentials',
      'This account has no password. Use a passkey, or sign in again with a fresh link.',
    );
  }
  await confirmPassword(database, caller, {
    present,
    given: of.password,
    field: 'password',
    address: input.address,
  });
  const factors = await secondFactorsOf(database, caller.userId);
  if (factors.length === 0) return rotateSession(database, sessionSecretOf(input), ['password']);
  if (of.code === undefined) {
    throw new UserError(
      'auth.second-factor-required',
      'This account has a second factor: give a code of it too, or use a passkey.',
      { fields: { code: 'A code is needed here.' } },
    );
  }
  const method = await proveSecondFactor(input, caller.userId, { code: of.code });
  return rotateSession(database, sessionSecretOf(input), ['password', method]);
}
