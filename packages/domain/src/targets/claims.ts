import type { claimQuery, ClaimView, ProofMethod } from '@glacis/contract';
import type { TenantTransaction } from '@glacis/db';
import type { z } from 'zod';
import type { Platform } from '../platform.ts';

/** Hours after which a proof is looked at again. */
export const CHECK_HOURS = 24;

/** Notes in the platform's ledger that the tenant has proven a domain, and when to look again. */
export async function noteClaim(
  tx: TenantTransaction,
  of: { targetId: string; domain: string; method: Exclude<ProofMethod, 'parent'> },
): Promise<void> {
  await tx.asPlatform(query =>
    query(
      `insert into control.domain_claim (tenant_id, target_id, domain, method, proven_at, check_due_at)
       values ($1, $2, $3, $4, now(), now() + make_interval(hours => $5))
       on conflict (tenant_id, target_id) do update set method = excluded.method, proven_at = excluded.proven_at,
         check_due_at = excluded.check_due_at`,
      [tx.tenantId, of.targetId, of.domain, of.method, CHECK_HOURS],
    ),
  );
}

/** Says when to look at a proof again. */
export async function postponeCheck(tx: TenantTransaction, targetId: string, hours: number): Promise<void> {
  await tx.asPlatform(query =>
    query(
      'update control.domain_claim set check_due_at = now() + make_interval(hours => $3) where tenant_id = $1 and target_id = $2',
      [tx.tenantId, targetId, hours],
    ),
  );
}

/** Takes the tenant's claim on a target out of the ledger. */
export async function dropClaim(tx: TenantTransaction, targetId: string): Promise<void> {
  await tx.asPlatform(query =>
    query('delete from control.domain_claim where tenant_id = $1 and target_id = $2', [
      tx.tenantId,
      targetId,
    ]),
  );
}

/** Claims of other tenants on the same domain or on one above or below it. */
const OTHERS = `(select count(distinct o.tenant_id)::int from control.domain_claim o where o.tenant_id <> c.tenant_id
  and (o.domain = c.domain or o.domain like '%.' || c.domain or c.domain like '%.' || o.domain))`;

/** A page of proven domains across tenants, those that several tenants have proven first. For the platform's administrators only. */
export async function listClaims(
  platform: Platform,
  query: z.output<typeof claimQuery>,
): Promise<{ items: ClaimView[]; total: number }> {
  const filter = `where ($1 = '' or c.domain like '%' || $1 || '%') ${query.conflicts === 'only' ? `and ${OTHERS} > 0` : ''}`;
  const values = [(query.q ?? '').toLowerCase().replace(/[\\%_]/g, '')];
  const { rows } = await platform.database.query(
    `select c.domain, c.method, c.proven_at, t.id, t.slug, t.name, ${OTHERS} as others, count(*) over ()::int as total
     from control.domain_claim c join control.tenant t on t.id = c.tenant_id ${filter}
     order by c.domain, t.slug limit $2 offset $3`,
    [...values, query.pageSize, (query.page - 1) * query.pageSize],
  );
  const claims = rows as unknown as readonly ClaimRow[];
  return { items: claims.map(view), total: claims[0]?.total ?? 0 };
}

interface ClaimRow {
  readonly domain: string;
  readonly method: ClaimView['method'];
  readonly proven_at: Date;
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly others: number;
  readonly total: number;
}

function view(row: ClaimRow): ClaimView {
  return {
    domain: row.domain,
    tenant: { id: row.id, slug: row.slug, name: row.name },
    method: row.method,
    provenAt: row.proven_at.toISOString(),
    others: row.others,
  };
}
