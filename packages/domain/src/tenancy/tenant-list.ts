import type { TenantDetail, TenantSummary } from '@glacis/contract';
import { tenantId } from '@glacis/foundation';
import { sql, tenantSchema } from '@glacis/db';
import { planOf } from '../billing/plans.ts';
import { usedOf } from '../billing/tenant-plan.ts';
import { notFound } from '../http/caller.ts';
import { likePattern } from '../inventory/repository.ts';
import type { Platform } from '../platform.ts';
import { listSwitches } from './features.ts';

interface TenantRow {
  id: string;
  slug: string;
  name: string;
  state: TenantSummary['state'];
  suspended_reason: string | null;
  delete_after: Date | null;
  created_at: Date;
  plan_id: string | null;
  plan: string;
  members: number;
  assets: number;
  findings: number;
  scans: number;
}

/** Live rows as PostgreSQL's statistics have them: exact enough for a list, and free. */
const estimate = (table: string) => sql`coalesce((select s.n_live_tup::float8 from pg_stat_user_tables s
  where s.schemaname = 't_' || replace(t.id::text, '-', '') and s.relname = ${table}), 0)::int`;

const columns = sql`t.id, t.slug, t.name, t.state, t.suspended_reason, t.delete_after, t.created_at, t.plan_id,
  (select p.name from control.plan p
    where p.id = coalesce(t.plan_id, (select d.id from control.plan d where d.is_default))) as plan,
  (select count(*)::int from control.membership m where m.tenant_id = t.id) as members,
  ${estimate('asset')} as assets, ${estimate('finding')} as findings, ${estimate('scan')} as scans`;

function view(row: TenantRow): Omit<TenantSummary, 'about'> {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    state: row.state,
    suspendedReason: row.suspended_reason,
    deleteAfter: row.delete_after?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    plan: row.plan,
    members: row.members,
  };
}

/** A page of tenants, newest first. */
export async function listTenants(
  { database }: Pick<Platform, 'database'>,
  of: {
    page: number;
    pageSize: number;
    q?: string | undefined;
    state?: TenantSummary['state'] | undefined;
  },
): Promise<{ items: TenantSummary[]; total: number }> {
  const pattern = of.q ? likePattern(of.q) : null;
  const filter = sql`where (${pattern}::text is null or t.name ilike ${pattern} or t.slug ilike ${pattern})
    and (${of.state ?? null}::text is null or t.state = ${of.state ?? null})`;
  const { rows } = await sql<TenantRow>`select ${columns} from control.tenant t ${filter}
    order by t.created_at desc, t.id limit ${of.pageSize} offset ${(of.page - 1) * of.pageSize}`.execute(
    database.control,
  );
  const counted = await sql<{
    n: number;
  }>`select count(*)::int as n from control.tenant t ${filter}`.execute(database.control);
  const items = rows.map(row => ({
    ...view(row),
    about: { assets: row.assets, findings: row.findings, scans: row.scans },
  }));
  return { items, total: counted.rows[0]?.n ?? 0 };
}

/** One tenant with what it uses, counted now. Only counts leave the tenant. @throws UserError when there is none. */
export async function readTenant(platform: Platform, id: string): Promise<TenantDetail> {
  const { database } = platform;
  const { rows } = await sql<TenantRow>`select ${columns} from control.tenant t where t.id = ${id}`.execute(
    database.control,
  );
  const row = rows[0];
  // Of one that is being shredded, tables may be gone already.
  if (!row || row.state === 'shredding') throw notFound('tenant');
  const tenant = tenantId(row.id);
  const used = await usedOf(platform, tenant);
  const counted = await database.inTenant(tenant, async tx => {
    const counts = await sql<{ assets: number; findings: number; scans: number; bytes: number }>`select
      (select count(*)::int from asset) as assets, (select count(*)::int from finding) as findings,
      (select count(*)::int from scan) as scans, (select coalesce(sum(size_bytes), 0)::float8 from blob) as bytes`.execute(
      tx.sql,
    );
    return counts.rows[0];
  });
  const size = await sql<{
    bytes: number;
  }>`select coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8 as bytes
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${tenantSchema(tenant)} and c.relkind in ('r', 'p')`.execute(database.control);
  return {
    ...view(row),
    planId: row.plan_id,
    limits: (await planOf(database, tenant)).limits,
    usage: {
      domains: used.domains,
      assets: counted?.assets ?? 0,
      findings: counted?.findings ?? 0,
      scans: counted?.scans ?? 0,
      scansToday: used.scansToday,
      databaseBytes: size.rows[0]?.bytes ?? 0,
      blobBytes: counted?.bytes ?? 0,
    },
    features: await listSwitches(platform, tenant),
  };
}
