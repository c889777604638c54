/** Measures the lists of one tenant with 100,000 assets and 100,000 findings. Prints JSON: p50 and p95 in ms for each page. */
import { assetQuery, findingQuery } from '@glacis/contract';
import { sql, type TenantTransaction } from '@glacis/db';
import { createTestDatabase } from '@glacis/db/testing';
import { newId } from '@glacis/foundation';
import { countAssets, listAssets } from '../src/inventory/repository.ts';
import { listFindings } from '../src/findings/repository.ts';
import { readOverview } from '../src/overview/routes.ts';

const SIZE = 100_000;
const ROUNDS = 20;

const db = await createTestDatabase();
const { id: tenant } = await db.createTenant();
const scanId = newId();
await db.database.inTenant(tenant, async tx => {
  const targetId = newId();
  await sql`insert into target (id, domain, challenge) values (${targetId}, 'corp.test', 'c')`.execute(
    tx.sql,
  );
  await sql`insert into scan (id, target_id, state, is_active, engine, scope) values (${scanId}, ${targetId}, 'completed', true, '{}', '{}')`.execute(
    tx.sql,
  );
  await sql`insert into asset (id, kind, key, attributes, in_scope, first_seen, last_seen, first_scan_id, last_scan_id)
    select gen_random_uuid(), (array['hostname','ip','service','website','url','technology','certificate'])[1 + n % 7],
      'h' || n || '.' || md5(n::text) || '.corp.test', jsonb_build_object('n', n, 'title', md5(n::text), 'notAfter', '2031-01-01T00:00:00'),
      n % 20 <> 0, now() - make_interval(mins => n), now() - make_interval(secs => n), ${scanId}, ${scanId}
    from generate_series(1, ${SIZE}::int) n`.execute(tx.sql);
  await sql`insert into finding (id, identity, rule_id, asset_id, severity, severity_rank, confidence, state, evidence, first_seen, last_seen, first_scan_id, last_scan_id)
    select gen_random_uuid(), 'v1:' || n, (array['http.missing-csp','http.missing-hsts','tls.certificate-expired','http.exposed-git'])[1 + n % 4], a.id,
      (array['critical','high','medium','low','info'])[1 + n % 5], n % 5, 'firm', (array['open','confirmed','accepted','fixed'])[1 + n % 4],
      decode(repeat('ab', 600), 'hex'), now() - make_interval(mins => n::int), now() - make_interval(secs => n::int), ${scanId}, ${scanId}
    from (select id, row_number() over () as n from asset) a`.execute(tx.sql);
  await sql`insert into scan_asset (scan_id, asset_id, scanner, reason) select ${scanId}, id, 'x', 'x' from asset`.execute(
    tx.sql,
  );
  await sql`insert into scan_finding (scan_id, finding_id) select ${scanId}, id from finding`.execute(tx.sql);
  await sql`insert into edge (from_id, relation, to_id, scanner)
    select w.id, 'runs', t.id, 'x' from (select id, row_number() over () as n from asset where kind = 'website') w
    join (select id, row_number() over () as n from asset where kind = 'technology') t on t.n = w.n % 100 + 1`.execute(
    tx.sql,
  );
});
// A member of a project that holds half of what there is.
const viewer = newId();
await db.database.query(
  `with person as (insert into control.user_account (id, email) values ($1, 'viewer@bench.test') returning id)
   insert into control.membership (user_id, tenant_id, role, scope) select id, $2, 'observer', 'projects' from person`,
  [viewer, tenant],
);
await db.database.inTenant(tenant, async tx => {
  const project = newId();
  await sql`insert into project (id, name) values (${project}, 'Half')`.execute(tx.sql);
  await sql`insert into project_target (project_id, target_id) select ${project}, id from target`.execute(
    tx.sql,
  );
  await sql`insert into project_member (project_id, user_id, level) values (${project}, ${viewer}, 'read')`.execute(
    tx.sql,
  );
  await sql`insert into scan_target (scan_id, target_id) select id, target_id from scan`.execute(tx.sql);
  await sql`insert into asset_target (asset_id, target_id)
    select a.id, t.id from (select id, row_number() over () as n from asset) a, target t where a.n % 2 = 0`.execute(
    tx.sql,
  );
});
await db.database.query('vacuum analyze');

const assets = (query: object) => (tx: TenantTransaction) => listAssets(tx, assetQuery.parse(query));
const findings = (query: object) => (tx: TenantTransaction) => listFindings(tx, findingQuery.parse(query));
const pages: Readonly<Record<string, (tx: TenantTransaction) => Promise<unknown>>> = {
  'assets: first page': assets({}),
  'assets: by kind': assets({ kind: 'website,service' }),
  'assets: sorted by last seen': assets({ sort: 'lastSeen', order: 'desc' }),
  'assets: sorted by first seen': assets({ sort: 'firstSeen', order: 'desc' }),
  'assets: sorted by kind': assets({ sort: 'kind' }),
  'assets: search, many': assets({ q: 'corp' }),
  'assets: search, few': assets({ q: 'h77777.' }),
  'assets: search, none': assets({ q: 'no such thing' }),
  'assets: deep page': assets({ page: 1800 }),
  'assets: of a scan': assets({ scanId }),
  'assets: counts': countAssets,
  'findings: first page': findings({}),
  'findings: open': findings({ state: 'open,confirmed' }),
  'findings: critical': findings({ severity: 'critical' }),
  'findings: of a rule': findings({ ruleId: 'http.exposed-git' }),
  'findings: sorted by first seen': findings({ sort: 'firstSeen', order: 'desc' }),
  'findings: sorted by last seen': findings({ sort: 'lastSeen', order: 'desc' }),
  'findings: worst last': findings({ order: 'desc' }),
  'findings: search, many': findings({ q: 'corp' }),
  'findings: search, few': findings({ q: 'h77777.' }),
  'findings: deep page': findings({ page: 1800 }),
  'findings: of a scan': findings({ scanId }),
  overview: readOverview,
};

async function measure(options: { viewer?: string }): Promise<Record<string, { p50: number; p95: number }>> {
  const results: Record<string, { p50: number; p95: number }> = {};
  for (const [name, read] of Object.entries(pages)) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const startedAt = performance.now();
      await db.database.inTenant(tenant, read, options);
      times.push(performance.now() - startedAt);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => Math.round((times[Math.floor(share * (ROUNDS - 1))] ?? 0) * 10) / 10;
    results[name] = { p50: at(0.5), p95: at(0.95) };
  }
  return results;
}
const whole = await measure({});
const ofProject = await measure({ viewer });
process.stdout.write(
  `${JSON.stringify({ assets: SIZE, findings: SIZE, ms: whole, msOfProject: ofProject }, null, 2)}\n`,
);
await db.close();
