import type { PlanUse } from '@glacis/contract';
import { UserError, type TenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import type { Person } from '../identity/caller.ts';
import { webLink } from '../mail/outbox.ts';
import type { Platform } from '../platform.ts';
import { lockTenant } from '../tenancy/members.ts';
import { byHand } from './manual.ts';
import { paymentsOf } from './payment.ts';
import { listPlans, planOf, viewPlan, type PlanRow } from './plans.ts';

interface Subscription {
  customer_id: string;
  subscription_id: string;
  status: string;
  current_period_end: Date | null;
  is_ending: boolean;
}

async function subscriptionOf({ database }: Platform, tenant: TenantId): Promise<Subscription | undefined> {
  const { rows } =
    await sql<Subscription>`select * from control.subscription where tenant_id = ${tenant}`.execute(
      database.control,
    );
  return rows[0];
}

/** What of a plan a tenant uses now. Scans are counted by UTC day. */
export async function usedOf({ database }: Platform, tenant: TenantId): Promise<PlanUse['used']> {
  const { rows } = await sql<{ users: number; scans: number }>`select
    (select count(*)::int from control.membership where tenant_id = ${tenant}) as users,
    coalesce((select used from control.plan_use where tenant_id = ${tenant} and kind = 'scans'
      and day = (clock_timestamp() at time zone 'utc')::date), 0) as scans`.execute(database.control);
  const domains = await database.inTenant(tenant, async tx => {
    const counted = await sql<{ n: number }>`select count(*)::int as n from target`.execute(tx.sql);
    return counted.rows[0]?.n ?? 0;
  });
  return { domains, scansToday: rows[0]?.scans ?? 0, users: rows[0]?.users ?? 0 };
}

/** The plan of a tenant, what is used, how it is paid and what it can change to. */
export async function readPlanUse(platform: Platform, tenant: TenantId): Promise<PlanUse> {
  const subscription = await subscriptionOf(platform, tenant);
  return {
    plan: await planOf(platform.database, tenant),
    used: await usedOf(platform, tenant),
    offers: (await listPlans(platform.database, { isPublic: true })).map(viewPlan),
    payment: paymentsOf(platform).kind,
    subscription: subscription
      ? {
          status: subscription.status,
          currentPeriodEnd: subscription.current_period_end?.toISOString() ?? null,
          isEnding: subscription.is_ending,
        }
      : null,
  };
}

/**
 * Changes to another plan: a free one at once, one that costs through its checkout. @throws UserError when more is used than
 * the free plan allows, or plans are changed by hand.
 */
export async function changePlan(
  platform: Platform,
  of: { tenant: TenantId; slug: string; planId: string; by: Person },
): Promise<{ url: string | null }> {
  const payments = paymentsOf(platform);
  if (payments.kind === 'manual') throw byHand();
  const plan = (await listPlans(platform.database, { isPublic: true })).find(one => one.id === of.planId);
  if (!plan) throw new UserError('request.not-found', 'There is no such plan. Choose one of the list.');
  const subscription = await subscriptionOf(platform, of.tenant);
  if (plan.price_cents === 0) {
    await assertFits(platform, of.tenant, plan);
    await platform.database.control.transaction().execute(async trx => {
      await lockTenant(trx, of.tenant);
      await sql`update control.tenant set plan_id = ${plan.id} where id = ${of.tenant}`.execute(trx);
      await sql`delete from control.subscription where tenant_id = ${of.tenant}`.execute(trx);
      if (subscription) await payments.end(subscription.subscription_id);
    });
    return { url: null };
  }
  await assertFits(platform, of.tenant, plan);
  const back = webLink(platform, `/t/${of.slug}/plan`);
  const checkout = await payments.begin({
    reference: `tenant:${of.tenant}`,
    plan: { ...viewPlan(plan), stripePrice: plan.stripe_price },
    email: of.by.email,
    ...(subscription ? { customerId: subscription.customer_id } : {}),
    successUrl: back,
    cancelUrl: back,
  });
  if (checkout.kind === 'by-hand') throw byHand();
  return { url: checkout.url };
}

async function assertFits(platform: Platform, tenant: TenantId, plan: PlanRow): Promise<void> {
  const used = await usedOf(platform, tenant);
  const { limits } = viewPlan(plan);
  const tooMuch = [
    ...(limits.domains !== null && used.domains > limits.domains
      ? [`${used.domains} domains (${limits.domains} allowed)`]
      : []),
    ...(limits.users !== null && used.users > limits.users
      ? [`${used.users} members (${limits.users} allowed)`]
      : []),
  ];
  if (tooMuch.length === 0) return;
  throw new UserError(
    'plan.limit-reached',
    `The tenant has ${tooMuch.join(' and ')}: too much for the plan “${plan.name}”. Remove some first.`,
  );
}

/** Address of the page where the payer sees payments and ends the subscription. @throws UserError when nothing is subscribed. */
export async function openPortal(
  platform: Platform,
  of: { tenant: TenantId; slug: string },
): Promise<{ url: string }> {
  const subscription = await subscriptionOf(platform, of.tenant);
  if (!subscription) throw byHand();
  const url = await paymentsOf(platform).portal({
    customerId: subscription.customer_id,
    returnUrl: webLink(platform, `/t/${of.slug}/plan`),
  });
  return { url };
}
