import { UserError } from '@glacis/foundation';
import { sql } from '@glacis/db';
import type { Person } from '../identity/caller.ts';
import { isPassword } from '../identity/password.ts';
import { spendMailAllowance } from '../mail/allowance.ts';
import type { MailContent } from '../mail/compose.ts';
import { queueMail, webLink } from '../mail/outbox.ts';
import type { Platform } from '../platform.ts';
import { hashOfLink, linkInvalid, newLink } from './links.ts';

const LINK_HOURS = 24;
/** Nobody receives mail there (RFC 2606): an account that was made with such an address cannot confirm with it. */
const UNDELIVERABLE = /\.(example|invalid)$/;

/**
 * Begins to move an account to another address: both addresses get a link and have to say yes. What becomes of an address
 * that has an account already is said to that address alone. @throws UserError
 */
export async function askEmailChange(
  platform: Platform,
  caller: Person,
  of: { email: string; password?: string | undefined; address: string },
): Promise<void> {
  if (!platform.smtp) {
    throw new UserError(
      'mail.not-configured',
      'This platform sends no mails, so an address cannot be confirmed. Ask its administrator to set GLACIS_SMTP_URL.',
    );
  }
  const email = of.email.toLowerCase();
  if (email === caller.email) {
    throw new UserError('request.conflict', 'This is your address already.', {
      fields: { email: 'This is your address already.' },
    });
  }
  // Counted before the password is looked at, so that a stolen session cannot guess it either.
  await spendMailAllowance(platform.database.query, {
    purpose: 'email-change',
    recipient: caller.userId,
    address: of.address,
  });
  await assertPassword(platform, caller, of.password);
  const [old, fresh] = [newLink(), newLink()];
  await platform.database.control.transaction().execute(async trx => {
    const query = platform.database.through(trx);
    const { rows: taken } = await sql`select 1 from control.user_account where email = ${email}`.execute(trx);
    if (taken.length > 0) {
      await queueMail(query, platform, {
        to: email,
        purpose: 'email-change',
        content: takenMail(caller.email),
      });
      return;
    }
    const isOldMute = UNDELIVERABLE.test(caller.email);
    await sql`insert into control.email_change
        (user_id, new_email, old_token_hash, new_token_hash, old_confirmed_at, expires_at)
      values (${caller.userId}, ${email}, ${old.hash}, ${fresh.hash}, ${isOldMute ? new Date() : null},
        now() + make_interval(hours => ${LINK_HOURS}::int))
      on conflict (user_id) do update set new_email = excluded.new_email, old_token_hash = excluded.old_token_hash,
        new_token_hash = excluded.new_token_hash, old_confirmed_at = excluded.old_confirmed_at,
        new_confirmed_at = null, expires_at = excluded.expires_at`.execute(trx);
    const send = (to: string, token: string) =>
      queueMail(query, platform, {
        to,
        purpose: 'email-change',
        content: confirmMail(caller.email, email, webLink(platform, '/confirm-email', token)),
      });
    await send(email, fresh.token);
    if (!isOldMute) await send(caller.email, old.token);
  });
}

async function assertPassword(
  { database }: Platform,
  caller: Person,
  password: string | undefined,
): Promise<void> {
  const { rows } = await sql<{
    password_hash: string | null;
  }>`select password_hash from control.user_account where id = ${caller.userId}`.execute(database.control);
  const hash = rows[0]?.password_hash;
  if (hash === null || (hash !== undefined && (await isPassword(password ?? '', hash)))) return;
  throw new UserError('auth.wrong-credentials', 'The password is wrong.', {
    fields: { password: 'This is not your password.' },
  });
}

function confirmMail(from: string, to: string, url: string): MailContent {
  return {
    subject: 'Confirm your new address',
    paragraphs: [`The Glacis account of ${from} is to move to ${to}. Both addresses have to agree.`],
    action: { label: 'Agree', url },
    closing: `The link works for ${LINK_HOURS} hours. If you do not want this, ignore it: nothing changes.`,
  };
}

function takenMail(from: string): MailContent {
  return {
    subject: 'This address has an account already',
    paragraphs: [
      `${from} asked to move its Glacis account to this address, which has an account of its own. Nothing was changed.`,
    ],
  };
}

/** Notes that one address agrees; with the second the account moves. @throws UserError when the link does nothing any more. */
export async function confirmEmail(
  { database }: Platform,
  token: string,
): Promise<{ state: 'waiting' | 'done' }> {
  const hash = hashOfLink(token);
  return database.control.transaction().execute(async trx => {
    const { rows } = await sql<{ user_id: string; new_email: string; is_done: boolean }>`
      update control.email_change set
        old_confirmed_at = case when old_token_hash = ${hash} then now() else old_confirmed_at end,
        new_confirmed_at = case when new_token_hash = ${hash} then now() else new_confirmed_at end
      where (old_token_hash = ${hash} or new_token_hash = ${hash}) and expires_at > now()
      returning user_id, new_email, old_confirmed_at is not null and new_confirmed_at is not null as is_done`.execute(
      trx,
    );
    const change = rows[0];
    if (!change) throw linkInvalid();
    if (!change.is_done) return { state: 'waiting' };
    await sql`delete from control.email_change where user_id = ${change.user_id}`.execute(trx);
    const { rows: taken } =
      await sql`select 1 from control.user_account where email = ${change.new_email}`.execute(trx);
    if (taken.length > 0) throw linkInvalid();
    await sql`update control.user_account set email = ${change.new_email} where id = ${change.user_id}`.execute(
      trx,
    );
    // Links that went to the old address must not open the account any more.
    await sql`delete from control.password_reset where user_id = ${change.user_id}`.execute(trx);
    return { state: 'done' };
  });
}
