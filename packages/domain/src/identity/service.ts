import { permissionsOf, type SessionView } from '@glacis/contract';
import { newSecret, sha256, UserError } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { membershipsOf } from '../tenancy/service.ts';
import { refuseBreachedPassword } from './breached-password.ts';
import { withinScopes, type Person } from './caller.ts';
import { breachesOf } from './policy/service.ts';
import { hashPassword, isPassword } from './password.ts';
import { rotateSession } from './session.ts';

export type { Origin } from './session.ts';

const LINK_MINUTES = 60;
/** Attempts before an account or address has to wait, and how the wait grows (seconds). */
const FREE_FAILURES = 5;
const FREE_FAILURES_PER_ADDRESS = 50;
const MAX_WAIT_SECONDS = 900;

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

/** Uses a one-time link up. Returns whom it was made for. @throws UserError */
export async function proveByLink(
  database: Database,
  token: string,
): Promise<{ userId: string; methods: ['link'] }> {
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
  return { userId: used.user_id, methods: ['link'] };
}

/** Checks address and password. Returns whose they are. @throws UserError */
export async function proveByPassword(
  database: Database,
  email: string,
  password: string,
  address: string,
): Promise<{ userId: string; methods: ['password'] }> {
  const userId = await throttled(database, email, address, async () => {
    const account = await database.control
      .selectFrom('control.user_account')
      .select(['id', 'password_hash'])
      .where('email', '=', email.toLowerCase())
      .executeTakeFirst();
    return (await isPassword(password, account?.password_hash ?? undefined)) ? account?.id : undefined;
  });
  if (userId === undefined)
    throw new UserError('auth.wrong-credentials', 'E-mail address and password do not fit together.');
  return { userId, methods: ['password'] };
}

/**
 * Lets a password be tried. Throttled by account and address together, so that a stranger elsewhere cannot lock somebody
 * out, and by address, so that nobody can try many accounts. An attempt counts as failed before it is tried and is taken
 * back when it was right, so that attempts at the same time count one by one. @throws UserError
 */
async function throttled<T>(
  database: Database,
  email: string,
  address: string,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const pair = `${email.toLowerCase()} ${address}`;
  await countAttempt(database, address, FREE_FAILURES_PER_ADDRESS);
  await countAttempt(database, pair, FREE_FAILURES);
  const result = await attempt();
  if (result === undefined) return undefined;
  await database.control.deleteFrom('control.sign_in_failure').where('subject', '=', pair).execute();
  // Only this attempt: signing in to one's own account must not win new guesses at others.
  await forgiveAttempt(database, address);
  return result;
}

/** Takes back one counted attempt, which was right. */
export async function forgiveAttempt(database: Database, subject: string): Promise<void> {
  await sql`update control.sign_in_failure set failures = greatest(0, failures - 1) where subject = ${subject}`.execute(
    database.control,
  );
}

/** Counts an attempt in one statement, or refuses it. @throws UserError that says how long to wait. */
export async function countAttempt(database: Database, subject: string, free: number): Promise<void> {
  const waitSeconds = sql`least(${MAX_WAIT_SECONDS}::int, power(2, least(10, f.failures - ${free}::int)))`;
  const { rows: counted } = await sql`insert into control.sign_in_failure as f (subject, failures, last_at)
    values (${subject}, 1, clock_timestamp())
    on conflict (subject) do update set last_at = clock_timestamp(),
      failures = case when f.last_at < now() - interval '1 day' then 1 else f.failures + 1 end
    where f.failures < ${free} or f.last_at < clock_timestamp() - make_interval(secs => ${waitSeconds})
    returning 1`.execute(database.control);
  if (counted.length > 0) return;
  const { rows } = await sql<{ left: number }>`
    select ceil(extract(epoch from f.last_at + make_interval(secs => ${waitSeconds}) - clock_timestamp()))::int as left
    from control.sign_in_failure f where subject = ${subject}`.execute(database.control);
  const leftSeconds = Math.max(1, rows[0]?.left ?? 1);
  throw new UserError('auth.throttled', `Too many failed attempts: try again in ${leftSeconds} s.`);
}

/** What a person is told about themselves: only as much as their credential reaches. */
export async function viewSession(database: Database, caller: Person): Promise<SessionView> {
  const account = await database.control
    .selectFrom('control.user_account')
    .select(['id', 'email', 'name', 'password_hash'])
    .where('id', '=', caller.userId)
    .executeTakeFirstOrThrow();
  const { credential } = caller;
  const memberships = await membershipsOf(database, caller.userId);
  const tenants = memberships.filter(
    tenant => credential.tenantId === undefined || credential.tenantId === tenant.id,
  );
  const breaches = await breachesOf(
    database,
    caller,
    tenants.map(tenant => tenant.id),
  );
  return {
    user: {
      id: account.id,
      email: account.email,
      name: account.name,
      hasPassword: account.password_hash !== null,
      isPlatformAdmin: caller.isPlatformAdmin && (credential.scopes?.has('platform.manage') ?? true),
    },
    tenants: tenants.map(tenant => ({
      ...tenant,
      permissions: [...withinScopes(permissionsOf[tenant.role], credential)],
      breach: breaches.get(tenant.id) ?? null,
    })),
  };
}

/**
 * Sets the password of the caller and ends all their other sessions and open sign-in links. Returns the new secret of the
 * session that did it. @throws UserError when the present one is wrong, or the new one is known from breaches.
 */
export async function setPassword(
  database: Database,
  caller: Person,
  of: {
    current?: string | undefined;
    password: string;
    sessionSecret: string;
    address: string;
    breachedPasswords: string | undefined;
  },
): Promise<string> {
  const present = await passwordHashOf(database, caller.userId);
  if (present !== null) {
    await confirmPassword(database, caller, {
      present,
      given: of.current ?? '',
      field: 'current',
      address: of.address,
    });
  }
  await refuseBreachedPassword(of.password, of.breachedPasswords);
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
    await trx.deleteFrom('control.sign_in_link').where('user_id', '=', caller.userId).execute();
    await sql`delete from control.sign_in_flow where user_id = ${caller.userId}`.execute(trx);
  });
  return rotateSession(database, of.sessionSecret);
}

/** The stored hash of a person’s password; null when they have none. */
export async function passwordHashOf(database: Database, userId: string): Promise<string | null> {
  const account = await database.control
    .selectFrom('control.user_account')
    .select('password_hash')
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
  return account.password_hash;
}

/** Checks the present password, throttled like signing in. @throws UserError */
export async function confirmPassword(
  database: Database,
  caller: Person,
  of: { present: string; given: string; field: string; address: string },
): Promise<void> {
  const isRight = await throttled(database, caller.email, of.address, async () =>
    (await isPassword(of.given, of.present)) ? true : undefined,
  );
  if (isRight) return;
  throw new UserError('auth.wrong-credentials', 'The present password is wrong.', {
    fields: { [of.field]: 'This is not your present password.' },
  });
}
