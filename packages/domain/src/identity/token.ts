import { tokenScope, type CreatedToken, type CreateTokenRequest, type TokenView } from '@glacis/contract';
import {
  isInRange,
  newId,
  parseAddress,
  parseRange,
  sha256,
  tenantId,
  UserError,
  type TenantId,
} from '@glacis/foundation';
import { sql, type Database, type Role } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import type { Caller } from './caller.ts';
import { newTokenSecret, purposeOf } from './token-secret.ts';

/** Most tokens that a person or a tenant may have at a time. */
const MAX_TOKENS = 100;
const HINT_LENGTH = 4;
const DAY_MS = 86_400_000;

/** Whose token it is: a person's, perhaps for one tenant only, or a tenant's own. */
export type TokenOwner =
  { readonly userId: string; readonly tenant: TenantId | undefined } | { readonly tenant: TenantId };

/** Makes a token. Its secret is in the answer and nowhere else. @throws UserError */
export async function createToken(
  database: Database,
  owner: TokenOwner,
  of: CreateTokenRequest,
  by: string | null,
): Promise<CreatedToken> {
  const addresses = of.addresses.map(canonicalRange);
  const isPersonal = 'userId' in owner;
  const secret = newTokenSecret(isPersonal ? 'pat' : 'svc');
  const id = newId();
  await database.control.transaction().execute(async trx => {
    const lock = isPersonal ? owner.userId : owner.tenant;
    await sql`select pg_advisory_xact_lock(hashtextextended(${`token ${lock}`}, 0))`.execute(trx);
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from control.api_token tk
      where ${ownedBy(owner)} and ${isValid}`.execute(trx);
    if ((rows[0]?.count ?? 0) >= MAX_TOKENS) {
      throw new UserError('token.too-many', `There are ${MAX_TOKENS} tokens. Revoke one that is not needed.`);
    }
    await trx
      .insertInto('control.api_token')
      .values({
        id,
        kind: isPersonal ? 'personal' : 'service',
        name: of.name,
        secret_hash: sha256(secret),
        hint: secret.slice(-HINT_LENGTH),
        user_id: isPersonal ? owner.userId : null,
        tenant_id: owner.tenant ?? null,
        scopes: [...new Set(of.scopes)],
        addresses,
        created_by: by,
        expires_at: new Date(Date.now() + of.expiresInDays * DAY_MS),
      })
      .execute();
  });
  const token = (await listTokens(database, owner)).find(entry => entry.id === id);
  if (!token) throw notFound('token');
  return { id, secret, token };
}

function canonicalRange(entry: string): string {
  const range = parseRange(entry);
  if (!range) {
    const sentence = `“${entry}” is no address and no network such as 192.0.2.0/24.`;
    throw new UserError('request.invalid', sentence, { fields: { addresses: sentence } });
  }
  return entry.trim();
}

const isValid = sql<boolean>`tk.revoked_at is null and (tk.expires_at is null or tk.expires_at > now())`;

function ownedBy(owner: TokenOwner) {
  return 'userId' in owner
    ? sql<boolean>`tk.kind = 'personal' and tk.user_id = ${owner.userId}`
    : sql<boolean>`tk.kind = 'service' and tk.tenant_id = ${owner.tenant}`;
}

/** The tokens of a person or of a tenant that are neither revoked nor expired, newest first. */
export async function listTokens(database: Database, owner: TokenOwner): Promise<TokenView[]> {
  const rows = await database.control
    .selectFrom('control.api_token as tk')
    .leftJoin('control.tenant as t', 't.id', 'tk.tenant_id')
    .selectAll('tk')
    .select('t.slug')
    .where(ownedBy(owner))
    .where(isValid)
    .orderBy('tk.created_at', 'desc')
    .limit(MAX_TOKENS)
    .execute();
  return rows.map(row => ({
    id: row.id,
    kind: row.kind,
    name: row.name,
    hint: row.hint,
    scopes: tokenScope.array().parse(row.scopes),
    tenant: row.slug,
    addresses: row.addresses,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    lastUsedAddress: row.last_used_address,
  }));
}

/** Revokes a token at once, with every access token made from it. @throws UserError when the owner has no such token. */
export async function revokeToken(database: Database, owner: TokenOwner, id: string): Promise<void> {
  const { numAffectedRows } = await sql`update control.api_token tk set revoked_at = now()
    where tk.id = ${id} and tk.revoked_at is null and ${ownedBy(owner)}`.execute(database.control);
  if (numAffectedRows === 0n) throw notFound('token');
}

/** A token as the database has it, with its person, and the tenant of a slug. */
export interface TokenRow {
  readonly token_id: string;
  readonly token_kind: 'personal' | 'service';
  readonly token_name: string;
  readonly token_tenant_id: string | null;
  readonly scopes: readonly string[];
  readonly addresses: readonly string[];
  readonly token_expires_at: Date | null;
  readonly is_used_long_ago: boolean;
  readonly user_id: string | null;
  readonly email: string | null;
  readonly is_platform_admin: boolean | null;
  readonly tenant_id: string | null;
  readonly slug: string | null;
  readonly role: Role | null;
}

/** Who calls, and the active tenant of the path with the person's role in it, whether or not the credential reaches it. */
export interface FoundCaller {
  readonly caller: Caller;
  readonly tenant:
    { readonly id: TenantId; readonly slug: string; readonly role: Role | undefined } | undefined;
  /** For sessions: whether this one has been in this tenant before. */
  readonly hasEntered?: boolean;
}

/**
 * Finds the holder of a token's secret: one round trip, and a second one once a minute that notes its use. Undefined when it
 * is unknown, mistyped, revoked, expired or not valid from this address.
 */
export async function findToken(
  database: Database,
  secret: string,
  of: { readonly slug: string | undefined; readonly address: string },
): Promise<FoundCaller | undefined> {
  const purpose = purposeOf(secret);
  if (purpose !== 'pat' && purpose !== 'svc') return undefined;
  const { rows } = await sql<TokenRow>`
    select tk.id as token_id, tk.kind as token_kind, tk.name as token_name, tk.tenant_id as token_tenant_id, tk.scopes,
      tk.addresses, tk.expires_at as token_expires_at,
      tk.last_used_at is null or tk.last_used_at < now() - interval '1 minute' as is_used_long_ago,
      u.id as user_id, u.email, u.is_platform_admin, t.id as tenant_id, t.slug, m.role
    from control.api_token tk
    left join control.user_account u on u.id = tk.user_id
    left join control.tenant t on t.slug = ${of.slug ?? null} and t.state = 'active'
    left join control.membership m on m.tenant_id = t.id and m.user_id = u.id
    where tk.secret_hash = ${sha256(secret)} and ${isValid}`.execute(database.control);
  const [row] = rows;
  if (!row || !isFromAllowed(row.addresses, of.address)) return undefined;
  if (row.is_used_long_ago) {
    await sql`update control.api_token set last_used_at = now(), last_used_address = ${of.address || null}::inet
      where id = ${row.token_id}`.execute(database.control);
  }
  return { caller: callerOfToken(row), tenant: tenantOfRow(row) };
}

/** Whether an address lies in one of the networks; no networks allow all. */
export function isFromAllowed(ranges: readonly string[], address: string): boolean {
  // A socket that takes both families tells IPv4 addresses in the form of IPv6.
  const from = parseAddress(address.replace(/^::ffff:(?=\d+\.)/i, ''));
  return ranges.length === 0 || (from !== undefined && ranges.some(text => isIn(from, text)));
}

function isIn(address: NonNullable<ReturnType<typeof parseAddress>>, text: string): boolean {
  const range = parseRange(text);
  return range !== undefined && isInRange(address, range);
}

function callerOfToken(row: TokenRow): Caller {
  return {
    userId: row.user_id ?? undefined,
    email: row.email ?? '',
    isPlatformAdmin: row.is_platform_admin ?? false,
    credential: {
      kind: row.token_kind === 'personal' ? 'personal-token' : 'service-token',
      id: row.token_id,
      name: row.token_name,
      scopes: new Set(tokenScope.array().parse(row.scopes)),
      tenantId: row.token_tenant_id === null ? undefined : tenantId(row.token_tenant_id),
      authenticatedAt: undefined,
      methods: [],
      expiresAt: row.token_expires_at ?? undefined,
    },
  };
}

/** The tenant of the path in a row. */
export function tenantOfRow(row: Pick<TokenRow, 'tenant_id' | 'slug' | 'role'>): FoundCaller['tenant'] {
  if (row.tenant_id === null || row.slug === null) return undefined;
  return { id: tenantId(row.tenant_id), slug: row.slug, role: row.role ?? undefined };
}
