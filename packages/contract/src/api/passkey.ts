import { z } from 'zod';

/** A one-time code: six digits of an authenticator app, or a recovery code; spaces and dashes do not matter. */
export const oneTimeCode = z.string().min(6).max(40);

/** Base64url text of a WebAuthn message. */
const base64url = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\w-]*$/, 'This is not base64url.');

const credential = {
  id: base64url(1400),
  rawId: base64url(1400),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
  clientExtensionResults: z.record(z.string().max(50), z.unknown()).default({}),
};
const transports = z.array(z.string().max(30)).max(10);

/** What a browser answers when it has made a passkey (RegistrationResponseJSON of WebAuthn level 3). */
export const passkeyRegistration = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url(8000),
    attestationObject: base64url(60_000),
    transports: transports.optional(),
  }),
});
export type PasskeyRegistration = z.infer<typeof passkeyRegistration>;

/** What a browser answers when it has used a passkey (AuthenticationResponseJSON of WebAuthn level 3). */
export const passkeyAssertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64url(8000),
    authenticatorData: base64url(8000),
    signature: base64url(8000),
    userHandle: base64url(200).optional(),
  }),
});
export type PasskeyAssertion = z.infer<typeof passkeyAssertion>;

/** What a browser gets to make or use a passkey: the options of WebAuthn in their JSON form. */
export const passkeyOptions = z.object({ options: z.record(z.string(), z.unknown()) });
