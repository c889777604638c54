import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from '@glacis/db';
import { createTestDatabase, type TestDatabase } from '@glacis/db/testing';
import { createRegistry } from '@glacis/engine';
import { encrypt, newId, newSecretKey } from '@glacis/foundation';
import { collectReportData } from './data.ts';

let db: TestDatabase;
before(async () => {
  db = await createTestDatabase();
});
after(async () => db.close());

test('a report of a large surface lists the first rows, and says how many there are and where', async () => {
  const { id: tenant } = await db.createTenant();
  const [target, scan] = [newId(), newId()];
  const key = newSecretKey();
  const data = await db.database.inTenant(tenant, async tx => {
    await sql`insert into target (id, domain, challenge) values (${target}, 'corp.test', 'c')`.execute(
      tx.sql,
    );
    await sql`insert into scan (id, target_id, state, is_active, engine, scope) values (${scan}, ${target}, 'completed', true, '{}', '{}')`.execute(
      tx.sql,
    );
    await sql`insert into asset (id, kind, key, in_scope, first_scan_id, last_scan_id)
      select gen_random_uuid(), 'hostname', 'host-' || n || '.corp.test', true, ${scan}::uuid, ${scan}::uuid from generate_series(1, 700) n
      union all
      select gen_random_uuid(), 'service', '10.0.0.' || n || ':443/tcp', true, ${scan}::uuid, ${scan}::uuid from generate_series(1, 12) n`.execute(
      tx.sql,
    );
    await sql`insert into scan_asset (scan_id, asset_id, scanner, reason) select ${scan}::uuid, id, 'dns-brute', 'a name that answers' from asset`.execute(
      tx.sql,
    );
    const { rows } = await sql<{
      id: string;
    }>`select id from asset where kind = 'hostname' limit 300`.execute(tx.sql);
    for (const [index, asset] of rows.entries()) {
      const evidence = encrypt(key, Buffer.from('[]'), [
        'tenant',
        tenant,
        'finding',
        'evidence',
        `v1:${index}`,
      ]);
      await sql`with f as (insert into finding
          (id, identity, rule_id, asset_id, severity, severity_rank, confidence, evidence, first_scan_id, last_scan_id)
          values (${newId()}, ${`v1:${index}`}, 'dns.dangling-cname', ${asset.id}, 'high', 1, 'firm', ${evidence}, ${scan}, ${scan})
          returning id)
        insert into scan_finding (scan_id, finding_id) select ${scan}::uuid, id from f`.execute(tx.sql);
    }
    const collected = await collectReportData(tx, scan, {
      organisation: 'Corp',
      key,
      registry: createRegistry([]),
    });
    return collected.data;
  });
  assert.equal(data.inventory?.hostnames?.length, 500);
  assert.deepEqual(data.rowTotals, { hostnames: 700, services: 12, websites: 0, certificates: 0 });
  assert.deepEqual(data.serviceCounts, [{ label: 'tcp · 443', value: 12 }]);
  assert.match(data.restNote ?? '', /assets\.jsonl/);
  assert.equal(data.findings.length, 200);
  assert.equal(data.findings[0]?.total, 300);
});
