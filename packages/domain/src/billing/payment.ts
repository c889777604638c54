import type { PlanView } from '@glacis/contract';
import type { Platform } from '../platform.ts';
import { createManualPayments } from './manual.ts';
import { createStripePayments } from './stripe.ts';

/** What somebody wants to pay for. `reference` comes back with the payment: a sign-up or a tenant. */
export interface Order {
  readonly reference: `sign-up:${string}` | `tenant:${string}`;
  readonly plan: PlanView & { readonly stripePrice: string | null };
  readonly email: string;
  /** Set when the payer is known to the provider already. */
  readonly customerId?: string;
  readonly successUrl: string;
  readonly cancelUrl: string;
}

/** How an order goes on: at an address of the provider, or by the hand of the platform's administrator. */
export type Checkout =
  { readonly kind: 'redirect'; readonly id: string; readonly url: string } | { readonly kind: 'by-hand' };

/** Who plans are paid through. */
export interface Payments {
  readonly kind: 'stripe' | 'manual';
  begin(order: Order): Promise<Checkout>;
  /** Makes an unpaid checkout impossible to pay. One that is paid or gone is no error. */
  abandon(checkoutId: string): Promise<void>;
  /** Ends a subscription now. One that has ended is no error. */
  end(subscriptionId: string): Promise<void>;
  /** Address of a page of the provider where the payer sees and changes everything. @throws UserError without one. */
  portal(of: { customerId: string; returnUrl: string }): Promise<string>;
}

/** The way of paying that the platform is set up with. */
export function paymentsOf(platform: Pick<Platform, 'stripe'>): Payments {
  return platform.stripe ? createStripePayments(platform.stripe) : createManualPayments();
}
