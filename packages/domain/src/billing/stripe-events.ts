import { tenantId, UnexpectedError, UserError, type StripeSettings, type TenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import type { Stripe } from 'stripe';
import { z } from 'zod';
import type { Platform } from '../platform.ts';
import type { ControlTransaction } from '../tenancy/members.ts';
import { suspendWithin } from '../tenancy/suspension.ts';
import { provision, type SignUpRow } from './provision.ts';
import { ask, openStripe, undo } from './stripe.ts';

/** Oldest signature that is taken, seconds: one that somebody recorded must not be played again for ever. */
const TOLERANCE_SECONDS = 300;

const checkoutObject = z.object({ id: z.string().max(300) });
const subscriptionObject = z.object({ id: z.string().max(300) });
/** An invoice names its subscription in its parent, in older versions of the API directly. */
const invoiceObject = z.object({
  subscription: z.string().max(300).nullish(),
  parent: z
    .object({ subscription_details: z.object({ subscription: z.string().max(300) }).nullish() })
    .nullish(),
});

/**
 * Takes in a call of Stripe. What an event says is not believed: it only says where to look, and what Stripe holds now is
 * stored. So the order of events does not matter, and one that comes again (noted by its id in the same transaction) changes
 * nothing. A failure leaves no trace, and Stripe calls again. @throws UserError when the signature is wrong or too old.
 */
export async function takeStripeEvent(
  platform: Platform,
  call: { body: Buffer; signature: string },
): Promise<void> {
  const { stripe: settings } = platform;
  if (!settings) throw new UserError('request.not-found', 'Payments through Stripe are not set up.');
  const event = await verify(settings, call);
  await platform.database.control.transaction().execute(async trx => {
    const { rows } =
      await sql`insert into control.payment_event (id, type) values (${event.id}, ${event.type})
      on conflict do nothing returning id`.execute(trx);
    if (rows.length > 0) await handle(platform, settings, trx, event);
  });
}

async function verify(
  settings: StripeSettings,
  call: { body: Buffer; signature: string },
): Promise<Stripe.Event> {
  const stripe = await openStripe(settings);
  try {
    return stripe.webhooks.constructEvent(
      call.body,
      call.signature,
      settings.webhookSecret,
      TOLERANCE_SECONDS,
    );
  } catch (cause) {
    throw new UserError(
      'payment.bad-signature',
      'The signature is missing, wrong or too old. Check GLACIS_STRIPE_WEBHOOK_SECRET and the clock.',
      { cause },
    );
  }
}

async function handle(
  platform: Platform,
  settings: StripeSettings,
  trx: ControlTransaction,
  event: Stripe.Event,
): Promise<void> {
  switch (event.type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
      return takeCheckout(platform, settings, trx, checkoutObject.parse(event.data.object).id);
    case 'customer.subscription.created':
    case 'customer.subscription.updated':
    case 'customer.subscription.deleted':
    case 'customer.subscription.paused':
    case 'customer.subscription.resumed':
      return takeSubscription(platform, settings, trx, subscriptionObject.parse(event.data.object).id);
    case 'invoice.paid':
    case 'invoice.payment_failed': {
      const invoice = invoiceObject.parse(event.data.object);
      const id = invoice.parent?.subscription_details?.subscription ?? invoice.subscription;
      return id ? takeSubscription(platform, settings, trx, id) : undefined;
    }
    default:
      // Stripe sends what its settings say; what is not meant for us is acknowledged.
      return undefined;
  }
}

/** Of two events about one thing the second waits, and then reads what Stripe holds after the first. */
async function lock(trx: ControlTransaction, what: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(73, hashtext(${what}))`.execute(trx);
}

async function takeCheckout(
  platform: Platform,
  settings: StripeSettings,
  trx: ControlTransaction,
  id: string,
): Promise<void> {
  await lock(trx, id);
  const session = await ask(settings, stripe => stripe.checkout.sessions.retrieve(id));
  if (session.status !== 'complete' || session.payment_status === 'unpaid') return;
  const [kind, subject] = (session.client_reference_id ?? '').split(':', 2);
  const subscription = idOf(session.subscription);
  if (!subject || !subscription || (kind !== 'sign-up' && kind !== 'tenant')) return;
  const plan = await knownPlan(trx, session.metadata?.['plan'] ?? null);
  const tenant =
    kind === 'tenant' ? await tenantOf(trx, subject) : await tenantOfSignUp(platform, trx, subject, plan);
  if (!tenant) {
    platform.log.error({ checkout: id }, 'a payment came for a sign-up or tenant that does not exist');
    return;
  }
  if (plan !== null) await sql`update control.tenant set plan_id = ${plan} where id = ${tenant}`.execute(trx);
  const earlier = await storeSubscription(settings, trx, tenant, subscription);
  // Nobody pays twice: the plan that was chosen last takes the place of the one before.
  if (earlier !== undefined && earlier !== subscription) {
    await undo(settings, stripe => stripe.subscriptions.cancel(earlier));
  }
}

async function tenantOf(trx: ControlTransaction, id: string): Promise<TenantId | undefined> {
  const { rows } = await sql<{ id: string }>`select id from control.tenant
    where id = ${z.uuid().parse(id)} for no key update`.execute(trx);
  return rows[0] ? tenantId(rows[0].id) : undefined;
}

async function tenantOfSignUp(
  platform: Platform,
  trx: ControlTransaction,
  id: string,
  plan: string | null,
): Promise<TenantId | undefined> {
  const { rows } = await sql<SignUpRow>`select * from control.sign_up
    where id = ${z.uuid().parse(id)} for update`.execute(trx);
  const row = rows[0];
  if (!row) return undefined;
  return row.tenant_id ?? (await provision(platform, trx, row, plan)).id;
}

/** Stores what Stripe holds about a subscription as the tenant's. Returns the subscription it takes the place of. */
async function storeSubscription(
  settings: StripeSettings,
  trx: ControlTransaction,
  tenant: TenantId,
  id: string,
): Promise<string | undefined> {
  await lock(trx, `subscription of ${tenant}`);
  const { rows } = await sql<{
    subscription_id: string;
  }>`select subscription_id from control.subscription where tenant_id = ${tenant}`.execute(trx);
  const present = await ask(settings, stripe => stripe.subscriptions.retrieve(id));
  await sql`insert into control.subscription
      (tenant_id, provider, customer_id, subscription_id, status, current_period_end, is_ending)
    values (${tenant}, 'stripe', ${idOf(present.customer) ?? ''}, ${id}, ${present.status},
      ${periodEndOf(present)}, ${present.cancel_at_period_end})
    on conflict (tenant_id) do update set customer_id = excluded.customer_id,
      subscription_id = excluded.subscription_id, status = excluded.status,
      current_period_end = excluded.current_period_end, is_ending = excluded.is_ending, updated_at = now()`.execute(
    trx,
  );
  return rows[0]?.subscription_id;
}

/** A subscription that is no tenant's present one (not yet, or not any more) changes nothing. */
async function takeSubscription(
  platform: Platform,
  settings: StripeSettings,
  trx: ControlTransaction,
  id: string,
): Promise<void> {
  const { rows } = await sql<{ tenant_id: TenantId }>`select tenant_id from control.subscription
    where subscription_id = ${id}`.execute(trx);
  const tenant = rows[0]?.tenant_id;
  if (!tenant) return;
  await lock(trx, `subscription of ${tenant}`);
  const { rows: still } = await sql`select 1 from control.subscription
    where tenant_id = ${tenant} and subscription_id = ${id}`.execute(trx);
  if (still.length === 0) return;
  const present = await ask(settings, stripe => stripe.subscriptions.retrieve(id));
  await sql`update control.subscription set status = ${present.status}, updated_at = now(),
      current_period_end = ${periodEndOf(present)}, is_ending = ${present.cancel_at_period_end}
    where tenant_id = ${tenant}`.execute(trx);
  if (['canceled', 'unpaid', 'incomplete_expired'].includes(present.status)) {
    return loseSubscription(platform, trx, tenant);
  }
  const price = present.items.data[0]?.price.id ?? '';
  await sql`update control.tenant set plan_id = p.id from control.plan p
    where control.tenant.id = ${tenant} and p.stripe_price = ${price}`.execute(trx);
}

/** Without payment a tenant falls to the free plan that anybody may choose; where there is none it is suspended. */
async function loseSubscription(
  platform: Platform,
  trx: ControlTransaction,
  tenant: TenantId,
): Promise<void> {
  const { rows } = await sql<{ id: string }>`select id from control.plan
    where is_public and price_cents = 0 order by position limit 1`.execute(trx);
  if (rows[0]) {
    await sql`update control.tenant set plan_id = ${rows[0].id} where id = ${tenant}`.execute(trx);
    return;
  }
  await suspendWithin(platform, trx, tenant, 'The subscription has ended.');
}

async function knownPlan(trx: ControlTransaction, id: string | null): Promise<string | null> {
  if (!z.uuid().safeParse(id).success) return null;
  const { rows } = await sql<{ id: string }>`select id from control.plan where id = ${id}`.execute(trx);
  return rows[0]?.id ?? null;
}

function idOf(value: string | { readonly id: string } | null): string | undefined {
  return typeof value === 'string' ? value : value?.id;
}

function periodEndOf(subscription: Stripe.Subscription): Date | null {
  const [item] = subscription.items.data;
  if (item === undefined) throw new UnexpectedError('A subscription of Stripe has no item.');
  return new Date(item.current_period_end * 1000);
}
