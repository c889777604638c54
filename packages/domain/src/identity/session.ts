import { authMethod, type AuthMethod, type SessionEntry } from '@glacis/contract';
import { newSecret, sha256, tenantId, UserError, type TenantId } from '@glacis/foundation';
import { sql, type Database, type Role } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import { endFlowsOf } from './flow.ts';
import type { Caller, Credential, Person } from './caller.ts';

/** A session ends after this many days, used or not, */
const SESSION_DAYS = 14;
/** and after this many days without a request. */
const IDLE_DAYS = 3;
/** How long a sign-in counts as fresh for dangerous acts, minutes. */
const FRESH_MINUTES = 10;
const MAX_USER_AGENT_LENGTH = 300;

const DAY_MS = 86_400_000;
/** Whether a session `s` was not used for too long. */
export const isIdle = sql<boolean>`s.last_seen_at < now() - make_interval(days => ${IDLE_DAYS}::int)`;

/** Where a sign-in comes from. */
export interface Origin {
  readonly address: string;
  readonly userAgent: string;
}

/** A person who has shown who they are, and how. */
export interface ProvenIdentity {
  readonly userId: string;
  readonly methods: readonly AuthMethod[];
  /** The tenant whose identity provider vouches for the person: the session reaches that tenant alone. */
  readonly providerTenant?: TenantId;
}

/**
 * Starts a session after a proven identity and returns its secret: the one door of all ways to sign in. Sessions of the
 * person that have expired are removed.
 */
export async function startSession(
  database: Database,
  proven: ProvenIdentity,
  origin: Origin,
): Promise<string> {
  const secret = newSecret();
  await sql`delete from control.session s
    where s.user_id = ${proven.userId} and (s.expires_at < now() or ${isIdle})`.execute(database.control);
  await database.control
    .insertInto('control.session')
    .values({
      id_hash: sha256(secret),
      user_id: proven.userId,
      expires_at: new Date(Date.now() + SESSION_DAYS * DAY_MS),
      address: origin.address || null,
      user_agent: origin.userAgent.slice(0, MAX_USER_AGENT_LENGTH),
      methods: [...proven.methods],
      tenant_id: proven.providerTenant ?? null,
    })
    .execute();
  return secret;
}

/**
 * Gives a session another secret, so that one that was planted or stolen before is worth nothing now. With `proven`
 * methods the session counts as freshly authenticated by them. @throws UserError when the session has ended.
 */
export async function rotateSession(
  database: Database,
  secret: string,
  proven?: readonly AuthMethod[],
): Promise<string> {
  const next = newSecret();
  const { rows } = await sql`update control.session set id_hash = ${sha256(next)}
    ${proven ? sql`, authenticated_at = clock_timestamp(), methods = array(select distinct unnest(methods || ${[...proven]}::text[]))` : sql``}
    where id_hash = ${sha256(secret)} returning 1`.execute(database.control);
  if (rows.length === 0) throw new UserError('auth.sign-in-required', 'Sign in first.');
  return next;
}

interface SessionRow {
  session_id: string;
  user_id: string;
  email: string;
  is_platform_admin: boolean;
  authenticated_at: Date;
  methods: string[];
  expires_at: Date;
  is_seen_long_ago: boolean;
  provider_tenant_id: string | null;
  tenant_id: string | null;
  slug: string | null;
  role: Role | null;
  has_entered: boolean;
}

/** A session’s person, and the active tenant of a slug with the person’s role in it. */
export interface FoundSession {
  readonly caller: Person;
  readonly tenant:
    { readonly id: TenantId; readonly slug: string; readonly role: Role | undefined } | undefined;
  /** Whether the session has been in this tenant before. */
  readonly hasEntered: boolean;
}

/**
 * Finds a valid session by its secret, together with the tenant of a slug: one round trip, and a second one once a minute
 * that notes the session as seen. Reads the tenancy's tables because everything that is asked waits for it.
 */
