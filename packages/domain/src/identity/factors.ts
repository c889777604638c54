import type { FactorsView, secondFactors } from '@glacis/contract';
import { sql, type Database } from '@glacis/db';
import { queueMail, type MailPlatform } from '../mail/outbox.ts';
import type { ControlTransaction } from '../tenancy/members.ts';
import { listPasskeys } from './passkeys/repository.ts';

/** One way to show a second factor. */
export type SecondFactor = (typeof secondFactors)[number];

/** By what a person can show who they are, beside the password. */
export async function listFactors(database: Database, userId: string): Promise<FactorsView> {
  const { rows } = await sql<{ since: Date | null; codes: number }>`select
      (select confirmed_at from control.totp where user_id = ${userId}) as since,
      (select count(*)::int from control.recovery_code where user_id = ${userId} and used_at is null) as codes`.execute(
    database.control,
  );
  const since = rows[0]?.since;
  return {
    totp: since ? { since: since.toISOString() } : null,
    passkeys: await listPasskeys(database, userId),
    recoveryCodesLeft: rows[0]?.codes ?? 0,
  };
}

/** The second factors that a person can show. Empty: they have none, and nobody asks for one. */
export async function secondFactorsOf(database: Database, userId: string): Promise<SecondFactor[]> {
  const { rows } = await sql<{ totp: boolean; passkey: boolean; code: boolean }>`select
      exists (select 1 from control.totp where user_id = ${userId} and confirmed_at is not null) as totp,
      exists (select 1 from control.passkey where user_id = ${userId}) as passkey,
      exists (select 1 from control.recovery_code where user_id = ${userId} and used_at is null) as code`.execute(
    database.control,
  );
  const { totp = false, passkey = false, code = false } = rows[0] ?? {};
  if (!totp && !passkey) return [];
  return [
    ...(totp ? (['totp'] as const) : []),
    ...(passkey ? (['passkey'] as const) : []),
    ...(code ? (['recovery-code'] as const) : []),
  ];
}

/** Recovery codes stand in for a factor: they go with the last one. */
export async function dropRecoveryCodesWithoutFactor(trx: ControlTransaction, userId: string): Promise<void> {
  await sql`delete from control.recovery_code where user_id = ${userId}
    and not exists (select 1 from control.totp where user_id = ${userId} and confirmed_at is not null)
    and not exists (select 1 from control.passkey where user_id = ${userId})`.execute(trx);
}

/** Removes all second factors of a person, for somebody who has lost them all. Returns whether there were any. */
export async function removeFactors(platform: FactorPlatform, userId: string): Promise<boolean> {
  return platform.database.control.transaction().execute(async trx => {
    const { rows } = await sql<{ email: string; had: boolean }>`select email,
        exists (select 1 from control.totp where user_id = ${userId})
          or exists (select 1 from control.passkey where user_id = ${userId}) as had
      from control.user_account where id = ${userId}`.execute(trx);
    for (const table of ['totp', 'passkey', 'recovery_code', 'sign_in_flow'])
      await sql`delete from ${sql.table(`control.${table}`)} where user_id = ${userId}`.execute(trx);
    if (rows[0]?.had) await tellOwner(platform, trx, { email: rows[0].email, what: 'All were removed.' });
    return rows[0]?.had ?? false;
  });
}

/** The parts of the platform that factors need. */
export type FactorPlatform = MailPlatform & { readonly database: Database };

/** Tells the owner of an account by mail that the ways to sign in have changed, in the same transaction. */
export async function tellOwner(
  platform: FactorPlatform,
  trx: ControlTransaction,
  of: { email: string; what: string },
): Promise<void> {
  await queueMail(platform.database.through(trx), platform, {
    to: of.email,
    purpose: 'factors-changed',
    content: {
      subject: 'The ways to sign in to your account were changed',
      paragraphs: [
        `The second factors of your Glacis account were changed: ${of.what}`,
        'If that was not you, change your password at once and tell your administrator.',
      ],
    },
  });
}
