import { z } from 'zod';
import { role } from '../permission.ts';
import { emailAddress, id, instant } from './primitives.ts';

const domain = z
  .string()
  .toLowerCase()
  .max(253)
  .regex(/^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/, 'Write a domain such as example.com.');

const connectionFields = {
  name: z.string().trim().min(1).max(100),
  isEnabled: z.boolean(),
  /** Domains of the addresses that the provider may speak for; the tenant must have proven each. */
  domains: z.array(domain).min(1).max(50),
  /** Role of people who come for the first time; null: only members come in. */
  defaultRole: role.nullable(),
  /** Name of the claim with the groups of a person. */
  groupsClaim: z.string().trim().min(1).max(200).nullable(),
  /** Roles by group; of several the strongest counts. */
  groupRoles: z.array(z.strictObject({ group: z.string().min(1).max(300), role })).max(100),
  /** The provider's address; its configuration is read from below it. */
  issuer: z.url({ protocol: /^https?$/ }).max(1000),
  clientId: z.string().trim().min(1).max(500),
};

/** POST /api/tenants/:tenant/sso and PUT …/:id. Without a secret the present one stays. */
export const ssoConnectionRequest = z.strictObject({
  ...connectionFields,
  clientSecret: z.string().min(1).max(2000).optional(),
});
export type SsoConnectionRequest = z.output<typeof ssoConnectionRequest>;

/** An identity provider of a tenant, as its admins see it; the secret is never shown. */
export const ssoConnectionView = z.object({
  ...connectionFields,
  id,
  kind: z.literal('oidc'),
  hasSecret: z.boolean(),
  createdAt: instant,
  /** Where the provider has to send people back to. */
  redirectUri: z.string(),
  /** Domains among them that the tenant has not proven (any more): nobody comes in by them. */
  unprovenDomains: z.array(z.string()),
});
export type SsoConnectionView = z.infer<typeof ssoConnectionView>;

/** GET /api/tenants/:tenant/sso. */
export const ssoConnectionList = z.object({
  items: z.array(ssoConnectionView),
  /** Domains that the tenant has proven, to choose from. */
  provenDomains: z.array(z.string()),
});

/** POST /api/sso/find: the providers that speak for an address. Depends on its domain alone, not on any account. */
export const ssoFindRequest = z.strictObject({ email: emailAddress });
/** The answer to it. */
export const ssoFound = z.object({
  connections: z.array(z.object({ id, name: z.string(), kind: z.literal('oidc') })),
});

/** POST /api/sso/start. `next` is the page to go to afterwards. */
export const ssoStartRequest = z.strictObject({ connectionId: id, next: z.string().max(2000).optional() });
/** The answer to it: where to go. */
export const ssoStarted = z.object({ url: z.string() });

/** POST /api/sso/oidc/complete: what the provider added to the address it sent the browser back to. */
export const oidcCompleteRequest = z.strictObject({ connectionId: id, query: z.string().max(8000) });
/** The answer to it: a session has begun, and this page comes next. */
export const ssoEntered = z.object({ next: z.string() });
