import { OperationalError, UserError, type StripeSettings } from '@glacis/foundation';
import type { Stripe } from 'stripe';
import type { Order, Payments } from './payment.ts';

const TIMEOUT_MS = 10_000;
const RETRIES = 2;
/** How long a checkout can be paid; the shortest that Stripe takes is 30 minutes. */
export const CHECKOUT_MINUTES = 60;

/** Opens the client. It is loaded on first use: most processes never pay. */
export async function openStripe(settings: StripeSettings): Promise<Stripe> {
  const { default: Client } = await import('stripe');
  const url = settings.apiUrl === undefined ? undefined : new URL(settings.apiUrl);
  return new Client(settings.key, {
    timeout: TIMEOUT_MS,
    maxNetworkRetries: RETRIES,
    telemetry: false,
    ...(url
      ? {
          host: url.hostname,
          port: url.port || (url.protocol === 'https:' ? '443' : '80'),
          protocol: url.protocol === 'https:' ? ('https' as const) : ('http' as const),
        }
      : {}),
  });
}

/** Payments through Stripe: its checkout page, its subscriptions, its customer portal. */
export function createStripePayments(settings: StripeSettings): Payments {
  return {
    kind: 'stripe',
    begin: order =>
      ask(settings, async stripe => {
        const session = await stripe.checkout.sessions.create(sessionOf(order));
        if (!session.url)
          throw new OperationalError('payment.unavailable', 'Stripe gave no checkout address.');
        return { kind: 'redirect', id: session.id, url: session.url };
      }),
    abandon: id => undo(settings, stripe => stripe.checkout.sessions.expire(id)),
    end: id => undo(settings, stripe => stripe.subscriptions.cancel(id)),
    portal: of =>
      ask(settings, async stripe => {
        const session = await stripe.billingPortal.sessions.create({
          customer: of.customerId,
          return_url: of.returnUrl,
        });
        return session.url;
      }),
  };
}

function sessionOf(order: Order): Stripe.Checkout.SessionCreateParams {
  const { plan } = order;
  const metadata = { reference: order.reference, plan: plan.id };
  return {
    mode: 'subscription',
    client_reference_id: order.reference,
    ...(order.customerId ? { customer: order.customerId } : { customer_email: order.email }),
    line_items: [
      plan.stripePrice === null
        ? {
            quantity: 1,
            price_data: {
              currency: plan.currency,
              unit_amount: plan.priceCents,
              recurring: { interval: 'month' },
              product_data: { name: plan.name },
            },
          }
        : { quantity: 1, price: plan.stripePrice },
    ],
    metadata,
    subscription_data: { metadata },
    success_url: order.successUrl,
    cancel_url: order.cancelUrl,
    expires_at: Math.floor(Date.now() / 1000) + CHECKOUT_MINUTES * 60,
  };
}

/** Asks Stripe. @throws UserError that says to try again when it does not answer as it should. */
export async function ask<T>(settings: StripeSettings, work: (stripe: Stripe) => Promise<T>): Promise<T> {
  const stripe = await openStripe(settings);
  try {
    return await work(stripe);
  } catch (cause) {
    throw new UserError(
      'payment.unavailable',
      'The payment provider did not answer as it should. Nothing was paid; try again in a minute.',
      { cause },
    );
  }
}

/** Asks Stripe to undo something; that it is undone already, or gone, is no error. @throws UserError like {@link ask}. */
export function undo(settings: StripeSettings, work: (stripe: Stripe) => Promise<unknown>): Promise<void> {
  return ask(settings, async stripe => {
    const { errors } = (await import('stripe')).default;
    await work(stripe).catch((error: unknown) => {
      if (!(error instanceof errors.StripeInvalidRequestError)) throw error;
    });
  });
}
