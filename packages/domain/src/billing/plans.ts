import type { PlanView } from '@glacis/contract';
import type { TenantId } from '@glacis/foundation';
import { sql, type Database } from '@glacis/db';
import { notFound } from '../http/caller.ts';

/** A row of control.plan. */
export interface PlanRow {
  id: string;
  name: string;
  description: string;
  price_cents: number;
  currency: string;
  stripe_price: string | null;
  max_domains: number | null;
  max_scans_per_day: number | null;
  max_users: number | null;
  retention_days: number | null;
  is_public: boolean;
  is_default: boolean;
  position: number;
}

/** A plan as everybody may see it. */
export function viewPlan(row: PlanRow): PlanView {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    priceCents: row.price_cents,
    currency: row.currency,
    limits: {
      domains: row.max_domains,
      scansPerDay: row.max_scans_per_day,
      users: row.max_users,
      retentionDays: row.retention_days,
    },
  };
}

/** The plan of a tenant: its own, or the default one. */
export async function planOf(database: Database, tenant: TenantId): Promise<PlanView> {
  const { rows } = await sql<PlanRow>`select p.* from control.tenant t
    join control.plan p on p.id = coalesce(t.plan_id, (select id from control.plan where is_default))
    where t.id = ${tenant}`.execute(database.control);
  if (!rows[0]) throw notFound('tenant');
  return viewPlan(rows[0]);
}

/** The plans in their order: all of them, or those that anybody may choose. */
export async function listPlans(database: Database, of: { isPublic?: boolean } = {}): Promise<PlanRow[]> {
  const filter = of.isPublic ? sql`where is_public` : sql``;
  const { rows } = await sql<PlanRow>`select * from control.plan ${filter}
    order by position, price_cents, name limit 100`.execute(database.control);
  return rows;
}
