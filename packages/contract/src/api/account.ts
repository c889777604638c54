import { z } from 'zod';
import { oneTimeCode, passkeyAssertion } from './passkey.ts';
import { id, instant } from './primitives.ts';

/** How somebody has shown who they are. */
export const authMethods = ['password', 'link', 'totp', 'recovery-code', 'passkey', 'oidc', 'saml'] as const;
/** One of {@link authMethods}. */
export const authMethod = z.enum(authMethods);
export type AuthMethod = z.infer<typeof authMethod>;

/** One of the caller's sessions. */
export const sessionEntry = z.object({
  id,
  createdAt: instant,
  lastSeenAt: instant,
  authenticatedAt: instant,
  expiresAt: instant,
  methods: z.array(authMethod),
  address: z.string().nullable(),
  userAgent: z.string(),
  /** Whether the request came with it. */
  isCurrent: z.boolean(),
});
export type SessionEntry = z.infer<typeof sessionEntry>;

/** Path of one thing of the caller's own. */
export const ownThingPath = z.object({ id });

/** POST /api/session/reauthentication. */
export const reauthenticationRequest = z.union([
  z.strictObject({ password: z.string().min(1).max(1000), code: oneTimeCode.optional() }),
  z.strictObject({ passkey: passkeyAssertion }),
]);
