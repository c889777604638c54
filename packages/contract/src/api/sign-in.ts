import { z } from 'zod';
import { oneTimeCode, passkeyAssertion } from './passkey.ts';
import { emailAddress } from './primitives.ts';
import { sessionView } from './session.ts';

/** POST /api/session: with a password, the token of a one-time sign-in link, or a passkey. */
export const signInRequest = z.union([
  z.strictObject({ email: emailAddress, password: z.string().min(1).max(1000) }),
  z.strictObject({ link: z.string().min(20).max(200) }),
  z.strictObject({ passkey: passkeyAssertion }),
]);

/** By what a sign-in can go on after the first proof. */
export const secondFactors = ['totp', 'passkey', 'recovery-code'] as const;

/** The answer to a sign-in: who is signed in, or by what the person has to go on. */
export const signInAnswer = z.union([
  sessionView,
  z.object({ secondFactor: z.array(z.enum(secondFactors)) }),
]);
export type SignInAnswer = z.infer<typeof signInAnswer>;

/** POST /api/session/second-factor. */
export const secondFactorRequest = z.union([
  z.strictObject({ code: oneTimeCode }),
  z.strictObject({ passkey: passkeyAssertion }),
]);
