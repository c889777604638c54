import { tenantId, type TenantId } from '@glacis/foundation';
import { sql } from '@glacis/db';
import { systemOrigin } from '../audit/record.ts';
import type { Platform } from '../platform.ts';

/** Scans that go in one transaction, so that no lock is held for long. */
const SCANS_AT_ONCE = 50;

/** Removes, in every tenant whose plan says how long, scans that are older, with their reports. Returns how many. */
export async function applyRetention(platform: Platform): Promise<number> {
  const { rows } = await sql<{ id: string; days: number }>`select t.id, p.retention_days as days
    from control.tenant t
    join control.plan p on p.id = coalesce(t.plan_id, (select id from control.plan where is_default))
    where t.state = 'active' and p.retention_days is not null`.execute(platform.database.control);
  let removed = 0;
  for (const row of rows) {
    for (;;) {
      const count = await removeOldScans(platform, tenantId(row.id), row.days);
      removed += count;
      if (count < SCANS_AT_ONCE) break;
    }
  }
  return removed;
}

/** The last scan of a target stays whatever its age: the present state rests on it. */
async function removeOldScans(platform: Platform, tenant: TenantId, days: number): Promise<number> {
  const gone = await platform.database.inTenant(tenant, async tx => {
    const { rows } = await sql<{ id: string }>`select s.id from scan s
      where s.started_at < now() - make_interval(days => ${days}::int) and s.finished_at is not null
        and exists (select 1 from scan later where later.target_id = s.target_id and later.started_at > s.started_at)
      order by s.started_at limit ${SCANS_AT_ONCE} for update skip locked`.execute(tx.sql);
    const ids = rows.map(row => row.id);
    const { rows: files } = await sql<{ id: string; storage_key: string }>`select b.id, b.storage_key
      from report r join blob b on b.id = r.blob_id where r.scan_id = any(${ids}::uuid[])`.execute(tx.sql);
    await sql`delete from scan where id = any(${ids}::uuid[])`.execute(tx.sql);
    await sql`delete from blob where id = any(${files.map(file => file.id)}::uuid[])`.execute(tx.sql);
    if (ids.length > 0) {
      await platform.audit.appendIn(
        tx,
        {
          tenantId: tenant,
          origin: systemOrigin('job', 'retention'),
          action: 'scans.expired',
          detail: { scans: ids.length, olderThanDays: days },
        },
        { outcome: 'succeeded' },
      );
    }
    return { count: ids.length, storageKeys: files.map(file => file.storage_key) };
  });
  for (const storageKey of gone.storageKeys) await platform.blobs.delete(tenant, storageKey);
  return gone.count;
}
