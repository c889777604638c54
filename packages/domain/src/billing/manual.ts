import { UserError } from '@glacis/foundation';
import type { Payments } from './payment.ts';

/** Payment outside the platform: orders wait until its administrator approves them. */
export function createManualPayments(): Payments {
  return {
    kind: 'manual',
    begin: () => Promise.resolve({ kind: 'by-hand' }),
    abandon: () => Promise.resolve(),
    end: () => Promise.resolve(),
    portal: () => Promise.reject(byHand()),
  };
}

/** The error where the administrator of the platform has to act. */
export function byHand(): UserError {
  return new UserError(
    'payment.by-hand',
    'On this platform plans are changed by its administrator. Ask them for another plan.',
  );
}
