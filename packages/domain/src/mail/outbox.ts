import { decrypt, encrypt, newId, type SecretKey } from '@glacis/foundation';
import type { PlainQuery } from '@glacis/db';
import { z } from 'zod';
import type { Platform } from '../platform.ts';
import type { MailContent } from './compose.ts';

/** The parts of the platform that mails need. */
export type MailPlatform = Pick<Platform, 'masterKey' | 'publicUrl' | 'smtp'>;

const content = z.object({
  subject: z.string(),
  paragraphs: z.array(z.string()),
  action: z.object({ label: z.string(), url: z.string() }).optional(),
  closing: z.string().optional(),
});

const contextOf = (id: string): readonly string[] => ['platform', 'mail', 'sealed', id];

/**
 * Puts a mail into the outbox within the transaction behind `query`: it is sent when that commits, and never when it does
 * not. Returns false, and does nothing, when no mail server is set. The content is sealed, since it holds one-time links.
 */
export async function queueMail(
  query: PlainQuery,
  platform: MailPlatform,
  mail: { to: string; purpose: string; content: MailContent },
): Promise<boolean> {
  if (!platform.smtp) return false;
  const id = newId();
  const sealed = encrypt(platform.masterKey, Buffer.from(JSON.stringify(mail.content)), contextOf(id));
  await query('insert into control.mail (id, recipient, purpose, sealed) values ($1, $2, $3, $4)', [
    id,
    mail.to,
    mail.purpose,
    sealed,
  ]);
  return true;
}

/** Opens the content of a waiting mail. */
export function openMail(masterKey: SecretKey, id: string, sealed: Uint8Array): MailContent {
  const { subject, paragraphs, action, closing } = content.parse(
    JSON.parse(decrypt(masterKey, sealed, contextOf(id)).toString('utf8')),
  );
  return { subject, paragraphs, ...(action ? { action } : {}), ...(closing ? { closing } : {}) };
}

/** A link into the web app. It begins with the configured address, never with what a request calls this host. */
export function webLink(platform: Pick<Platform, 'publicUrl'>, path: string, secret?: string): string {
  // The secret stands behind the #, which browsers send to no server and in no Referer.
  return `${platform.publicUrl}${path}${secret === undefined ? '' : `#${secret}`}`;
}
