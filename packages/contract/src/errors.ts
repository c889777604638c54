/** What an error code means: its HTTP status and when it arises. Codes are stable: clients may rely on them. */
export interface ErrorEntry {
  readonly status: number;
  readonly meaning: string;
}

/** Every error code that a user of the API or of the command line can meet. */
export const errorCatalogue = {
  'auth.sign-in-required': { status: 401, meaning: 'There is no valid session: sign in.' },
  'auth.wrong-credentials': { status: 401, meaning: 'E-mail address and password do not fit together.' },
  'auth.link-invalid': { status: 401, meaning: 'The sign-in link was used, has expired or never existed.' },
  'auth.throttled': {
    status: 429,
    meaning: 'Too many failed attempts; wait for the time that Retry-After says.',
  },
  'auth.forbidden': { status: 403, meaning: 'The role within the tenant does not allow it.' },
  'auth.reauthentication-required': {
    status: 403,
    meaning: 'A dangerous act needs a sign-in of the last ten minutes: confirm with the password first.',
  },
  'auth.session-required': {
    status: 403,
    meaning: 'Only a person with a session may do it, no token.',
  },
  'auth.token-invalid': {
    status: 401,
    meaning: 'The bearer token is unknown, expired, revoked, forged or not valid from this address.',
  },
  'auth.password-breached': {
    status: 400,
    meaning: 'The password is known from breaches or too common: choose another one.',
  },
  'auth.policy': {
    status: 403,
    meaning: 'The sign-in does not satisfy the policy of the tenant; `fields` names what is missing.',
  },
  'auth.policy-locks-out': {
    status: 409,
    meaning: 'The policy would shut out the person who sets it.',
  },
  'auth.own-sign-in-required': {
    status: 403,
    meaning: 'A session by the identity provider of a tenant reaches that tenant alone, not the account.',
  },
  'auth.flow-expired': {
    status: 401,
    meaning: 'The sign-in took too long, had too many attempts or began in another browser: begin again.',
  },
  'auth.code-wrong': { status: 401, meaning: 'The one-time code is wrong, too old or was used before.' },
  'auth.passkey-refused': {
    status: 401,
    meaning: 'The passkey is unknown, or its answer does not fit the question.',
  },
  'sso.refused': {
    status: 403,
    meaning: 'The identity provider did not vouch for the person, or may not for this address.',
  },
  'sso.provider-unreachable': {
    status: 409,
    meaning: 'The identity provider gave no valid configuration.',
  },
  'sso.saml-provider-invalid': {
    status: 400,
    meaning: 'What was said about the SAML provider is not complete or not sound; `fields` names what.',
  },
  'sso.domain-not-proven': {
    status: 409,
    meaning: 'An identity provider may speak only for domains that the tenant has proven.',
  },
  'passkey.unavailable': {
    status: 409,
    meaning: 'The address of the platform cannot have passkeys: they need a name and HTTPS, or localhost.',
  },
  'auth.second-factor-required': {
    status: 403,
    meaning: 'The account has a second factor: it is needed beside the password.',
  },
  'factor.exists': { status: 409, meaning: 'The second factor is there already.' },
  'factor.too-many': { status: 409, meaning: 'The account has as many passkeys as it may have.' },
  'auth.origin-refused': { status: 403, meaning: 'A changing request came from another origin.' },
  'request.invalid': { status: 400, meaning: 'The request does not fit the schema; `fields` says where.' },
  'request.not-found': { status: 404, meaning: 'It does not exist, or belongs to another tenant.' },
  'request.method': {
    status: 405,
    meaning: 'The address has no such method; the Allow header names those that it has.',
  },
  'request.conflict': { status: 409, meaning: 'It contradicts the present state.' },
  'request.rate-limited': {
    status: 429,
    meaning:
      'Too many requests; wait for the time that Retry-After says. The RateLimit headers tell the limits.',
  },
  'request.too-large': { status: 413, meaning: 'The body is over the limit.' },
  'link.invalid': {
    status: 404,
    meaning: 'The one-time link was used, was withdrawn, has expired or never existed.',
  },
  'member.exists': { status: 409, meaning: 'The address belongs to a member already.' },
  'member.last-admin': { status: 409, meaning: 'A tenant keeps at least one admin.' },
  'scim.invalid-filter': { status: 400, meaning: 'A filter of SCIM cannot be read or used.' },
  'scim.invalid-path': { status: 400, meaning: 'The path of a SCIM operation names nothing.' },
  'scim.invalid-value': { status: 400, meaning: 'A value of a SCIM request is not valid.' },
  'scim.no-target': { status: 400, meaning: 'A SCIM operation does not say what it is about.' },
  'scim.mutability': { status: 400, meaning: 'A SCIM request sets what provisioning may not set.' },
  'scim.uniqueness': { status: 409, meaning: 'Another person or group of the tenant has the name.' },
  'scim.version-mismatch': {
    status: 412,
    meaning: 'The person or group has changed since it was read: read it again.',
  },
  'mail.not-configured': { status: 409, meaning: 'It needs a mail server, and none is set.' },
  'sign-up.closed': { status: 409, meaning: 'This platform takes no sign-ups.' },
  'tenant.slug-taken': { status: 409, meaning: 'Another tenant has the short name.' },
  'payment.by-hand': { status: 409, meaning: 'Plans are changed by the administrator of the platform.' },
  'payment.bad-signature': {
    status: 400,
    meaning: 'A call of the payment provider is not signed as it should be.',
  },
  'payment.unavailable': { status: 503, meaning: 'The payment provider did not answer; try again.' },
  'plan.limit-reached': { status: 409, meaning: 'The plan of the tenant does not allow more.' },
  'tenant.not-active': { status: 409, meaning: 'The tenant is suspended or is being deleted.' },
  'target.not-a-domain': { status: 400, meaning: 'The target is no domain name that can be owned.' },
  'target.public-suffix': { status: 400, meaning: 'The target is a public suffix, which nobody owns.' },
  'target.special-use': {
    status: 409,
    meaning: 'The name is reserved for private networks and no network profile covers it.',
  },
  'target.exists': { status: 409, meaning: 'The target is there already.' },
  'target.mail-unavailable': {
    status: 409,
    meaning: 'The platform has no mail set up, so no code can be sent.',
  },
  'target.mail-throttled': { status: 429, meaning: 'Enough codes were sent to this domain for now.' },
  'target.code-invalid': {
    status: 400,
    meaning: 'The code from the mail is wrong, has expired or was tried too often.',
  },
  'scope.invalid': { status: 400, meaning: 'A scope entry is neither a name nor an address range.' },
  'scan.already-running': { status: 409, meaning: 'A scan of this target is running.' },
  'scan.ended': { status: 409, meaning: 'The scan has ended already.' },
  'engine.invalid': { status: 400, meaning: 'The engine names scanners or options that do not exist.' },
  'report.not-ready': { status: 409, meaning: 'The report is still being rendered, or failed.' },
  'token.too-many': {
    status: 409,
    meaning: 'There are as many tokens as one person or tenant may have: revoke one.',
  },
  'audit.too-many-records': {
    status: 400,
    meaning: 'An export would have too many records: choose a shorter time.',
  },
  'data.newer-version': { status: 500, meaning: 'The data folder was written by a newer version of Glacis.' },
  'data.in-use': { status: 500, meaning: 'Another Glacis is using the data folder.' },
  'data.unreachable': { status: 500, meaning: 'The database user cannot reach the data folder.' },
  'data.cannot-initialise': { status: 500, meaning: 'The database could not be set up.' },
  'data.database-stopped': { status: 500, meaning: 'The database stopped while starting.' },
  'data.database-slow': { status: 500, meaning: 'The database did not start in time.' },
  'data.no-port': { status: 500, meaning: 'No free local port could be found.' },
  'data.no-embedded-database': { status: 500, meaning: 'There is no embedded database for this machine.' },
  'data.migration-failed': {
    status: 500,
    meaning: 'A database migration failed; it is tried again at the next start.',
  },
  'data.migration-changed': { status: 500, meaning: 'A migration file was changed after it ran.' },
  'data.wrong-master-key': { status: 500, meaning: 'The master key does not open this data folder.' },
  'data.export-broken': { status: 500, meaning: 'An export of a tenant is not whole or was changed.' },
  'storage.missing': { status: 500, meaning: 'A stored file is missing.' },
  'storage.cannot-write': {
    status: 507,
    meaning: 'A file could not be written; check free space and rights.',
  },
  'storage.too-large': { status: 413, meaning: 'A file is over the limit.' },
  'config.invalid': { status: 500, meaning: 'A setting of the environment is not valid.' },
  'config.not-running': { status: 500, meaning: 'A command needs the running platform and found none.' },
  'render.failed': { status: 500, meaning: 'A report could not be rendered.' },
  'server.unavailable': { status: 503, meaning: 'The database is away for the moment; try again.' },
  'internal.child-failed': {
    status: 500,
    meaning: 'A process of the platform could not start; its log in the data folder has the details.',
  },
  'internal.web-build': { status: 500, meaning: 'The web app could not be built.' },
  'internal.unexpected': {
    status: 500,
    meaning: 'A defect of Glacis; the log has the details under the request id.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;
