import { tokenScope, type TokenPair, type TokenScope } from '@glacis/contract';
import { newId, sha256, tenantId, UserError } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import type { Platform } from '../platform.ts';
import type { Caller } from './caller.ts';
import { isIdle } from './session.ts';
import { isFromAllowed, tenantOfRow, type FoundCaller, type TokenRow } from './token.ts';
import { ACCESS_SECONDS } from './token-signer.ts';
import { newTokenSecret, purposeOf } from './token-secret.ts';

/** What runs a piece of SQL. */
type Executor = Parameters<ReturnType<typeof sql>['execute']>[0];

/** Life of a refresh token, days; the grant never outlives the session or token that it was made from. */
const REFRESH_DAYS = 30;
const DAY_MS = 86_400_000;

/** Makes a pair of tokens from a session or a token, with the same scopes or fewer. @throws UserError */
export async function grantTokens(
  platform: Platform,
  caller: Caller,
  scopes: readonly TokenScope[] | undefined,
): Promise<TokenPair> {
  const { credential } = caller;
  if (credential.kind === 'access-token') {
    throw new UserError('auth.forbidden', 'Use the refresh token for a new access token.');
  }
  const isOver = scopes?.some(scope => credential.scopes !== undefined && !credential.scopes.has(scope));
  if (isOver === true) {
    throw new UserError(
      'auth.forbidden',
      'These scopes are more than the token has that they are asked with.',
    );
  }
  // A session's fresh sign-in cannot be handed on.
  const kept = scopes ?? (credential.scopes ? [...credential.scopes] : undefined);
  const isSession = credential.kind === 'session';
  if (isSession && kept?.includes('dangerous') === true) {
    throw new UserError(
      'auth.forbidden',
      'A session gives no scope for dangerous acts. Make a token with it.',
    );
  }
  const latest = new Date(Date.now() + REFRESH_DAYS * DAY_MS);
  const grantId = newId();
  const { control } = platform.database;
  const expiresAt = credential.expiresAt && credential.expiresAt < latest ? credential.expiresAt : latest;
  const refreshToken = newTokenSecret('rft');
  await control.transaction().execute(async trx => {
    await trx
      .insertInto('control.token_grant')
      .values({
        id: grantId,
        session_id: isSession ? credential.id : null,
        api_token_id: isSession ? null : credential.id,
        tenant_id: credential.tenantId ?? null,
        scopes: kept ? [...new Set(kept)] : null,
        expires_at: expiresAt,
      })
      .execute();
    await trx
      .insertInto('control.refresh_token')
      .values({ token_hash: sha256(refreshToken), grant_id: grantId, expires_at: expiresAt })
      .execute();
    await sql`delete from control.token_grant where expires_at < now() - interval '1 day'`.execute(trx);
  });
  return pairOf(platform, { grantId, subject: caller.userId ?? credential.id, refreshToken, expiresAt });
}

async function pairOf(
  platform: Platform,
  of: { grantId: string; subject: string; refreshToken: string; expiresAt: Date },
): Promise<TokenPair> {
  return {
    accessToken: await platform.tokenSigner.sign({ sub: of.subject, sid: of.grantId }),
    tokenType: 'Bearer',
    expiresIn: ACCESS_SECONDS,
    refreshToken: of.refreshToken,
    refreshExpiresAt: of.expiresAt.toISOString(),
  };
}

const refreshInvalid = (): UserError =>
  new UserError('auth.token-invalid', 'The refresh token is unknown, expired, revoked or was used already.');

/**
 * Gives a new pair for a refresh token, which works once. One that comes a second time was stolen, from us or from its
 * owner: the whole family of tokens is revoked. @throws UserError
 */
export async function refreshTokens(
  platform: Platform,
  refreshToken: string,
  address: string,
): Promise<TokenPair> {
  if (purposeOf(refreshToken) !== 'rft') throw refreshInvalid();
  const { control } = platform.database;
  const next = newTokenSecret('rft');
  const result = await control.transaction().execute(async trx => {
    const { rows } = await sql<{ grant_id: string }>`update control.refresh_token set used_at = now()
      where token_hash = ${sha256(refreshToken)} and used_at is null and expires_at > now() returning grant_id`.execute(
      trx,
    );
    const grantId = rows[0]?.grant_id;
    if (grantId === undefined) return revokeReused(trx, refreshToken);
    const grant = await findGrant(platform.database, grantId, undefined, trx);
    if (!grant || !isFromAllowed(grant.addresses, address)) return undefined;
    await trx
      .insertInto('control.refresh_token')
      .values({ token_hash: sha256(next), grant_id: grantId, expires_at: grant.expires_at })
      .execute();
    await sql`update control.session set last_seen_at = now() where id = ${grant.session_id}`.execute(trx);
    return { grantId, subject: grant.user_id ?? grant.token_id ?? '', expiresAt: grant.expires_at };
  });
  if (!result) throw refreshInvalid();
  return pairOf(platform, { ...result, refreshToken: next });
}

