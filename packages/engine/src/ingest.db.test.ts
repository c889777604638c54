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
