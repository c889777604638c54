import type { PlanRequest, PlatformPlan } from '@glacis/contract';
import { newId, UserError } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { notFound } from '../http/caller.ts';
import type { Platform } from '../platform.ts';
import type { ControlTransaction } from '../tenancy/members.ts';
import { viewPlan, type PlanRow } from './plans.ts';

type CountedPlan = PlanRow & { tenants: number };

const counted = sql`select p.*, (select count(*)::int from control.tenant t
    where t.plan_id = p.id or (t.plan_id is null and p.is_default)) as tenants from control.plan p`;

function view(row: CountedPlan): PlatformPlan {
  return {
    ...viewPlan(row),
    stripePrice: row.stripe_price,
    isPublic: row.is_public,
    isDefault: row.is_default,
    position: row.position,
    tenants: row.tenants,
  };
}

/** All plans in their order, with how many tenants are on each. */
export async function listPlatformPlans({ database }: Pick<Platform, 'database'>): Promise<PlatformPlan[]> {
  const { rows } = await sql<CountedPlan>`${counted}
    order by p.position, p.price_cents, p.name limit 100`.execute(database.control);
  return rows.map(view);
}

/** Adds a plan, or changes the one with the id. Tenants on it have the new limits at once. @throws UserError */
export async function savePlan(
  { database }: Pick<Platform, 'database'>,
  of: PlanRequest,
  id?: string,
): Promise<PlatformPlan> {
  return database.control.transaction().execute(async trx => {
    if (of.isDefault) await sql`update control.plan set is_default = false where is_default`.execute(trx);
    const planId = id ?? newId();
    const found = id === undefined ? await insert(trx, planId, of) : await update(trx, planId, of);
    if (!found) throw notFound('plan');
    const { rows: defaults } = await sql`select 1 from control.plan where is_default`.execute(trx);
    if (defaults.length === 0) {
      throw new UserError(
        'request.conflict',
        'One plan has to be the default. Make another plan the default first.',
      );
    }
    const { rows } = await sql<CountedPlan>`${counted} where p.id = ${planId}`.execute(trx);
    if (!rows[0]) throw notFound('plan');
    return view(rows[0]);
  });
}

async function insert(trx: ControlTransaction, id: string, of: PlanRequest): Promise<boolean> {
  await sql`insert into control.plan (id, name, description, price_cents, currency, stripe_price, max_domains,
      max_scans_per_day, max_users, retention_days, is_public, is_default, position)
    values (${id}, ${of.name}, ${of.description}, ${of.priceCents}, ${of.currency}, ${of.stripePrice},
      ${of.limits.domains}, ${of.limits.scansPerDay}, ${of.limits.users}, ${of.limits.retentionDays},
      ${of.isPublic}, ${of.isDefault}, ${of.position})`.execute(trx);
  return true;
}

async function update(trx: ControlTransaction, id: string, of: PlanRequest): Promise<boolean> {
  const { rows } = await sql`update control.plan set name = ${of.name}, description = ${of.description},
      price_cents = ${of.priceCents}, currency = ${of.currency}, stripe_price = ${of.stripePrice},
      max_domains = ${of.limits.domains}, max_scans_per_day = ${of.limits.scansPerDay},
      max_users = ${of.limits.users}, retention_days = ${of.limits.retentionDays}, is_public = ${of.isPublic},
      is_default = ${of.isDefault}, position = ${of.position}
    where id = ${id} returning 1`.execute(trx);
  return rows.length > 0;
}

/** Removes a plan that nobody is on. @throws UserError when somebody is, or it is the default. */
export async function deletePlan({ database }: Pick<Platform, 'database'>, id: string): Promise<void> {
  await database.control.transaction().execute(async trx => {
    const { rows } = await sql<CountedPlan>`${counted} where p.id = ${id}`.execute(trx);
    const plan = rows[0];
    if (!plan) throw notFound('plan');
    if (plan.is_default || plan.tenants > 0) {
      const why = plan.is_default ? 'It is the default plan' : `${plan.tenants} tenants are on it`;
      throw new UserError(
        'request.conflict',
        `The plan cannot be removed: ${why}. Choose another for them first.`,
      );
    }
    await sql`delete from control.plan where id = ${id}`.execute(trx);
  });
}

/** Puts a tenant on a plan, or (null) on the default one. What it has beyond the limits stays; more is refused. @throws UserError */
export async function setTenantPlan(
  { database }: Pick<Platform, 'database'>,
  of: { id: string; planId: string | null },
): Promise<void> {
  await database.control.transaction().execute(async trx => {
    if (of.planId !== null) {
      const { rows } = await sql`select 1 from control.plan where id = ${of.planId} for share`.execute(trx);
      if (rows.length === 0) throw notFound('plan');
    }
    const { rows } = await sql`update control.tenant set plan_id = ${of.planId}
      where id = ${of.id} returning 1`.execute(trx);
    if (rows.length === 0) throw notFound('tenant');
  });
}
