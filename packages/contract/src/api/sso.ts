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
  /** Name of the claim (OpenID Connect) or attribute (SAML) with the groups of a person. */
  groupsClaim: z.string().trim().min(1).max(200).nullable(),
  /** Roles by group; of several the strongest counts. */
  groupRoles: z.array(z.strictObject({ group: z.string().min(1).max(300), role })).max(100),
};

const oidcFields = {
  kind: z.literal('oidc'),
  /** The provider's address; its configuration is read from below it. */
  issuer: z.url({ protocol: /^https?$/ }).max(1000),
  clientId: z.string().trim().min(1).max(500),
};

/** What is known of a provider that speaks SAML 2.0. */
export const samlProvider = z.strictObject({
  /** Its name for itself (entity id). */
  issuer: z.string().trim().min(1).max(1024),
  /** Where people are sent to, by the binding HTTP-Redirect. */
  signOnUrl: z.url({ protocol: /^https?$/ }).max(2000),
  /** Certificates of the keys that it signs with, in PEM or as bare base64; several while it changes its key. */
  certificates: z.array(z.string().trim().min(1).max(10_000)).min(1).max(10),
});
export type SamlProvider = z.infer<typeof samlProvider>;

const samlFields = {
  kind: z.literal('saml'),
  /** Null while the provider still has to be told about this platform: the connection is off until then. */
  provider: samlProvider.nullable(),
  /** Name of the attribute with the e-mail address; null: a usual name, or the name of the person where it is one. */
  emailAttribute: z.string().trim().min(1).max(200).nullable(),
};

const oidcConnectionRequest = z.strictObject({
  ...connectionFields,
  ...oidcFields,
  clientSecret: z.string().min(1).max(2000).optional(),
});
const samlConnectionRequest = z.strictObject({ ...connectionFields, ...samlFields });
export type OidcConnectionRequest = z.output<typeof oidcConnectionRequest>;
export type SamlConnectionRequest = z.output<typeof samlConnectionRequest>;

/** POST /api/tenants/:tenant/sso and PUT …/:id. Without a secret the present one stays. */
export const ssoConnectionRequest = z.discriminatedUnion('kind', [
  oidcConnectionRequest,
  samlConnectionRequest,
]);
export type SsoConnectionRequest = z.output<typeof ssoConnectionRequest>;

const viewFields = {
  ...connectionFields,
  id,
  createdAt: instant,
  /** Where the provider has to send people back to. */
  redirectUri: z.string(),
  /** Domains among them that the tenant has not proven (any more): nobody comes in by them. */
  unprovenDomains: z.array(z.string()),
};

/** An identity provider of a tenant, as its admins see it; a secret is never shown. */
export const ssoConnectionView = z.discriminatedUnion('kind', [
  z.object({ ...viewFields, ...oidcFields, hasSecret: z.boolean() }),
  z.object({
    ...viewFields,
    ...samlFields,
    /** The name of this platform for the provider, and where it finds what it needs to know: an address. */
    entityId: z.string(),
    /** Until when each certificate is meant to be used, in their order. It is shown and not enforced. */
    certificatesUntil: z.array(instant),
  }),
]);
export type SsoConnectionView = z.infer<typeof ssoConnectionView>;

/** Kinds of identity providers. */
export const ssoKind = z.enum(['oidc', 'saml']);
export type SsoKind = z.infer<typeof ssoKind>;

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
  connections: z.array(z.object({ id, name: z.string(), kind: ssoKind })),
});

/** POST /api/sso/start. `next` is the page to go to afterwards. */
export const ssoStartRequest = z.strictObject({ connectionId: id, next: z.string().max(2000).optional() });
/** The answer to it: where to go. */
export const ssoStarted = z.object({ url: z.string() });

/** POST /api/sso/oidc/complete: what the provider added to the address it sent the browser back to. */
export const oidcCompleteRequest = z.strictObject({ connectionId: id, query: z.string().max(8000) });
/** Longest answer of a SAML provider that is looked at, characters of base64. */
export const MAX_SAML_ANSWER_LENGTH = 256 * 1024;

/** POST /api/sso/saml/complete: the answer of the provider, base64 as it came. */
export const samlCompleteRequest = z.strictObject({
  connectionId: id,
  answer: z.string().min(1).max(MAX_SAML_ANSWER_LENGTH),
});

/** POST /api/tenants/:tenant/sso/saml-metadata: the description (metadata) of a provider, to be read. */
export const samlMetadataRequest = z.strictObject({
  xml: z
    .string()
    .min(1)
    .max(512 * 1024),
});

/** The answer to both ways to end a sign-in: a session has begun, and this page comes next. */
export const ssoEntered = z.object({ next: z.string() });
