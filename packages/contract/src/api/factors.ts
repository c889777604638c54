import { z } from 'zod';
import { oneTimeCode, passkeyRegistration } from './passkey.ts';
import { id, instant } from './primitives.ts';

/** A passkey of the caller. */
export const passkeyView = z.object({
  id,
  name: z.string(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
  /** Whether its provider keeps copies of it, so that it survives the loss of a device. */
  isSynced: z.boolean(),
});
export type PasskeyView = z.infer<typeof passkeyView>;

/** Name that its owner gives to a passkey. */
export const passkeyName = z.string().trim().min(1).max(100);
/** POST /api/session/passkeys. */
export const addPasskeyRequest = z.strictObject({ name: passkeyName, passkey: passkeyRegistration });
/** PATCH /api/session/passkeys/:id. */
export const renamePasskeyRequest = z.strictObject({ name: passkeyName });

/** GET /api/session/factors: by what the caller can show who they are, beside the password. */
export const factorsView = z.object({
  totp: z.object({ since: instant }).nullable(),
  passkeys: z.array(passkeyView),
  recoveryCodesLeft: z.number().int(),
});
export type FactorsView = z.infer<typeof factorsView>;

/** Recovery codes, shown this once. */
export const recoveryCodes = z.object({ recoveryCodes: z.array(z.string()) });

/** POST /api/session/passkeys: the new passkey, and recovery codes when it is the first second factor. */
export const passkeyAdded = z.object({ passkey: passkeyView, recoveryCodes: z.array(z.string()) });

/** POST /api/session/totp: the secret for an authenticator app, as text, address and drawing. Nothing counts until it is confirmed. */
export const totpEnrolment = z.object({ secret: z.string(), uri: z.string(), qrSvg: z.string() });

/** POST /api/session/totp/confirm. */
export const confirmTotpRequest = z.strictObject({ code: oneTimeCode });
