import { randomBytes } from 'node:crypto';
import type { proofMailboxes, TargetView } from '@glacis/contract';
import { isSameSecret, sha256, UserError } from '@glacis/foundation';
import { sql, type TenantTransaction } from '@glacis/db';
import type { MailContent } from '../mail/compose.ts';
import { queueMail } from '../mail/outbox.ts';
import type { Platform } from '../platform.ts';
import { profileOf } from './networks.ts';
import { applyLook } from './proof-state.ts';
import { readTarget } from './view.ts';

const CODE_HOURS = 24;
const MAX_GUESSES = 10;
const MIN_WAIT_SECONDS = 60;
/** Codes a day for one target, and for one domain by all tenants together. */
const MAX_PER_TARGET = 5;
const MAX_PER_DOMAIN = 20;
/** Without letters and digits that look alike. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A code of 130 random bits in groups of five characters. */
function newCode(): string {
  const letters = [...randomBytes(26)].map(byte => ALPHABET[byte % ALPHABET.length] ?? '').join('');
  return letters.replace(/(.{5})(?=.)/g, '$1-');
}

/** Sends a code to a mailbox of the target's domain. Only the hash is kept. @throws UserError */
export async function sendProofMail(
  platform: Platform,
  tx: TenantTransaction,
  of: { id: string; mailbox: (typeof proofMailboxes)[number] },
): Promise<TargetView> {
  const target = await readTarget(tx, of.id);
  const { domain } = target;
  profileOf(platform, domain);
  const code = newCode();
  const to = `${of.mailbox}@${domain}`;
  const mail = { to, purpose: 'domain-proof', content: contentOf(domain, code) };
  if (!(await tx.asPlatform(query => queueMail(query, platform, mail)))) {
    throw new UserError(
      'target.mail-unavailable',
      'Mail is not set up on this platform. Prove the domain by DNS, file or meta element, or ask whoever runs the platform.',
    );
  }
  await noteCode(tx, { id: of.id, domain, mailbox: of.mailbox, code });
  return target;
}

function contentOf(domain: string, code: string): MailContent {
  return {
    subject: `Code to prove ${domain}`,
    paragraphs: [
      `Somebody wants to watch the domain ${domain} with Glacis and says that it is theirs. If you agree, give them this code:`,
      code,
      `It works once, within ${CODE_HOURS} hours. With it the services of ${domain} may be scanned. If you know nothing of this, do nothing.`,
    ],
  };
}

async function noteCode(
  tx: TenantTransaction,
  of: { id: string; domain: string; mailbox: string; code: string },
): Promise<void> {
  const { rows } = await sql`
    insert into proof_mail as m (target_id, mailbox, code_hash, expires_at)
    values (${of.id}, ${of.mailbox}, ${sha256(of.code)}, now() + make_interval(hours => ${CODE_HOURS}))
    on conflict (target_id) do update set mailbox = excluded.mailbox, code_hash = excluded.code_hash,
      expires_at = excluded.expires_at, sent_at = now(), wrong_guesses = 0,
      sent_today = case when m.sent_at::date = now()::date then m.sent_today + 1 else 1 end
    where m.sent_at < now() - make_interval(secs => ${MIN_WAIT_SECONDS})
      and (m.sent_today < ${MAX_PER_TARGET} or m.sent_at::date < now()::date)
    returning 1`.execute(tx.sql);
  const { rows: counted } = await tx.asPlatform(query =>
    query(
      `insert into control.proof_mail_count as c (domain, day, sent) values ($1, now()::date, 1)
       on conflict (domain) do update set day = excluded.day, sent = case when c.day = excluded.day then c.sent + 1 else 1 end
       where c.day < excluded.day or c.sent < $2 returning 1`,
      [of.domain, MAX_PER_DOMAIN],
    ),
  );
  if (rows.length === 0 || counted.length === 0) {
    throw new UserError(
      'target.mail-throttled',
      `No further code is sent to ${of.domain} for now. Wait a minute, or until tomorrow when several were sent today.`,
    );
  }
}

/** Proves a domain by the code that was mailed. @throws UserError when it is not the code. */
export async function confirmProofMail(
  inTenant: <T>(work: (tx: TenantTransaction) => Promise<T>) => Promise<T>,
  of: { id: string; code: string },
): Promise<TargetView> {
  const proven = await inTenant(async tx => {
    const target = await readTarget(tx, of.id);
    const { rows } = await sql<{
      mailbox: string;
      code_hash: string;
    }>`select mailbox, code_hash from proof_mail
      where target_id = ${of.id} and expires_at > now() and wrong_guesses < ${MAX_GUESSES} for update`.execute(
      tx.sql,
    );
    const sent = rows[0];
    const code = of.code.trim().toLowerCase();
    if (!sent || !isSameSecret(sent.code_hash, sha256(code))) {
      // Counted in a transaction that commits: a wrong guess must not be undone by its own refusal.
      await sql`update proof_mail set wrong_guesses = least(wrong_guesses + 1, ${MAX_GUESSES}) where target_id = ${of.id}`.execute(
        tx.sql,
      );
      return undefined;
    }
    await sql`delete from proof_mail where target_id = ${of.id}`.execute(tx.sql);
    const { value } = target.proof.record;
    return applyLook(tx, {
      id: of.id,
      challenge: value.slice(value.indexOf('=') + 1),
      method: 'email',
      look: {
        found: 'present',
        detail: `The code that was sent to ${sent.mailbox}@${target.domain} is right.`,
      },
    });
  });
  if (proven) return proven;
  throw new UserError(
    'target.code-invalid',
    'This is not the code that was sent last, or it has expired. Compare it, or send a new one.',
  );
}