async function revokeReused(trx: Executor, refreshToken: string): Promise<undefined> {
  await sql`update control.token_grant g set revoked_at = now(), revoked_reason = 'a refresh token came twice'
    from control.refresh_token r
    where r.token_hash = ${sha256(refreshToken)} and r.used_at is not null and g.id = r.grant_id and g.revoked_at is null`.execute(
    trx,
  );
}

/** Revokes the family of a refresh token. What is no token of ours is passed over (RFC 7009). */
export async function revokeFamily(database: Database, refreshToken: string): Promise<void> {
  await sql`update control.token_grant g set revoked_at = now(), revoked_reason = 'by its owner'
    from control.refresh_token r
    where r.token_hash = ${sha256(refreshToken)} and g.id = r.grant_id and g.revoked_at is null`.execute(
    database.control,
  );
}

interface GrantRow extends Omit<
  TokenRow,
  'token_id' | 'scopes' | 'token_kind' | 'token_name' | 'is_used_long_ago'
> {
  readonly session_id: string | null;
  readonly token_id: string | null;
  readonly token_name: string | null;
  readonly token_scopes: readonly string[] | null;
  readonly grant_scopes: readonly string[] | null;
  readonly expires_at: Date;
}

async function findGrant(
  database: Database,
  grantId: string,
  slug: string | undefined,
  executor: Executor = database.control,
): Promise<GrantRow | undefined> {
  const { rows } = await sql<GrantRow>`
    select g.session_id, g.expires_at, g.scopes as grant_scopes, tk.id as token_id, tk.name as token_name,
      tk.scopes as token_scopes, coalesce(tk.addresses, '{}') as addresses, coalesce(g.tenant_id, s.tenant_id) as token_tenant_id,
      g.expires_at as token_expires_at, u.id as user_id, u.email, u.is_platform_admin and s.tenant_id is null as is_platform_admin, t.id as tenant_id, t.slug, m.role
    from control.token_grant g
    left join control.session s on s.id = g.session_id and s.expires_at > now() and not ${isIdle}
    left join control.api_token tk on tk.id = g.api_token_id and tk.revoked_at is null
      and (tk.expires_at is null or tk.expires_at > now())
    left join control.user_account u on u.id = coalesce(s.user_id, tk.user_id)
    left join control.tenant t on t.slug = ${slug ?? null} and t.state = 'active'
    left join control.membership m on m.tenant_id = t.id and m.user_id = u.id
    where g.id = ${grantId} and g.revoked_at is null and g.expires_at > now() and (s.id is not null or tk.id is not null)`.execute(
    executor,
  );
  return rows[0];
}

/**
 * Finds the holder of an access token: its signature is verified here, everything else is asked of the database in one round
 * trip, so that revoking works at once. Undefined when it is not valid.
 */
export async function findAccessToken(
  platform: Pick<Platform, 'database' | 'tokenSigner'>,
  token: string,
  of: { readonly slug: string | undefined; readonly address: string },
): Promise<FoundCaller | undefined> {
  const claims = await platform.tokenSigner.verify(token);
  if (!claims) return undefined;
  const row = await findGrant(platform.database, claims.sid, of.slug);
  if (!row || (row.user_id ?? row.token_id) !== claims.sub) return undefined;
  if (!isFromAllowed(row.addresses, of.address)) return undefined;
  return {
    caller: {
      userId: row.user_id ?? undefined,
      email: row.email ?? '',
      isPlatformAdmin: row.is_platform_admin ?? false,
      credential: {
        kind: 'access-token',
        id: claims.sid,
        name: row.token_name ?? '',
        scopes: scopesOf(row),
        tenantId: row.token_tenant_id === null ? undefined : tenantId(row.token_tenant_id),
        authenticatedAt: undefined,
        methods: [],
        expiresAt: row.expires_at,
      },
    },
    tenant: tenantOfRow(row),
  };
}

/** The grant's scopes within those of the token that it was made from. */
function scopesOf(row: GrantRow): ReadonlySet<TokenScope> | undefined {
  const of = (scopes: readonly string[] | null) =>
    scopes === null ? undefined : new Set(tokenScope.array().parse(scopes));
  const [own, outer] = [of(row.grant_scopes), of(row.token_scopes)];
  return own && outer ? own.intersection(outer) : (own ?? outer);
}
