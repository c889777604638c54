import { messageOf } from '@glacis/foundation';
import { deliverMails } from '../mail/delivery.ts';
import { openMailTransport } from '../mail/transport.ts';
import type { Platform } from '../platform.ts';
import { removeExpired } from './expiry.ts';

const MAIL_EVERY_MS = 1000;
const TIDY_EVERY_MS = 60_000;

/** The work that no request waits for, and how to stop it. */
export interface Caretaker {
  /** Resolves once what is running has ended. */
  stop(): Promise<void>;
}

/**
 * Starts what a process does besides answering: sending mails and removing what has expired. Several processes
 * may do it at the same time; they share the work.
 */
export function startCaretaker(platform: Platform): Caretaker {
  const transport = platform.smtp ? openMailTransport(platform.smtp) : undefined;
  const loops = [
    repeat(platform, TIDY_EVERY_MS, 'expired things could not be removed', () => removeExpired(platform)),
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
