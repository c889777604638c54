import { sql } from '@glacis/db';
import type { Platform } from '../platform.ts';

/** Removes what nobody can use any more: links that expired, mails that were sent a month ago, old counts. */
export async function removeExpired({ database }: Pick<Platform, 'database'>): Promise<void> {
  const statements = [
    sql`delete from control.password_reset where expires_at < now()`,
    sql`delete from control.email_change where expires_at < now()`,
    sql`delete from control.invitation where expires_at < now() - interval '30 days'`,
    // News of a payment may come days late, and finds the sign-up then.
    sql`delete from control.sign_up where expires_at < now() - case when state = 'paying' then interval '30 days' else interval '0' end`,
    sql`delete from control.support_grant where least(expires_at, revoked_at) < now() - interval '1 year'`,
    sql`delete from control.mail where state <> 'waiting' and finished_at < now() - interval '30 days'`,
    sql`delete from control.mail_allowance where window_start < now() - interval '1 day'`,
    sql`delete from control.plan_use where day < current_date - 400`,
    sql`delete from control.payment_event where received_at < now() - interval '90 days'`,
  ];
  for (const statement of statements) await statement.execute(database.control);
}
