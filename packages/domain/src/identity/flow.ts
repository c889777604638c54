import { newSecret, sha256, UserError } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';

/** Ways through several steps; each has a cookie of its own. */
export type FlowKind = 'second-factor' | 'passkey' | 'passkey-registration' | 'oidc' | 'saml';

const FLOW_MINUTES = 10;
/** Most flows of one kind that one account may have open; the oldest go. */
const MAX_OPEN_OF_USER = 20;

/** A way that somebody is on. */
export interface Flow {
  readonly userId: string | undefined;
  readonly data: unknown;
}

/** Begins a way through several steps. Returns the secret that its cookie keeps. Expired ones are removed. */
export async function openFlow(
  database: Database,
  of: { kind: FlowKind; userId?: string; data: object },
): Promise<string> {
  const secret = newSecret();
  await sql`with expired as (delete from control.sign_in_flow where expires_at < now()),
      crowd as (delete from control.sign_in_flow where secret_hash in (
        select secret_hash from control.sign_in_flow where user_id = ${of.userId ?? null} and kind = ${of.kind}
        order by created_at desc offset ${MAX_OPEN_OF_USER - 1}))
    insert into control.sign_in_flow (secret_hash, kind, user_id, data, expires_at)
    values (${sha256(secret)}, ${of.kind}, ${of.userId ?? null}, ${JSON.stringify(of.data)},
      now() + make_interval(mins => ${FLOW_MINUTES}::int))`.execute(database.control);
  return secret;
}

/** Looks at a flow without using it up. @throws UserError when there is none. */
export async function readFlow(
  database: Database,
  kind: FlowKind,
  secret: string | undefined,
): Promise<Flow> {
  const { rows } = await sql<FlowRow>`select user_id, data from control.sign_in_flow
    where secret_hash = ${hashOf(secret)} and kind = ${kind} and expires_at > now()`.execute(
    database.control,
  );
  return flowOf(rows);
}

/** Counts an attempt on a flow, in one statement. @throws UserError when there is none, or it had too many. */
export async function tryFlow(
  database: Database,
  kind: FlowKind,
  of: { secret: string | undefined; maxAttempts: number },
): Promise<Flow> {
  const { rows } = await sql<FlowRow>`update control.sign_in_flow set attempts = attempts + 1
    where secret_hash = ${hashOf(of.secret)} and kind = ${kind} and expires_at > now() and attempts < ${of.maxAttempts}
    returning user_id, data`.execute(database.control);
  return flowOf(rows);
}

/** Uses a flow up: of two at once one gets it. @throws UserError when there is none. */
export async function takeFlow(
  database: Database,
  kind: FlowKind,
  secret: string | undefined,
): Promise<Flow> {
  const { rows } = await sql<FlowRow>`delete from control.sign_in_flow
    where secret_hash = ${hashOf(secret)} and kind = ${kind} and expires_at > now()
    returning user_id, data`.execute(database.control);
  return flowOf(rows);
}

/** Ends all flows of a person: what they have shown so far counts no more. */
export async function endFlowsOf(database: Database, userId: string): Promise<void> {
  await sql`delete from control.sign_in_flow where user_id = ${userId}`.execute(database.control);
}

interface FlowRow {
  user_id: string | null;
  data: unknown;
}

function hashOf(secret: string | undefined): string {
  return secret === undefined ? '' : sha256(secret);
}

function flowOf([row]: readonly FlowRow[]): Flow {
  if (!row) {
    throw new UserError(
      'auth.flow-expired',
      'This sign-in took too long, had too many attempts or began elsewhere. Begin again.',
    );
  }
  return { userId: row.user_id ?? undefined, data: row.data };
}
