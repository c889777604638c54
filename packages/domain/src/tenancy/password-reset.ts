import { sql } from '@glacis/db';
import { hashChosenPassword } from '../identity/breached-password.ts';
import { spendMailAllowance } from '../mail/allowance.ts';
import { queueMail, webLink } from '../mail/outbox.ts';
import type { Platform } from '../platform.ts';
import { hashOfLink, linkInvalid, newLink } from './links.ts';

const LINK_MINUTES = 60;

/**
 * Sends a link that sets a new password, if the address has an account. The answer, the count against the throttle and the
 * writing transaction are the same when it has none. @throws UserError when too many were asked for.
 */
export async function askPasswordReset(
  platform: Platform,
  of: { email: string; address: string },
): Promise<void> {
  const email = of.email.toLowerCase();
  const { token, hash } = newLink();
  await platform.database.control.transaction().execute(async trx => {
    const query = platform.database.through(trx);
    await spendMailAllowance(query, { purpose: 'password-reset', recipient: email, address: of.address });
    const { rows } = await sql<{ id: string }>`
      insert into control.password_reset (token_hash, user_id, expires_at)
      select ${hash}, id, now() + make_interval(mins => ${LINK_MINUTES}::int)
      from control.user_account where email = ${email} returning user_id as id`.execute(trx);
    if (!rows[0]) return;
    await queueMail(query, platform, {
      to: email,
      purpose: 'password-reset',
      content: {
        subject: 'A new password for Glacis',
        paragraphs: ['Somebody, hopefully you, asked for a new password for this address.'],
        action: { label: 'Set a new password', url: webLink(platform, '/reset-password', token) },
        closing: `The link works once, within ${LINK_MINUTES} minutes. If it was not you, ignore it: nothing changes.`,
      },
    });
  });
}

/**
 * Sets the password of the account that a link was sent for, and ends all its sessions and open links. It signs nobody in: a
 * second factor stays in the way. @throws UserError when the link does nothing any more.
 */
export async function completePasswordReset(
  platform: Platform,
  of: { token: string; password: string },
): Promise<void> {
  const hash = await hashChosenPassword(of.password, platform);
  await platform.database.control.transaction().execute(async trx => {
    const { rows } = await sql<{ user_id: string; email: string }>`
      delete from control.password_reset r using control.user_account u
      where r.token_hash = ${hashOfLink(of.token)} and r.expires_at > now() and u.id = r.user_id
      returning r.user_id, u.email`.execute(trx);
    const account = rows[0];
    if (!account) throw linkInvalid();
    const { user_id: id } = account;
    await sql`update control.user_account set password_hash = ${hash} where id = ${id}`.execute(trx);
    await sql`delete from control.password_reset where user_id = ${id}`.execute(trx);
    await sql`delete from control.sign_in_link where user_id = ${id}`.execute(trx);
    await sql`delete from control.sign_in_flow where user_id = ${id}`.execute(trx);
    await sql`delete from control.session where user_id = ${id}`.execute(trx);
    await queueMail(platform.database.through(trx), platform, {
      to: account.email,
      purpose: 'password-changed',
      content: {
        subject: 'Your password was changed',
        paragraphs: [
          'The password of your Glacis account was set anew by a link that was sent to this address.',
          'If that was not you, ask for a new password at once and tell your administrator.',
        ],
      },
    });
  });
}
