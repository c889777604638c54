import { messageOf } from '@glacis/foundation';
import { deliverMails } from '../mail/delivery.ts';
import { openMailTransport } from '../mail/transport.ts';
import type { Platform } from '../platform.ts';
import { removeExpired } from './expiry.ts';
import { applyRetention } from './retention.ts';
import { shredDueTenants } from './shred.ts';

const MAIL_EVERY_MS = 1000;
const TIDY_EVERY_MS = 60_000;
const RETENTION_EVERY_MS = 60 * 60_000;

/** The work that no request waits for, and how to stop it. */
export interface Caretaker {
  /** Resolves once what is running has ended. */
  stop(): Promise<void>;
}

/**
 * Starts what a process does besides answering: sending mails, removing what has expired or is older than
 * its plan allows, ending tenants. Several processes may do it at the same time; they share the work.
 */
export function startCaretaker(platform: Platform): Caretaker {
  const transport = platform.smtp ? openMailTransport(platform.smtp) : undefined;
  const loops = [
    repeat(platform, TIDY_EVERY_MS, 'expired things could not be removed', () => removeExpired(platform)),
    repeat(platform, TIDY_EVERY_MS, 'a tenant could not be deleted', () => shredDueTenants(platform)),
    repeat(platform, RETENTION_EVERY_MS, 'old scans could not be removed', () => applyRetention(platform)),
    ...(transport
      ? [repeat(platform, MAIL_EVERY_MS, 'mails could not be sent', () => deliverMails(platform, transport))]
      : []),
  ];
  return {
    stop: async () => {
      await Promise.all(loops.map(loop => loop.stop()));
      transport?.close();
    },
  };
}

function repeat(
  { log }: Platform,
  everyMs: number,
  complaint: string,
  work: () => Promise<unknown>,
): Caretaker {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  const round = async (): Promise<void> => {
    await work().catch((error: unknown) => log.warn({ reason: messageOf(error) }, complaint));
    if (!isStopped) timer = setTimeout(() => (running = round()), everyMs);
  };
  let running = round();
  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
