import { z } from 'zod';
import { planLimits, planView, slug } from './billing.ts';
import { emailAddress, id, instant, paging } from './primitives.ts';

/** What can be switched: sign-ups for all of the platform; the others also for one tenant. */
export const features = ['sign-up', 'active-scans', 'support-access'] as const;
/** One of {@link features}. */
export const feature = z.enum(features);
export type Feature = z.infer<typeof feature>;

/** Whether something is switched on. `isSet` tells a switch that somebody set from the default. */
export const featureSwitch = z.object({ feature, isOn: z.boolean(), isSet: z.boolean() });
/** PUT a switch; null goes back to the default. */
export const setFeatureRequest = z.strictObject({ isOn: z.boolean().nullable() });
/** Path of a switch. */
export const featurePath = z.object({ feature });
/** Path of a tenant's switch. */
export const tenantFeaturePath = z.object({ id, feature });

/** Whether a tenant can be used, and how far its end has come. */
export const tenantState = z.enum(['active', 'suspended', 'deleting', 'shredding']);

/** Query of the list of tenants. `q` matches name and short name. */
export const tenantListQuery = paging.extend({ state: tenantState.optional() });

/** A tenant as the platform sees it. The counts are the database's estimates; exact ones are in {@link tenantDetail}. */
export const tenantSummary = z.object({
  id,
  slug: z.string(),
  name: z.string(),
  state: tenantState,
  suspendedReason: z.string().nullable(),
  deleteAfter: instant.nullable(),
  createdAt: instant,
  plan: z.string(),
  members: z.number().int(),
  about: z.object({ assets: z.number().int(), findings: z.number().int(), scans: z.number().int() }),
});
export type TenantSummary = z.infer<typeof tenantSummary>;

/** A tenant with what it uses, counted now. Sizes in bytes. */
export const tenantDetail = tenantSummary.omit({ about: true }).extend({
  planId: id.nullable(),
  limits: planLimits,
  usage: z.object({
    domains: z.number().int(),
    assets: z.number().int(),
    findings: z.number().int(),
    scans: z.number().int(),
    scansToday: z.number().int(),
    databaseBytes: z.number().int(),
    blobBytes: z.number().int(),
  }),
  features: z.array(featureSwitch),
});
export type TenantDetail = z.infer<typeof tenantDetail>;

/** POST tenants: the first admin gets an invitation. */
export const createTenantRequest = z.strictObject({
  slug,
  name: z.string().trim().min(1).max(200),
  adminEmail: emailAddress,
  planId: id.optional(),
  domain: z.string().trim().max(253).optional(),
});
/** A tenant was made: `link` is there when the invitation could not be mailed. */
export const tenantMade = z.object({ id, slug: z.string(), link: z.string().nullable() });

/** POST suspend. */
export const suspendRequest = z.strictObject({ reason: z.string().trim().min(1, 'Say why.').max(500) });
/** POST delete: typing the short name confirms it; the data goes after the grace period. */
export const scheduleDeletionRequest = z.strictObject({
  slug: z.string().max(100),
  graceDays: z.number().int().min(0).max(90).default(7),
});
/** When the data of a tenant goes. */
export const deletionScheduled = z.object({ deleteAfter: instant });
/** PUT plan of a tenant; null is the default plan. */
export const setPlanRequest = z.strictObject({ planId: id.nullable() });

/** A plan as the platform edits it. `tenants` counts those on it, and all without a plan for the default one. */
export const platformPlan = planView.extend({
  stripePrice: z.string().nullable(),
  isPublic: z.boolean(),
  isDefault: z.boolean(),
  position: z.number().int(),
  tenants: z.number().int(),
});
export type PlatformPlan = z.infer<typeof platformPlan>;
/** POST and PUT a plan. */
export const planRequest = z.strictObject({
  name: z.string().trim().min(1, 'Name the plan.').max(100),
  description: z.string().trim().max(1000).default(''),
  priceCents: z.number().int().min(0).max(100_000_000).default(0),
  currency: z
    .string()
    .regex(/^[a-z]{3}$/, 'Use three lower-case letters, like eur.')
    .default('eur'),
  stripePrice: z.string().trim().max(200).nullable().default(null),
  limits: planLimits,
  isPublic: z.boolean().default(false),
  isDefault: z.boolean().default(false),
  position: z.number().int().min(0).max(10_000).default(0),
});
export type PlanRequest = z.infer<typeof planRequest>;

/** A sign-up that waits for the platform's approval. */
export const waitingSignUp = z.object({
  id,
  email: z.string(),
  organisation: z.string(),
  slug: z.string(),
  plan: z.string(),
  createdAt: instant,
});

/** How the platform is. Sizes in bytes. */
export const platformHealth = z.object({
  workers: z.array(
    z.object({
      id,
      queues: z.number().int(),
      startedAt: instant,
      isAlive: z.boolean(),
      jobs: z.number().int(),
    }),
  ),
  queues: z.array(
    z.object({
      queue: z.string(),
      waiting: z.number().int(),
      active: z.number().int(),
      failed: z.number().int(),
    }),
  ),
  databaseBytes: z.number().int(),
  tenants: z.record(tenantState, z.number().int()),
  mails: z.object({
    isConfigured: z.boolean(),
    waiting: z.number().int(),
    failed: z.number().int(),
    lastError: z.string().nullable(),
  }),
});
export type PlatformHealth = z.infer<typeof platformHealth>;
/** Path of a thing of the platform. */
export const platformPath = z.object({ id });
