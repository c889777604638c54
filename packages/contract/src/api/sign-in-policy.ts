import { z } from 'zod';

/** Ways to sign in that a tenant can allow or not. A one-time link counts as a password. */
export const policyMethods = ['password', 'passkey', 'oidc', 'saml'] as const;

/** GET and PUT /api/tenants/:tenant/sign-in-policy: what the tenant asks of everybody who enters it. */
export const signInPolicy = z.strictObject({
  requiresSecondFactor: z.boolean(),
  /** Null: all. */
  allowedMethods: z.array(z.enum(policyMethods)).min(1).max(policyMethods.length).nullable(),
  /** Hours after which people have to show again who they are; null: as long as a session lasts. */
  sessionHours: z.number().int().min(1).max(336).nullable(),
});
export type SignInPolicy = z.infer<typeof signInPolicy>;

/** What a sign-in can lack: an allowed way, a second factor, or it is too long ago. */
export const policyBreaches = ['method', 'second-factor', 'age'] as const;
/** One of {@link policyBreaches}. */
export type PolicyBreach = (typeof policyBreaches)[number];
