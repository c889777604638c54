import { permissionsOf, type SessionView } from '@glacis/contract';
import { newSecret, sha256, UserError } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import type { Caller } from '../http/route.ts';
import { membershipsOf } from '../tenancy/service.ts';
import { hashPassword, isPassword } from './password.ts';

const SESSION_DAYS = 14;
const LINK_MINUTES = 60;
/** Attempts before an account or address has to wait, and how the wait grows (seconds). */
const FREE_FAILURES = 5;
const MAX_WAIT_SECONDS = 900;

const DAY_MS = 86_400_000;

/** Makes a one-time sign-in link's token; only its hash is stored. */
export async function createSignInLink(database: Database, userId: string): Promise<string> {
  const token = newSecret();
  await database.control
    .insertInto('control.sign_in_link')
    .values({
      token_hash: sha256(token),
      user_id: userId,
      expires_at: new Date(Date.now() + LINK_MINUTES * 60_000),
      used_at: null,
    })
    .execute();
  return token;
}

/** Where a sign-in comes from. */
export interface Origin {
  readonly address: string;
  readonly userAgent: string;
}

/** Signs in with a one-time link. Returns the secret of a new session. @throws UserError */
export async function signInWithLink(database: Database, token: string, origin: Origin): Promise<string> {
  const used = await database.control
    .updateTable('control.sign_in_link')
    .set({ used_at: new Date() })
    .where('token_hash', '=', sha256(token))
    .where('used_at', 'is', null)
    .where('expires_at', '>', new Date())
    .returning('user_id')
    .executeTakeFirst();
  if (!used) {
    throw new UserError(
      'auth.link-invalid',
      'This sign-in link was used already or has expired. Make a new one with: npm start (or glacis sign-in).',
    );
  }
  return startSession(database, used.user_id, origin);
}

/** Signs in with a password. Returns the secret of a new session. @throws UserError */
export async function signInWithPassword(
  database: Database,
  email: string,
  password: string,
  origin: Origin,
): Promise<string> {
  // Throttled by pair, so that a stranger elsewhere cannot lock somebody out, and by address, so that he cannot try many accounts.
  const subjects = [`${email.toLowerCase()} ${origin.address}`, origin.address];
  await refuseThrottled(database, subjects);
  const account = await database.control
    .selectFrom('control.user_account')
    .select(['id', 'password_hash'])
    .where('email', '=', email.toLowerCase())
    .executeTakeFirst();
  if (!(await isPassword(password, account?.password_hash ?? undefined)) || !account) {
    await countFailure(database, subjects);
    throw new UserError('auth.wrong-credentials', 'E-mail address and password do not fit together.');
  }
  await database.control.deleteFrom('control.sign_in_failure').where('subject', 'in', subjects).execute();
  return startSession(database, account.id, origin);
}

async function refuseThrottled(database: Database, subjects: readonly string[]): Promise<void> {
  const rows = await database.control
    .selectFrom('control.sign_in_failure')
    .selectAll()
    .where('subject', 'in', subjects)
    .execute();
  for (const row of rows) {
    const free = row.subject.includes(' ') ? FREE_FAILURES : FREE_FAILURES * 10;
    if (row.failures < free) continue;
    const waitSeconds = Math.min(MAX_WAIT_SECONDS, 2 ** Math.min(10, row.failures - free));
    const leftSeconds = Math.ceil((row.last_at.getTime() + waitSeconds * 1000 - Date.now()) / 1000);
    if (leftSeconds > 0)
      throw new UserError('auth.throttled', `Too many failed attempts: try again in ${leftSeconds} s.`);
  }
}

async function countFailure(database: Database, subjects: readonly string[]): Promise<void> {
  for (const subject of subjects) {
    await sql`insert into control.sign_in_failure as f (subject, failures, last_at) values (${subject}, 1, now())
      on conflict (subject) do update set last_at = now(),
        failures = case when f.last_at < now() - interval '1 day' then 1 else f.failures + 1 end`.execute(
      database.control,
    );
  }
}

async function startSession(database: Database, userId: string, origin: Origin): Promise<string> {
  const secret = newSecret();
  await database.control
    .insertInto('control.session')
    .values({
      id_hash: sha256(secret),
      user_id: userId,
      expires_at: new Date(Date.now() + SESSION_DAYS * DAY_MS),
      address: origin.address || null,
      user_agent: origin.userAgent.slice(0, 300),
    })
    .execute();
  return secret;
}

/** Who a session belongs to, or undefined when it is not valid. */
export async function callerOfSession(database: Database, secret: string): Promise<Caller | undefined> {
  const row = await database.control
    .selectFrom('control.session as s')
    .innerJoin('control.user_account as u', 'u.id', 's.user_id')
    .select(['u.id', 'u.email', 'u.is_platform_admin'])
    .where('s.id_hash', '=', sha256(secret))
    .where('s.expires_at', '>', new Date())
    .executeTakeFirst();
  return row && { userId: row.id, email: row.email, isPlatformAdmin: row.is_platform_admin };
}

/** Ends a session. */
export async function endSession(database: Database, secret: string): Promise<void> {
  await database.control.deleteFrom('control.session').where('id_hash', '=', sha256(secret)).execute();
}

/** What a signed-in person is told about themselves. */
export async function viewSession(database: Database, caller: Caller): Promise<SessionView> {
  const account = await database.control
    .selectFrom('control.user_account')
    .select(['id', 'email', 'name', 'password_hash', 'is_platform_admin'])
    .where('id', '=', caller.userId)
    .executeTakeFirstOrThrow();
  const memberships = await membershipsOf(database, caller.userId);
  return {
    user: {
      id: account.id,
      email: account.email,
      name: account.name,
      hasPassword: account.password_hash !== null,
      isPlatformAdmin: account.is_platform_admin,
    },
    tenants: memberships.map(tenant => ({ ...tenant, permissions: [...permissionsOf[tenant.role]] })),
  };
}

/** Sets the password of the caller and ends all their other sessions. @throws UserError when the present one is wrong. */
export async function setPassword(
  database: Database,
  caller: Caller,
  of: { current?: string | undefined; password: string; sessionSecret: string },
): Promise<void> {
  const account = await database.control
    .selectFrom('control.user_account')
    .select('password_hash')
    .where('id', '=', caller.userId)
    .executeTakeFirstOrThrow();
  if (account.password_hash !== null && !(await isPassword(of.current ?? '', account.password_hash))) {
    throw new UserError('auth.wrong-credentials', 'The present password is wrong.', {
      fields: { current: 'This is not your present password.' },
    });
  }
  const hash = await hashPassword(of.password);
  await database.control.transaction().execute(async trx => {
    await trx
      .updateTable('control.user_account')
      .set({ password_hash: hash })
      .where('id', '=', caller.userId)
      .execute();
    await trx
      .deleteFrom('control.session')
      .where('user_id', '=', caller.userId)
      .where('id_hash', '!=', sha256(of.sessionSecret))
      .execute();
  });
}
