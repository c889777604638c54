import type { PasskeyAssertion } from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server';
import { z } from 'zod';
import type { RouteInput } from '../../http/route.ts';
import { openFlow, takeFlow } from '../flow.ts';
import { readPasskeys, type PasskeyRow } from './repository.ts';
import { relyingParty } from './relying-party.ts';

/** Time that a browser gives the person, ms. */
const TIMEOUT_MS = 300_000;

type PasskeyInput = Pick<RouteInput<unknown, unknown, unknown>, 'platform' | 'flow'>;

const question = z.object({ challenge: z.string() });

/**
 * Asks the browser for a passkey: any of this site, or one of a person's. The challenge is used once, expires, and is bound
 * to the browser by a cookie. @throws UserError when the platform's address cannot have passkeys.
 */
export async function askForPasskey(
  input: PasskeyInput,
  userId?: string,
): Promise<{ options: Record<string, unknown> }> {
  const { platform } = input;
  const known = userId === undefined ? [] : await readPasskeys(platform.database, userId);
  const options = await generateAuthenticationOptions({
    rpID: relyingParty(platform).id,
    userVerification: 'required',
    timeout: TIMEOUT_MS,
    allowCredentials: known.map(row => ({ id: row.credential_id, transports: row.transports })),
  });
  const data = { challenge: options.challenge } satisfies z.input<typeof question>;
  input.flow.set('passkey', await openFlow(platform.database, { kind: 'passkey', data }));
  return { options: { ...options } };
}

/** Checks the answer of a browser to {@link askForPasskey}. Returns whose passkey it was. @throws UserError */
export async function checkAssertion(
  input: PasskeyInput,
  assertion: PasskeyAssertion,
): Promise<{ userId: string }> {
  const { database } = input.platform;
  const party = relyingParty(input.platform);
  const flow = await takeFlow(database, 'passkey', input.flow.secretOf('passkey'));
  input.flow.set('passkey', undefined);
  const { rows } = await sql<PasskeyRow>`select * from control.passkey
    where credential_id = ${assertion.id}`.execute(database.control);
  const [row] = rows;
  if (!row || !isOwnHandle(assertion.response.userHandle, row.user_id)) throw refused();
  const { newCounter, isSynced } = await verify(party, question.parse(flow.data).challenge, assertion, row);
  // A counter that does not grow is a copy; devices without one always say 0.
  const { rows: used } = await sql`update control.passkey
    set counter = ${newCounter}, is_synced = ${isSynced}, last_used_at = now()
    where id = ${row.id} and (counter < ${newCounter} or (counter = 0 and ${newCounter} = 0)) returning 1`.execute(
    database.control,
  );
  if (used.length === 0) throw refused();
  return { userId: row.user_id };
}

async function verify(
  party: { id: string; origin: string },
  challenge: string,
  assertion: PasskeyAssertion,
  row: PasskeyRow,
): Promise<{ newCounter: number; isSynced: boolean }> {
  const { authenticatorAttachment, response, ...rest } = assertion;
  const { userHandle, ...message } = response;
  const result = await verifyAuthenticationResponse({
    response: {
      ...rest,
      ...(authenticatorAttachment ? { authenticatorAttachment } : {}),
      response: { ...message, ...(userHandle === undefined ? {} : { userHandle }) },
      clientExtensionResults: {},
    },
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    requireUserVerification: true,
    credential: {
      id: row.credential_id,
      publicKey: new Uint8Array(row.public_key),
      counter: Number(row.counter),
    },
  }).catch(() => undefined);
  if (!result?.verified) throw refused();
  const { newCounter, credentialBackedUp } = result.authenticationInfo;
  return { newCounter, isSynced: credentialBackedUp };
}

/** Discoverable passkeys name their account; others leave it out. */
function isOwnHandle(handle: string | undefined, userId: string): boolean {
  return handle === undefined || handle === '' || handle === userHandleOf(userId).toString('base64url');
}

/** How an account is named inside a passkey. */
export function userHandleOf(userId: string): Buffer {
  return Buffer.from(userId.replaceAll('-', ''), 'hex');
}

/** The error for a passkey that does not let in; why stays unsaid. */
function refused(): UserError {
  return new UserError(
    'auth.passkey-refused',
    'This passkey was not accepted. Try again, or sign in another way.',
  );
}
