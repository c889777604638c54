import type { Role } from '@glacis/contract';
import { sql } from '@glacis/db';
import { newId } from '@glacis/foundation';
import { Secret, TOTP } from 'otpauth';
import type { Surface, World } from './world.ts';

/** What a valid call of a route of signing in sends. */
export interface SignInSample {
  readonly id?: (of: Surface, as: string) => Promise<string>;
  readonly body?: (of: Surface, as: string) => Promise<object>;
  readonly refusal?: string;
  readonly caller?: (of: Surface, role: Role) => Promise<string>;
}

/** Samples of the ways to sign in, for the permission walk. */
export function signInSamples(world: () => World): Readonly<Record<string, SignInSample>> {
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
