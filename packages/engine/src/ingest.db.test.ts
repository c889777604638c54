import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decrypt, newSecretKey } from '@glacis/foundation';
import { ingest } from './ingest.ts';
import { sortObservations } from './observation-batch.ts';
import { readScan } from './scan-row.ts';
import type { AssetObservation } from './scanner.ts';
import { createEngineWorld } from '../test/world.ts';

const DOMAIN = 'corp.test';
const domain = { kind: 'domain', key: DOMAIN } as const;
const host = (name: string) => ({ kind: 'hostname', key: `${name}.${DOMAIN}` }) as const;
const link = (
  asset: AssetObservation['asset'],
  from: AssetObservation['from'],
  relation: 'contains' | 'runs' = 'contains',
): AssetObservation => ({ type: 'asset', asset, from, relation, reason: 'a test says so' });

let world: Awaited<ReturnType<typeof createEngineWorld>>;
before(async () => {
  world = await createEngineWorld([]);
});
after(() => world.close());

test('a finding keeps its identity, opens again, and its evidence is sealed', async () => {
  const id = await world.start(DOMAIN);
  const text = 'a password in a banner';
  const store = (severity: 'high' | 'low') =>
    world.inTenant(async tx => {
      const scan = await readScan(tx, id, { forUpdate: true });
      const batch = sortObservations([
        link(host('a'), domain),
        {
          type: 'finding',
          ruleId: 'http.exposed-env',
          asset: host('a'),
          parameter: '/.env',
          severity,
          confidence: 'firm',
          evidence: [{ label: 'Answer', text }],
        },
      ]);
      await ingest(tx, batch, { ...world, key: world.tenant.key, scan, scanner: 'x' });
    });
  await store('high');
  const [first] = await world.rows('select id from finding');
  for (const [state, after] of [
    ['fixed', 'open'],
    ['false_positive', 'false_positive'],
    ['accepted', 'accepted'],
    ['confirmed', 'confirmed'],
  ]) {
    await world.rows(`update finding set state = '${state}' returning id`);
    await store('low');
    assert.deepEqual(await world.rows('select id, state, severity from finding'), [
      { id: first?.['id'], state: after, severity: 'low' },
    ]);
  }
  const [row] = await world.rows('select identity, evidence, f::text as whole from finding f');
  const evidence = row?.['evidence'];
  assert.ok(Buffer.isBuffer(evidence));
  assert.ok(!evidence.includes(text) && !String(row?.['whole']).includes(text));
  const identity = String(row?.['identity']);
  const context = ['tenant', world.tenant.id, 'finding', 'evidence', identity];
  assert.match(decrypt(world.tenant.key, evidence, context).toString(), /a password in a banner/);
  const other = await world.db.createTenant();
  assert.throws(() => decrypt(other.key, evidence, context), /does not belong here/);
  assert.throws(() => decrypt(newSecretKey(), evidence, context), /does not belong here/);
  assert.throws(
    () => decrypt(world.tenant.key, evidence, ['tenant', other.id, 'finding', 'evidence', identity]),
    /does not belong here/,
  );
});

test('hostile results are stored within their limits', async () => {
  const id = await world.start(DOMAIN);
  const wide = '€🏰'.repeat(400);
  await world.inTenant(async tx => {
    const scan = await readScan(tx, id, { forUpdate: true });
    const batch = sortObservations([
      { ...link(host('a'), domain), reason: `${'x'.repeat(499)}🏰\u0000` },
      link({ kind: 'technology', key: wide, attributes: { banner: 'a\u0000b\ud800' } }, host('a'), 'runs'),
      link({ kind: 'technology', key: wide.repeat(3) }, host('a'), 'runs'),
      {
        type: 'coverage',
        asset: host('a'),
        outcome: 'limited',
        detail: `${'y'.repeat(499)}🏰`,
      },
      {
        type: 'finding',
        ruleId: 'http.missing-csp',
        asset: host('a'),
        parameter: `${'z'.repeat(499)}🏰`,
        confidence: 'firm',
        evidence: Array.from({ length: 200 }, () => ({ label: 'l'.repeat(5000), text: 'e'.repeat(100_000) })),
      },
    ]);
    await ingest(tx, batch, { ...world, key: world.tenant.key, scan, scanner: 'x' });
  });
  const [finding] = await world.rows(
    "select length(evidence)::int as size, parameter from finding where rule_id = 'http.missing-csp'",
  );
  assert.ok(Number(finding?.['size']) < 1_100_000, String(finding?.['size']));
  assert.ok(String(finding?.['parameter']).isWellFormed());
  assert.equal((await world.rows("select 1 from asset where kind = 'technology'")).length, 0);
});

const rule = {
  title: 'A dump lies open',
  severity: 'high',
  description: 'd\u0000',
  impact: '',
  advice: 'a',
} as const;

test('the rule of a template is kept as last found, and what was looked for is stored once', async () => {
  const id = await world.start(DOMAIN);
  const site = (name: string) => ({ kind: 'website', key: `http://${name}.${DOMAIN}` }) as const;
  const store = (title: string) =>
    world.inTenant(async tx => {
      const scan = await readScan(tx, id, { forUpdate: true });
      const found = (ruleId: `check.${string}`, more: object) =>
        ({ type: 'finding', ruleId, asset: site('a'), confidence: 'firm', evidence: [], ...more }) as const;
      const looked = (name: string) =>
        ({
          type: 'coverage',
          asset: site(name),
          outcome: 'looked',
          rules: ['check.dump', 'check.a', 'check.dump'],
        }) as const;
      const batch = sortObservations([
        link(site('a'), domain),
        found('check.dump', { rule: { ...rule, title, cves: ['CVE-2031-0001'] } }),
        found('check.none', {}),
        found('check.large', { rule: { ...rule, title: 'x'.repeat(301) } }),
        found('check.strange id', { rule }),
        looked('a'),
        looked('b'),
      ]);
      assert.deepEqual(batch.rejected, ['rule check.none', 'rule check.large', 'rule check.strange id']);
      await ingest(tx, batch, { ...world, key: world.tenant.key, scan, scanner: 'x' });
    });
  await store('First');
  await store('Second');
  const [stored, ...none] = await world.rows('select id, title, body from rule');
  assert.deepEqual(none, []);
  assert.deepEqual(stored, {
    id: 'check.dump',
    title: 'Second',
    body: { ...rule, title: 'Second', description: 'd', cves: ['CVE-2031-0001'] },
  });
  const findings = await world.rows("select rule_id, severity from finding where rule_id like 'check.%'");
  assert.deepEqual(findings, [{ rule_id: 'check.dump', severity: 'high' }]);
  const sets = await world.rows(
    'select s.rules, count(*)::int as n from coverage c join rule_set s on s.id = c.rule_set_id group by s.rules',
  );
  assert.deepEqual(sets, [{ rules: ['check.a', 'check.dump'], n: 2 }]);
});
