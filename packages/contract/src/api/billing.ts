import { z } from 'zod';
import { emailAddress, id, instant } from './primitives.ts';
import { setPasswordRequest } from './session.ts';
import { linkToken } from './tenancy.ts';

const limit = z.number().int().min(0).max(1_000_000).nullable();

/** What a plan allows; null is no limit. */
export const planLimits = z.strictObject({
  domains: limit,
  scansPerDay: limit,
  users: z.number().int().min(1).max(1_000_000).nullable(),
  retentionDays: z.number().int().min(1).max(36_500).nullable(),
});
export type PlanLimits = z.infer<typeof planLimits>;

/** A plan. The price is for a month, in hundredths of the currency (ISO 4217, lower case). */
export const planView = z.object({
  id,
  name: z.string(),
  description: z.string(),
  priceCents: z.number().int(),
  currency: z.string(),
  limits: planLimits,
});
export type PlanView = z.infer<typeof planView>;

/** The plan of a tenant, what of it is used, and how it is paid. */
export const planUse = z.object({
  plan: planView,
  used: z.object({
    domains: z.number().int(),
    scansToday: z.number().int(),
    users: z.number().int(),
  }),
  /** Plans to change to, dearest last. */
  offers: z.array(planView),
  /** How plans are paid: `stripe`, or `manual` when the administrator of the platform changes them. */
  payment: z.enum(['stripe', 'manual']),
  subscription: z
    .object({ status: z.string(), currentPeriodEnd: instant.nullable(), isEnding: z.boolean() })
    .nullable(),
});
export type PlanUse = z.infer<typeof planUse>;

/** POST plan/checkout: the plan to change to. */
export const checkoutRequest = z.strictObject({ planId: id });
/** Where to pay; null when there was nothing to pay and the plan has changed. */
export const checkoutAnswer = z.object({ url: z.url().nullable() });
/** Where the provider shows payments, cards and the end of a subscription. */
export const portalAnswer = z.object({ url: z.url() });

/** What the platform says of itself before anybody signs in. */
export const platformInfo = z.object({
  hasSignUp: z.boolean(),
  hasMail: z.boolean(),
  plans: z.array(planView),
});
export type PlatformInfo = z.infer<typeof platformInfo>;

/** Names that no tenant may have: they are, or could become, part of the platform's own addresses. */
export const reservedSlugs: ReadonlySet<string> = new Set(
  (
    'about abuse account accounts admin administrator api app apps assets auth autodiscover billing blog cdn contact ' +
    'dashboard demo dns docs download email example faq features files forum ftp glacis graphql health help home host ' +
    'hostmaster imap info internal invitation invite legal localhost login logout mail master me metrics mx news noc ' +
    'null ns ns1 ns2 oauth oidc owner payment payments ping platform pop postmaster practice pricing privacy public ' +
    'register root saml scim security server settings sign-in sign-out sign-up signin signup smtp sso staging static ' +
    'status stripe support system tenant tenants terms test undefined unreachable user users webhook webhooks welcome ' +
    'wpad ws www'
  ).split(' '),
);

/** The short name of a tenant in addresses. */
export const slug = z
  .string()
  .trim()
  .toLowerCase()
  .min(3, 'Use at least 3 characters.')
  .max(40, 'Use at most 40 characters.')
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'Use letters a to z, digits and single hyphens between them.')
  .refine(value => !reservedSlugs.has(value), 'This name is reserved. Choose another.');

/** POST /api/sign-up. */
export const startSignUpRequest = z.strictObject({
  email: emailAddress,
});
/** POST /api/sign-up/look and /enter. */
export const signUpLink = z.strictObject({ token: linkToken });

/** How far a sign-up is: `mailed` (nothing chosen yet), `paying`, `waiting` for the platform's approval, `ready`. */
export const signUpState = z.object({
  email: z.string(),
  state: z.enum(['mailed', 'paying', 'waiting', 'ready']),
  hasAccount: z.boolean(),
  slug: z.string().nullable(),
  plans: z.array(planView),
});
export type SignUpState = z.infer<typeof signUpState>;

/** POST /api/sign-up/complete. `name` and `password` make the account of an address that has none. */
export const completeSignUpRequest = z.strictObject({
  token: linkToken,
  organisation: z.string().trim().min(1, 'Write the name of your organisation.').max(200),
  slug,
  planId: id,
  domain: z.string().trim().max(253).optional(),
  name: z.string().trim().min(1).max(100).optional(),
  password: setPasswordRequest.shape.password.optional(),
});
export type CompleteSignUpRequest = z.input<typeof completeSignUpRequest>;

/** What comes next: `ready` to enter, `pay` at an address, or `waiting` for the platform's approval. */
export const signUpStep = z.discriminatedUnion('state', [
  z.object({ state: z.literal('ready'), slug: z.string() }),
  z.object({ state: z.literal('pay'), url: z.url() }),
  z.object({ state: z.literal('waiting') }),
]);
export type SignUpStep = z.infer<typeof signUpStep>;
/** POST /api/sign-up/enter: `isSignedIn` is false for an account that existed before and signs in as ever. */
export const enteredTenant = z.object({ slug: z.string(), isSignedIn: z.boolean() });
