import type { Role } from '@glacis/contract';
import { sql } from '@glacis/db';
import { newId } from '@glacis/foundation';
import { Secret, TOTP } from 'otpauth';
import type { Sample } from './walk-samples.ts';
import type { Surface, World } from './world.ts';

/** Samples of the ways to sign in, for the permission walk. */
export function signInSamples(world: () => World): Readonly<Record<string, Sample>> {
  const caller = (of: Surface, role: Role) => world().freshMember(of, role);
  const passkey = async (of: Surface, as: string) => newPasskeyOf(world(), as || of.users.admin);
  return {
    'POST /api/session/second-factor': { body: async () => ({ code: '123456' }) },
    'POST /api/session/totp': { caller },
    'POST /api/session/totp/confirm': {
      caller,
      body: async (_, as) => ({ code: as === '' ? '123456' : await newCodeOf(world(), as) }),
    },
    'DELETE /api/session/totp': { refusal: 'request.not-found' },
    'POST /api/session/recovery-codes': { refusal: 'request.not-found' },
    'POST /api/session/passkeys': {
      body: async () => ({ name: 'Key', passkey: noPasskey({ attestationObject: '' }) }),
      refusal: 'auth.flow-expired',
    },
    'PATCH /api/session/passkeys/:id': { id: passkey, body: async () => ({ name: 'Another name' }), caller },
    'DELETE /api/session/passkeys/:id': { id: passkey, caller },
    'POST /api/sso/find': { body: async () => ({ email: 'nobody@walk.test' }) },
    'POST /api/sso/start': { body: async () => ({ connectionId: newId() }) },
    'POST /api/sso/oidc/complete': { body: async () => ({ connectionId: newId(), query: 'code=x' }) },
    'POST /api/sso/saml/complete': { body: async () => ({ connectionId: newId(), answer: 'PGEvPg==' }) },
    'GET /api/sso/saml/:id/metadata': { id: of => newSamlProviderOf(world(), of) },
    'POST /api/tenants/:tenant/sso/saml-metadata': {
      body: async () => ({ xml: '<a/>' }),
      refusal: 'sso.saml-provider-invalid',
    },
    'POST /api/tenants/:tenant/sso': { body: async () => provider, refusal: 'sso.domain-not-proven' },
    'PUT /api/tenants/:tenant/sso/:id': {
      id: of => newProviderOf(world(), of),
      body: async () => provider,
      refusal: 'sso.domain-not-proven',
    },
    'DELETE /api/tenants/:tenant/sso/:id': { id: of => newProviderOf(world(), of) },
    'PUT /api/tenants/:tenant/sign-in-policy': {
      body: async () => ({ requiresSecondFactor: false, allowedMethods: null, sessionHours: null }),
    },
  };
}

/** A browser's answer with nothing in it. */
function noPasskey(response: object): object {
  return { id: 'x', rawId: 'x', type: 'public-key', response: { clientDataJSON: '', ...response } };
}

/** Begins an authenticator app for a person and returns a code of it. */
async function newCodeOf(world: World, userId: string): Promise<string> {
  const headers = { cookie: await world.signIn(userId) };
  const begun = await world.server.inject({ method: 'POST', url: '/api/session/totp', headers });
  return new TOTP({ secret: Secret.fromBase32(begun.json().secret) }).generate();
}

/** Id of a passkey of a person. */
async function newPasskeyOf(world: World, userId: string): Promise<string> {
  const id = newId();
  await sql`insert into control.passkey (id, user_id, name, credential_id, public_key, counter, is_synced)
    values (${id}, ${userId}, 'Key', ${id}, '', 0, false)`.execute(world.platform.database.control);
  return id;
}

const provider = {
  kind: 'oidc',
  name: 'Provider',
  isEnabled: true,
  domains: ['walk.test'],
  defaultRole: null,
  groupsClaim: null,
  groupRoles: [],
  issuer: 'https://id.walk.test',
  clientId: 'glacis',
};

/** Id of an identity provider of a tenant. */
async function newProviderOf(world: World, of: Surface): Promise<string> {
  const id = newId();
  await sql`insert into control.sso_connection (id, tenant_id, kind, name, domains, settings)
    values (${id}, ${of.tenant}, 'oidc', 'Provider', '{walk.test}', '{"issuer": "https://id.walk.test", "clientId": "x"}')`.execute(
    world.platform.database.control,
  );
  return id;
}

/** Id of a SAML provider of a tenant that is not described yet. */
async function newSamlProviderOf(world: World, of: Surface): Promise<string> {
  const id = newId();
  await sql`insert into control.sso_connection (id, tenant_id, kind, name, is_enabled, domains, settings)
    values (${id}, ${of.tenant}, 'saml', 'Provider', false, '{walk.test}', '{"provider": null, "emailAttribute": null}')`.execute(
    world.platform.database.control,
  );
  return id;
}
