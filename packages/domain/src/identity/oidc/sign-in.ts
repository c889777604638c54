import { UserError } from '@glacis/foundation';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
} from 'openid-client';
import { z } from 'zod';
import type { RouteInput } from '../../http/route.ts';
import { openFlow, takeFlow } from '../flow.ts';
import { enter } from '../second-factor.ts';
import { redirectUriOf, type OidcConnection } from '../sso/connection.ts';
import { openConnection } from '../sso/connections.ts';
import { identify, type Vouched } from '../sso/identify.ts';
import { recordedForTenant } from '../sso/record.ts';
import { withProvider } from './provider.ts';

/** Name of ending such a sign-in, for the audit log. */
export const OIDC_ACTION = 'session.start-by-provider';

type SignInInput = RouteInput<unknown, unknown, unknown>;

const begun = z.object({
  connectionId: z.string(),
  verifier: z.string(),
  state: z.string(),
  nonce: z.string(),
  next: z.string(),
});

const claims = z.object({
  iss: z.string().min(1).max(2000),
  sub: z.string().min(1).max(1000),
  email: z.email().max(254).optional().catch(undefined),
  email_verified: z.boolean().optional().catch(undefined),
  name: z.string().max(500).optional().catch(undefined),
});

/** Begins a sign-in at a provider (code flow with PKCE, state and nonce). Returns where to go. @throws UserError */
export async function beginOidc(
  input: SignInInput,
  connection: OidcConnection,
  next: string,
): Promise<string> {
  const { platform } = input;
  const data = {
    connectionId: connection.id,
    verifier: randomPKCECodeVerifier(),
    state: randomState(),
    nonce: randomNonce(),
    next,
  } satisfies z.input<typeof begun>;
  const challenge = await calculatePKCECodeChallenge(data.verifier);
  const url = await withProvider(platform, connection, async configuration =>
    buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUriOf(platform, connection),
      scope: 'openid email profile',
      response_type: 'code',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      state: data.state,
      nonce: data.nonce,
    }),
  );
  input.flow.set('oidc', await openFlow(platform.database, { kind: 'oidc', data }));
  return url.href;
}

/** Ends it with what the provider sent the browser back with; a session begins. Returns the next page. @throws UserError */
export async function completeOidc(
  input: SignInInput,
  of: { connectionId: string; query: string },
): Promise<{ next: string }> {
  const { platform } = input;
  const flow = begun.parse((await takeFlow(platform.database, 'oidc', input.flow.secretOf('oidc'))).data);
  input.flow.set('oidc', undefined);
  if (flow.connectionId !== of.connectionId) throw refused();
  const connection = await openConnection(platform, flow.connectionId);
  if (connection.kind !== 'oidc') throw refused();
  input.note({ subject: { kind: 'sso', id: connection.id } });
  await recordedForTenant(input, { connection, action: OIDC_ACTION }, async recorded => {
    const vouched = await withProvider(platform, connection, configuration =>
      askProvider(input, { configuration, connection, flow, query: of.query }),
    );
    await enter(recorded, await identify(platform, connection, vouched, 'oidc'));
  });
  return { next: flow.next };
}

async function askProvider(
  input: SignInInput,
  of: {
    configuration: Configuration;
    connection: OidcConnection;
    flow: z.output<typeof begun>;
    query: string;
  },
): Promise<Vouched> {
  const { configuration, connection, flow } = of;
  const address = new URL(redirectUriOf(input.platform, connection));
  address.search = of.query;
  try {
    const tokens = await authorizationCodeGrant(configuration, address, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      idTokenExpected: true,
    });
    const idToken: Record<string, unknown> = { ...tokens.claims() };
    const hasEmail = idToken['email'] !== undefined;
    const { sub } = claims.parse(idToken);
    const more = hasEmail
      ? {}
      : await fetchUserInfo(configuration, tokens.access_token, sub).catch(() => ({}));
    return vouchedBy(connection, { ...more, ...idToken });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    input.platform.log.info({ connection: connection.id, reason }, 'a sign-in by a provider was refused');
    throw refused(cause);
  }
}

function vouchedBy(connection: OidcConnection, all: Record<string, unknown>): Vouched {
  const { iss, sub, email, email_verified: isVerified, name = '' } = claims.parse(all);
  const groups = connection.groupsClaim === null ? undefined : all[connection.groupsClaim];
  return {
    issuer: iss,
    subject: sub,
    verifiedEmail: isVerified === true ? email : undefined,
    name,
    groups: z
      .array(z.string().max(300))
      .max(1000)
      .catch([])
      .parse(groups ?? []),
  };
}

function refused(cause?: unknown): UserError {
  return new UserError(
    'sso.refused',
    'Your identity provider did not confirm the sign-in, or it was meant for another one. Begin again.',
    { cause },
  );
}
