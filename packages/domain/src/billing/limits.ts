import { UnexpectedError, UserError, type TenantId } from '@glacis/foundation';
import { sql, type PlainQuery, type TenantTransaction } from '@glacis/db';
import { z } from 'zod';

/** What a plan limits besides people: domains at a time, scans by UTC day. */
export type PlanLimit = 'domains' | 'scans';

const state = z.object({
  plan: z.string(),
  state: z.string(),
  max_domains: z.number().nullable(),
  max_scans_per_day: z.number().nullable(),
  max_users: z.number().nullable(),
});
type PlanState = z.output<typeof state>;

/**
 * Refuses an act that the tenant's plan does not allow (any more), in the transaction of the act: of two at once the second
 * counts the first. Call it before the act; `count` is how many are about to be added.
 * @throws UserError that names the limit and what to do, or that the tenant is not active.
 */
export async function assertWithinPlan(tx: TenantTransaction, limit: PlanLimit, count = 1): Promise<void> {
  const plan = await tx.asPlatform(query => lockPlan(query, tx.tenantId, limit));
  if (limit === 'domains') return assertDomains(tx, plan, count);
  return tx.asPlatform(query => countScans(query, plan, tx.tenantId, count));
}

/** Refuses one more member or, when asked for an invitation, one more of members and open invitations. @throws UserError */
export async function assertUsersWithinPlan(
  query: PlainQuery,
  tenant: TenantId,
  what: 'members' | 'invitations',
): Promise<void> {
  const plan = await lockPlan(query, tenant, 'users');
  if (plan.max_users === null) return;
  const members = await countOf(
    query,
    'select count(*)::int as n from control.membership where tenant_id = $1',
    tenant,
  );
  const invited =
    what === 'members'
      ? 0
      : await countOf(
          query,
          'select count(*)::int as n from control.invitation where tenant_id = $1 and expires_at > now()',
          tenant,
        );
  if (members + invited + 1 <= plan.max_users) return;
  const there = what === 'members' ? `${members} are here` : `${members} are here and ${invited} are invited`;
  throw limitReached(
    `The plan “${plan.plan}” allows ${plural(plan.max_users, 'member')}, and ${there}. Remove somebody, or let an admin of the tenant choose a larger plan.`,
  );
}

/** Reads the plan under a lock that lasts until the transaction ends. */
async function lockPlan(query: PlainQuery, tenant: TenantId, limit: string): Promise<PlanState> {
  await query('select pg_advisory_xact_lock(72, hashtext($1))', [`${limit} ${tenant}`]);
  // The share lock makes a suspension wait for this transaction, or this transaction see the suspension.
  const { rows } = await query(
    `select p.name as plan, t.state, p.max_domains, p.max_scans_per_day, p.max_users
     from control.tenant t join control.plan p on p.id = coalesce(t.plan_id, (select id from control.plan where is_default))
     where t.id = $1 for share of t`,
    [tenant],
  );
  const parsed = state.safeParse(rows[0]);
  if (!parsed.success) throw new UnexpectedError('A tenant has no plan.');
  if (parsed.data.state !== 'active') {
    throw new UserError(
      'tenant.not-active',
      'The tenant is suspended. Ask the administrator of the platform.',
    );
  }
  return parsed.data;
}

async function assertDomains(tx: TenantTransaction, plan: PlanState, count: number): Promise<void> {
  if (plan.max_domains === null) return;
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from target`.execute(tx.sql);
  const present = rows[0]?.n ?? 0;
  if (present + count <= plan.max_domains) return;
  const adding = count === 1 ? '' : ` and ${count} would be added`;
  throw limitReached(
    `The plan “${plan.plan}” allows ${plural(plan.max_domains, 'domain')}, and ${present} are there${adding}. Remove a target, or let an admin of the tenant choose a larger plan.`,
  );
}

/** Counts in a row of the platform, which stays when the tenant removes a target with its scans. */
async function countScans(
  query: PlainQuery,
  plan: PlanState,
  tenant: TenantId,
  count: number,
): Promise<void> {
  const { rows } = await query(
    `insert into control.plan_use as u (tenant_id, kind, day, used)
     values ($1, 'scans', (clock_timestamp() at time zone 'utc')::date, $2)
     on conflict (tenant_id, kind, day) do update set used = u.used + excluded.used returning used`,
    [tenant, count],
  );
  const used = Number(rows[0]?.['used']);
  if (plan.max_scans_per_day === null || used <= plan.max_scans_per_day) return;
  throw limitReached(
    `The plan “${plan.plan}” allows ${plural(plan.max_scans_per_day, 'scan')} a day, and ${used - count} were started today. Start again after midnight UTC, or let an admin of the tenant choose a larger plan.`,
  );
}

async function countOf(query: PlainQuery, text: string, tenant: TenantId): Promise<number> {
  const { rows } = await query(text, [tenant]);
  return Number(rows[0]?.['n']);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function limitReached(message: string): UserError {
  return new UserError('plan.limit-reached', message);
}
