import { sha256, UserError } from '@glacis/foundation';
import type { PlainQuery } from '@glacis/db';

/** Mails that may be asked for within an hour, by whoever it is written to and by the address that asks. */
const PER_RECIPIENT = 5;
const PER_ADDRESS = 30;

/**
 * Counts a mail that a stranger asks for, in one statement each, or refuses it. Both kinds of recipient, known and unknown,
 * are counted alike. @throws UserError that says how long to wait.
 */
export async function spendMailAllowance(
  query: PlainQuery,
  of: { purpose: string; recipient: string; address: string },
): Promise<void> {
  await spend(query, `from ${of.address}`, PER_ADDRESS);
  await spend(query, `${of.purpose} to ${of.recipient.toLowerCase()}`, PER_RECIPIENT);
}

async function spend(query: PlainQuery, subject: string, limit: number): Promise<void> {
  const { rows } = await query(
    `insert into control.mail_allowance as a (subject, window_start, used) values ($1, clock_timestamp(), 1)
     on conflict (subject) do update set
       used = case when a.window_start < clock_timestamp() - interval '1 hour' then 1 else a.used + 1 end,
       window_start = case when a.window_start < clock_timestamp() - interval '1 hour' then clock_timestamp() else a.window_start end
     returning used, ceil(extract(epoch from window_start + interval '1 hour' - clock_timestamp()))::int as left`,
    // As a hash: who asked for what is nobody's business.
    [sha256(subject)],
  );
  const row = rows[0];
  if (Number(row?.['used']) <= limit) return;
  throw new UserError(
    'auth.throttled',
    `Too many mails were asked for: try again in ${String(row?.['left'])} s.`,
  );
}