export async function findSession(
  database: Database,
  secret: string,
  slug: string | undefined,
): Promise<FoundSession | undefined> {
  const { rows } = await sql<SessionRow>`
    select s.id as session_id, u.id as user_id, u.email, u.is_platform_admin, s.authenticated_at, s.methods, s.expires_at, s.tenant_id as provider_tenant_id,
      s.last_seen_at < now() - interval '1 minute' as is_seen_long_ago, t.id as tenant_id, t.slug, m.role,
      e.session_id is not null as has_entered
    from control.session s
    join control.user_account u on u.id = s.user_id
    left join control.tenant t on t.slug = ${slug ?? null} and t.state = 'active'
    left join control.membership m on m.tenant_id = t.id and m.user_id = u.id
    left join control.session_tenant e on e.session_id = s.id and e.tenant_id = t.id
    where s.id_hash = ${sha256(secret)} and s.expires_at > now() and not ${isIdle}`.execute(database.control);
  const [row] = rows;
  if (!row) return undefined;
  if (row.is_seen_long_ago) {
    await sql`update control.session set last_seen_at = now()
      where id = ${row.session_id} and last_seen_at < now() - interval '1 minute'`.execute(database.control);
  }
  return {
    caller: {
      userId: row.user_id,
      email: row.email,
      // The provider of a tenant vouches for nothing above it.
      isPlatformAdmin: row.is_platform_admin && row.provider_tenant_id === null,
      credential: credentialOf(row),
    },
    hasEntered: row.has_entered,
    tenant:
      row.tenant_id !== null && row.slug !== null
        ? { id: tenantId(row.tenant_id), slug: row.slug, role: row.role ?? undefined }
        : undefined,
  };
}

function credentialOf(row: SessionRow): Credential {
  return {
    kind: 'session',
    id: row.session_id,
    name: '',
    scopes: undefined,
    tenantId: row.provider_tenant_id === null ? undefined : tenantId(row.provider_tenant_id),
    authenticatedAt: row.authenticated_at,
    methods: authMethod.array().parse(row.methods),
    expiresAt: row.expires_at,
  };
}

/** Who a session belongs to, or undefined when it is not valid. */
export async function callerOfSession(database: Database, secret: string): Promise<Person | undefined> {
  return (await findSession(database, secret, undefined))?.caller;
}

/** Whether the caller has shown who they are a short while ago. */
export function isFresh(caller: Caller): boolean {
  const at = caller.credential.authenticatedAt;
  return at !== undefined && Date.now() - at.getTime() < FRESH_MINUTES * 60_000;
}

/** Ends a session. */
export async function endSession(database: Database, secret: string): Promise<void> {
  await database.control.deleteFrom('control.session').where('id_hash', '=', sha256(secret)).execute();
}

/** Ends all sessions of a person but one, and says how many. */
export async function endSessionsOf(database: Database, userId: string, exceptId?: string): Promise<number> {
  await endFlowsOf(database, userId);
  const { numDeletedRows } = await database.control
    .deleteFrom('control.session')
    .where('user_id', '=', userId)
    .$if(exceptId !== undefined, query => query.where('id', '!=', exceptId ?? ''))
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/** Ends one session of a person by its id. @throws UserError when they have no such session. */
export async function endOwnSession(database: Database, userId: string, sessionId: string): Promise<void> {
  const { numDeletedRows } = await database.control
    .deleteFrom('control.session')
    .where('user_id', '=', userId)
    .where('id', '=', sessionId)
    .executeTakeFirst();
  if (numDeletedRows === 0n) throw notFound('session');
}

/** The valid sessions of a person, last used first. */
export async function listSessions(
  database: Database,
  userId: string,
  currentId?: string,
): Promise<SessionEntry[]> {
  const rows = await database.control
    .selectFrom('control.session as s')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at', '>', new Date())
    .where(({ not }) => not(isIdle))
    .orderBy('last_seen_at', 'desc')
    .limit(200)
    .execute();
  return rows.map(row => ({
    id: row.id,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    authenticatedAt: row.authenticated_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    methods: authMethod.array().parse(row.methods),
    address: row.address,
    userAgent: row.user_agent ?? '',
    isCurrent: row.id === currentId,
  }));
}
