import { messageOf } from '@glacis/foundation';
import { sql } from '@glacis/db';
import type { Platform } from '../platform.ts';
import { composeMail } from './compose.ts';
import { openMail } from './outbox.ts';
import { MailRefused, type MailTransport } from './transport.ts';

/** Attempts before a mail is given up; with the waits between them that is about half a day. */
const MAX_ATTEMPTS = 14;
const FIRST_WAIT_SECONDS = 10;
const LONGEST_WAIT_SECONDS = 3600;
/** Mails of one round, so that one round ends. */
const MAX_PER_ROUND = 100;
const ERROR_LENGTH = 300;

interface ClaimedMail {
  id: string;
  recipient: string;
  sealed: Buffer;
  attempts: number;
}

/**
 * Sends what is due and returns how many were taken by the server. A mail is claimed by moving its next attempt into the
 * future, so several processes share the work, and one that dies while sending leaves the mail for a later attempt.
 */
export async function deliverMails(
  platform: Pick<Platform, 'database' | 'masterKey' | 'log'>,
  transport: MailTransport,
): Promise<number> {
  let sent = 0;
  for (let count = 0; count < MAX_PER_ROUND; count += 1) {
    const mail = await claim(platform);
    if (!mail) break;
    const outcome = await deliver(platform, transport, mail);
    if (outcome === 'unreachable') break;
    if (outcome === 'sent') sent += 1;
  }
  return sent;
}

async function claim({ database }: Pick<Platform, 'database'>): Promise<ClaimedMail | undefined> {
  const { rows } = await sql<ClaimedMail>`
    update control.mail set attempts = attempts + 1, next_at = clock_timestamp() + make_interval(
      secs => least(${LONGEST_WAIT_SECONDS}::int, ${FIRST_WAIT_SECONDS}::int * power(2, attempts)))
    where id = (select id from control.mail where state = 'waiting' and next_at <= clock_timestamp()
      order by next_at limit 1 for update skip locked)
    returning id, recipient, sealed, attempts`.execute(database.control);
  return rows[0];
}

async function deliver(
  { database, masterKey, log }: Pick<Platform, 'database' | 'masterKey' | 'log'>,
  transport: MailTransport,
  mail: ClaimedMail,
): Promise<'sent' | 'refused' | 'unreachable'> {
  try {
    await transport.send(mail.recipient, composeMail(openMail(masterKey, mail.id, mail.sealed)));
  } catch (error) {
    const isOver = error instanceof MailRefused || mail.attempts >= MAX_ATTEMPTS;
    const reason = messageOf(error).slice(0, ERROR_LENGTH);
    log.warn({ mail: mail.id, attempt: mail.attempts, isOver, reason }, 'a mail could not be sent');
    await sql`update control.mail set error = ${reason} where id = ${mail.id}`.execute(database.control);
    if (isOver) await finish(database, mail.id, 'failed');
    return hasAnswered(error) ? 'refused' : 'unreachable';
  }
  await finish(database, mail.id, 'sent');
  return 'sent';
}

/** Whether the server said something; a connection that failed would fail for the next mail as well. */
function hasAnswered(thrown: unknown): boolean {
  return thrown instanceof MailRefused || (thrown instanceof Error && 'responseCode' in thrown);
}

/** What was said is forgotten; that something was said stays for a while, for the health page. */
async function finish(database: Platform['database'], id: string, state: 'sent' | 'failed'): Promise<void> {
  await sql`update control.mail set state = ${state}, sealed = null, finished_at = clock_timestamp()
    where id = ${id}`.execute(database.control);
}
