import type { AuthMethod, PasskeyAssertion, SignInAnswer } from '@glacis/contract';
import { UserError } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { z } from 'zod';
import type { RouteInput } from '../http/route.ts';
import type { Platform } from '../platform.ts';
import { secondFactorsOf } from './factors.ts';
import { openFlow, readFlow, takeFlow, tryFlow } from './flow.ts';
import { checkAssertion } from './passkeys/assertion.ts';
import { countAttempt, forgiveAttempt, viewSession } from './service.ts';
import { callerOfSession, endSession, startSession, type ProvenIdentity } from './session.ts';
import { isRecoveryCode, useRecoveryCode } from './totp/recovery-codes.ts';
import { codeWrong, useTotp } from './totp/service.ts';

/** Codes that may be tried in one sign-in, */
const ATTEMPTS_PER_FLOW = 5;
/** for one account from one address, and for one account from anywhere, before there is a wait. Only who knows the password gets here. */
const FREE_PER_ADDRESS = 5;
const FREE_PER_ACCOUNT = 20;

type SignInInput = RouteInput<unknown, unknown, unknown>;

/** How the second step is shown. */
export type SecondFactorProof = { readonly code: string } | { readonly passkey: PasskeyAssertion };

/** What a first step has proven, kept between the steps. */
const firstStep = z.object({ methods: z.array(z.enum(['password', 'link'])).readonly() });

/**
 * Goes on after a first proof: with a session when the person has no second factor, and else with a short-lived state that is
 * none, bound to the browser by a cookie.
 */
export async function enterOrAsk(
  input: SignInInput,
  proven: { userId: string; methods: readonly ('password' | 'link')[] },
): Promise<SignInAnswer> {
  const { database } = input.platform;
  const factors = await secondFactorsOf(database, proven.userId);
  if (factors.length === 0) return enter(input, proven);
  const data = { methods: proven.methods } satisfies z.input<typeof firstStep>;
  input.flow.set(
    'second-factor',
    await openFlow(database, { kind: 'second-factor', userId: proven.userId, data }),
  );
  input.note({ subject: { kind: 'users', id: proven.userId }, detail: { next: 'second-factor' } });
  return { secondFactor: factors };
}

/** Starts the session of a proven identity in the answer. One from before is ended, so that nobody can plant one. */
export async function enter(input: SignInInput, proven: ProvenIdentity): Promise<SignInAnswer> {
  const { database } = input.platform;
  const secret = await startSession(database, proven, input);
  if (input.sessionSecret) await endSession(database, input.sessionSecret);
  const caller = await callerOfSession(database, secret);
  if (!caller) throw new UserError('auth.sign-in-required', 'Sign in first.');
  input.setSession(secret);
  input.note({ actor: { kind: 'person', id: caller.userId, name: caller.email } });
  return viewSession(database, caller);
}

/** Ends a sign-in in two steps with the second one. @throws UserError */
export async function enterWithSecondFactor(
  input: SignInInput,
  proof: SecondFactorProof,
): Promise<SignInAnswer> {
  const { database } = input.platform;
  const secret = input.flow.secretOf('second-factor');
  const { userId = '' } = await tryFlow(database, 'second-factor', {
    secret,
    maxAttempts: ATTEMPTS_PER_FLOW,
  });
  input.note({ subject: { kind: 'users', id: userId } });
  const method = await proveSecondFactor(input, userId, proof);
  // Of two answers at once one starts a session.
  const { methods } = firstStep.parse((await takeFlow(database, 'second-factor', secret)).data);
  const answer = await enter(input, { userId, methods: [...methods, method] });
  input.flow.set('second-factor', undefined);
  return answer;
}

/** Whose sign-in waits for its second step in this browser. @throws UserError when there is none. */
export async function personOfSecondStep(input: SignInInput): Promise<string> {
  const flow = await readFlow(input.platform.database, 'second-factor', input.flow.secretOf('second-factor'));
  return flow.userId ?? '';
}

/** Checks a second factor of a person. Returns by what it was shown. @throws UserError */
export async function proveSecondFactor(
  input: Pick<SignInInput, 'platform' | 'flow' | 'address'>,
  userId: string,
  proof: SecondFactorProof,
): Promise<AuthMethod> {
  if ('passkey' in proof) {
    const found = await checkAssertion(input, proof.passkey);
    if (found.userId !== userId)
      throw new UserError('auth.passkey-refused', 'This passkey belongs to another account.');
    return 'passkey';
  }
  return checkCode(input.platform, { userId, address: input.address, code: proof.code });
}

/** Recovery codes cannot be guessed; codes of an app can, so their attempts are counted for the account as well. */
async function checkCode(
  platform: Platform,
  of: { userId: string; address: string; code: string },
): Promise<AuthMethod> {
  const { database } = platform;
  const { userId, code } = of;
  const pair = `second-factor ${userId} ${of.address}`;
  await countAttempt(database, pair, FREE_PER_ADDRESS);
  if (isRecoveryCode(code)) {
    if (!(await useRecoveryCode(database.query, userId, code))) throw codeWrong();
  } else {
    const account = `second-factor ${userId}`;
    await countAttempt(database, account, FREE_PER_ACCOUNT);
    if (!(await useTotp(platform, userId, code))) throw codeWrong();
    await forgiveAttempt(database, account);
  }
  await sql`delete from control.sign_in_failure where subject = ${pair}`.execute(database.control);
  return isRecoveryCode(code) ? 'recovery-code' : 'totp';
}
