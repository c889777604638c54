import type { SmtpSettings } from '@glacis/foundation';
import { createTransport } from 'nodemailer';
import type { ComposedMail } from './compose.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 30_000;

/** Sends mails to one server. */
export interface MailTransport {
  /** Resolves once the server has taken the mail. Rejects with {@link MailRefused} or the error of the connection. */
  send(to: string, mail: ComposedMail): Promise<void>;
  close(): void;
}

/** The server said no for good: sending the same mail again would not help. */
export class MailRefused extends Error {}

/**
 * Opens a way to an SMTP server. `smtp:` demands STARTTLS unless the server is on this machine or the URL says
 * `?starttls=optional`.
 */
export function openMailTransport(settings: SmtpSettings): MailTransport {
  const url = new URL(settings.url);
  const isSecure = url.protocol === 'smtps:';
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const isOptional = isLocal || url.searchParams.get('starttls') === 'optional';
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isSecure ? 465 : 587)),
    secure: isSecure,
    requireTLS: !isSecure && !isOptional,
    ...(url.username
      ? { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }
      : {}),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async (to, mail) => {
      try {
        await transport.sendMail({
          from: settings.from,
          to: { name: '', address: to },
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (cause) {
        throw isFinal(cause) ? new MailRefused(answerOf(cause), { cause }) : cause;
      }
    },
    close: () => transport.close(),
  };
}

/** A 5xx answer about this mail; one about our own account (535) is for the administrator to mend and worth trying again. */
function isFinal(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('responseCode' in thrown)) return false;
  const isAboutUs = 'code' in thrown && thrown.code === 'EAUTH';
  return Number(thrown.responseCode) >= 500 && !isAboutUs;
}

function answerOf(thrown: unknown): string {
  const answer = thrown instanceof Error && 'response' in thrown ? String(thrown.response) : 'refused';
  return answer.slice(0, 300);
}
