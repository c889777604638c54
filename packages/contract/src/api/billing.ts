import { z } from 'zod';
import { id, instant } from './primitives.ts';

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
/** Where to pay. */
export const checkoutAnswer = z.object({ url: z.url() });

/** What the platform says of itself before anybody signs in. */
export const platformInfo = z.object({
  hasSignUp: z.boolean(),
  hasMail: z.boolean(),
  plans: z.array(planView),
});
export type PlatformInfo = z.infer<typeof platformInfo>;
