import type { z } from 'zod';
import type { totpEnrolment } from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { renderSVG } from 'uqr';
import type { Platform } from '../../platform.ts';
import type { Person } from '../caller.ts';
import { dropRecoveryCodesWithoutFactor, secondFactorsOf, tellOwner } from '../factors.ts';
import { firstRecoveryCodes, renewRecoveryCodes } from './recovery-codes.ts';
import { newTotp, stepOfCode } from './secret.ts';

/** Makes a secret for an authenticator app. It counts for nothing until a code of it was given. @throws UserError */
export async function beginTotp(platform: Platform, caller: Person): Promise<z.input<typeof totpEnrolment>> {
  const { secret, uri, sealed } = newTotp(platform.masterKey, { userId: caller.userId, email: caller.email });
  const { rows } =
    await sql`insert into control.totp as t (user_id, sealed) values (${caller.userId}, ${sealed})
    on conflict (user_id) do update set sealed = excluded.sealed, created_at = now(), last_step = 0
    where t.confirmed_at is null returning 1`.execute(platform.database.control);
  if (rows.length === 0)
    throw new UserError('factor.exists', 'An authenticator app is set up already. Remove it first.');
  return { secret, uri, qrSvg: renderSVG(uri, { ecc: 'M', border: 2 }) };
}

/** Confirms the secret with a code of the app. Returns recovery codes when there were none. @throws UserError */
export async function confirmTotp(platform: Platform, caller: Person, code: string): Promise<string[]> {
  const { userId, email } = caller;
  return platform.database.control.transaction().execute(async trx => {
    const { rows } = await sql<{ sealed: Buffer }>`select sealed from control.totp
      where user_id = ${userId} and confirmed_at is null for update`.execute(trx);
    const [row] = rows;
    if (!row)
      throw new UserError('request.not-found', 'There is no authenticator app to confirm. Begin again.');
    const step = stepOfCode(platform.masterKey, { userId, sealed: row.sealed, code: digitsOf(code) });
    if (step === undefined) throw codeWrong();
    await sql`update control.totp set confirmed_at = now(), last_step = ${step} where user_id = ${userId}`.execute(
      trx,
    );
    await tellOwner(platform, trx, { email, what: 'an authenticator app was added.' });
    return firstRecoveryCodes(trx, userId);
  });
}

/** Removes the authenticator app. @throws UserError when there is none. */
export async function removeTotp(platform: Platform, caller: Person): Promise<void> {
  const { userId, email } = caller;
  await platform.database.control.transaction().execute(async trx => {
    const { rows } = await sql`delete from control.totp where user_id = ${userId} returning 1`.execute(trx);
    if (rows.length === 0) throw new UserError('request.not-found', 'There is no authenticator app.');
    await dropRecoveryCodesWithoutFactor(trx, userId);
    await tellOwner(platform, trx, { email, what: 'the authenticator app was removed.' });
  });
}

/** Replaces the recovery codes. @throws UserError when there is no factor that they could stand in for. */
export async function renewCodes(platform: Platform, caller: Person): Promise<string[]> {
  const { userId, email } = caller;
  if ((await secondFactorsOf(platform.database, userId)).length === 0)
    throw new UserError('request.not-found', 'There is no second factor yet. Set one up first.');
  return platform.database.control.transaction().execute(async trx => {
    await tellOwner(platform, trx, { email, what: 'the recovery codes were replaced.' });
    return renewRecoveryCodes(trx, userId);
  });
}

/** Uses a code of the app up: each step counts once, of two at the same time one wins. */
export async function useTotp(
  platform: Pick<Platform, 'masterKey'> & { database: Database },
  userId: string,
  code: string,
): Promise<boolean> {
  const { control } = platform.database;
  const { rows } = await sql<{ sealed: Buffer }>`select sealed from control.totp
    where user_id = ${userId} and confirmed_at is not null`.execute(control);
  const [row] = rows;
  if (!row) return false;
  const step = stepOfCode(platform.masterKey, { userId, sealed: row.sealed, code: digitsOf(code) });
  if (step === undefined) return false;
  const { rows: used } = await sql`update control.totp set last_step = ${step}
    where user_id = ${userId} and last_step < ${step} and confirmed_at is not null returning 1`.execute(
    control,
  );
  return used.length > 0;
}

/** The error for a code that is wrong; why stays unsaid. */
export function codeWrong(): UserError {
  return new UserError(
    'auth.code-wrong',
    'This code is wrong, too old or was used before. Wait for the next one, and check the clock of the device.',
  );
}

function digitsOf(code: string): string {
  return code.replace(/[\s-]/g, '');
}
