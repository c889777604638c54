import type { PasskeyRegistration, PasskeyView } from '@glacis/contract';
import { newId, UserError } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
import { z } from 'zod';
import { notFound } from '../../http/caller.ts';
import type { RouteInput } from '../../http/route.ts';
import type { Platform } from '../../platform.ts';
import type { Person } from '../caller.ts';
import { dropRecoveryCodesWithoutFactor, tellOwner } from '../factors.ts';
import { openFlow, takeFlow } from '../flow.ts';
import { firstRecoveryCodes } from '../totp/recovery-codes.ts';
import { userHandleOf } from './assertion.ts';
import { relyingParty } from './relying-party.ts';
import { readPasskeys, viewPasskey, type PasskeyRow } from './repository.ts';

const MAX_PASSKEYS = 20;
const TIMEOUT_MS = 300_000;

type PasskeyInput = Pick<RouteInput<unknown, unknown, unknown>, 'platform' | 'flow'>;

const question = z.object({ challenge: z.string() });

/** Asks the browser to make a passkey for the caller. @throws UserError when there are too many. */
export async function askForNewPasskey(
  input: PasskeyInput,
  caller: Person,
): Promise<{ options: Record<string, unknown> }> {
  const { platform } = input;
  const { userId, email } = caller;
  const party = relyingParty(platform);
  const known = await readPasskeys(platform.database, userId);
  if (known.length >= MAX_PASSKEYS) throw tooMany();
  const options = await generateRegistrationOptions({
    rpName: 'Glacis',
    rpID: party.id,
    userName: email,
    userID: new Uint8Array(userHandleOf(userId)),
    timeout: TIMEOUT_MS,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: known.map(row => ({ id: row.credential_id, transports: row.transports })),
  });
  const data = { challenge: options.challenge } satisfies z.input<typeof question>;
  const secret = await openFlow(platform.database, { kind: 'passkey-registration', userId, data });
  input.flow.set('passkey-registration', secret);
  return { options: { ...options } };
}

/** Keeps a passkey that the browser has made. Returns recovery codes too when it is the first factor. @throws UserError */
export async function addPasskey(
  input: PasskeyInput,
  caller: Person,
  of: { name: string; passkey: PasskeyRegistration },
): Promise<{ passkey: PasskeyView; recoveryCodes: string[] }> {
  const { platform } = input;
  const { userId, email } = caller;
  const secret = input.flow.secretOf('passkey-registration');
  const flow = await takeFlow(platform.database, 'passkey-registration', secret);
  input.flow.set('passkey-registration', undefined);
  if (flow.userId !== userId) throw refused();
  const made = await verify(platform, question.parse(flow.data).challenge, of.passkey);
  return platform.database.control.transaction().execute(async trx => {
    const { rows: locked } =
      await sql`select 1 from control.user_account where id = ${userId} for update`.execute(trx);
    const { rows: count } = await sql<{ n: number }>`select count(*)::int as n from control.passkey
      where user_id = ${userId}`.execute(trx);
    if (locked.length === 0 || (count[0]?.n ?? 0) >= MAX_PASSKEYS) throw tooMany();
    const { rows } = await sql<PasskeyRow>`insert into control.passkey
      (id, user_id, name, credential_id, public_key, counter, transports, is_synced)
      values (${newId()}, ${userId}, ${of.name}, ${made.id}, ${Buffer.from(made.publicKey)}, ${made.counter},
        ${of.passkey.response.transports ?? []}, ${made.isSynced})
      on conflict (credential_id) do nothing returning *`.execute(trx);
    const [row] = rows;
    if (!row) throw new UserError('factor.exists', 'This passkey is registered already.');
    await tellOwner(platform, trx, { email, what: `the passkey ${JSON.stringify(of.name)} was added.` });
    return { passkey: viewPasskey(row), recoveryCodes: await firstRecoveryCodes(trx, userId) };
  });
}

/** Gives a passkey another name. @throws UserError when the caller has no such passkey. */
export async function renamePasskey(
  platform: Platform,
  caller: Person,
  of: { id: string; name: string },
): Promise<PasskeyView> {
  const { rows } = await sql<PasskeyRow>`update control.passkey set name = ${of.name}
    where id = ${of.id} and user_id = ${caller.userId} returning *`.execute(platform.database.control);
  if (!rows[0]) throw notFound('passkey');
  return viewPasskey(rows[0]);
}

/** Forgets a passkey. @throws UserError when the caller has no such passkey. */
export async function removePasskey(platform: Platform, caller: Person, id: string): Promise<void> {
  await platform.database.control.transaction().execute(async trx => {
    const { rows } = await sql<{ name: string }>`delete from control.passkey
      where id = ${id} and user_id = ${caller.userId} returning name`.execute(trx);
    if (!rows[0]) throw notFound('passkey');
    await dropRecoveryCodesWithoutFactor(trx, caller.userId);
    const what = `the passkey ${JSON.stringify(rows[0].name)} was removed.`;
    await tellOwner(platform, trx, { email: caller.email, what });
  });
}

async function verify(
  platform: Platform,
  challenge: string,
  passkey: PasskeyRegistration,
): Promise<{ id: string; publicKey: Uint8Array; counter: number; isSynced: boolean }> {
  const party = relyingParty(platform);
  const { authenticatorAttachment, response, ...rest } = passkey;
  const result = await verifyRegistrationResponse({
    response: {
      ...rest,
      ...(authenticatorAttachment ? { authenticatorAttachment } : {}),
      response: { clientDataJSON: response.clientDataJSON, attestationObject: response.attestationObject },
      clientExtensionResults: {},
    },
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
  }).catch(() => undefined);
  if (!result?.verified) throw refused();
  const { credential, credentialBackedUp } = result.registrationInfo;
  return {
    id: credential.id,
    publicKey: credential.publicKey,
    counter: credential.counter,
    isSynced: credentialBackedUp,
  };
}

function refused(): UserError {
  return new UserError('auth.passkey-refused', 'The passkey could not be added. Begin again.');
}

function tooMany(): UserError {
  return new UserError(
    'factor.too-many',
    `An account has at most ${MAX_PASSKEYS} passkeys. Remove one first.`,
  );
}
