import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from '@glacis/db';
import { createTestDatabase, type TestDatabase } from '@glacis/db/testing';
import { createRegistry, type Scanner } from '@glacis/engine';
import { newId, silentLogger } from '@glacis/foundation';
import { openQueue, type JobQueue } from '@glacis/queue';
import { z } from 'zod';
import type { Platform } from '../platform.ts';
import { closeScan } from './closing.ts';
import { scoreRisk } from './risk.ts';

const scanner = (id: string, reports: Scanner['reports']): Scanner => ({
  id,
  title: id,
  description: 'A scanner of a test.',
  consumes: ['website'],
  produces: [],
  reports,
  mode: 'passive',
  risk: 'safe',
  options: z.object({}),
  batchSize: 1,
  timeoutMs: 1000,
  run: async function* () {},
});
const registry = createRegistry([scanner('headers', ['http.missing-csp']), scanner('other', [])]);

let db: TestDatabase;
let queue: JobQueue;
before(async () => {
  db = await createTestDatabase();
  queue = await openQueue({
    database: db.database,
    log: silentLogger,
    install: { queues: ['scan-closing'] },
  });
});
after(async () => {
  await queue.close();
  await db.close();
});

const looks = [
  { scanner: 'headers', outcome: 'looked', state: 'fixed' },
  { scanner: 'headers', outcome: 'unreachable', state: 'open' },
  { scanner: 'headers', outcome: 'limited', state: 'open' },
  { scanner: 'other', outcome: 'looked', state: 'open' },
  { scanner: undefined, outcome: '', state: 'open' },
  { scanner: 'templates', outcome: 'looked', rules: ['check.a', 'http.missing-csp'], state: 'fixed' },
  { scanner: 'templates', outcome: 'looked', rules: ['check.a'], state: 'open' },
  { scanner: 'templates', outcome: 'limited', rules: ['http.missing-csp'], state: 'open' },
];
for (const look of looks) {
  const asked = 'rules' in look ? ` for ${look.rules.join(' and ')}` : '';
  test(`a finding that is missing after ${look.scanner ?? 'no scanner'} ${look.outcome}${asked} is ${look.state}`, async () => {
    const { id: tenant } = await db.createTenant();
    const [target, earlier, later, asset, finding] = [newId(), newId(), newId(), newId(), newId()];
    await db.database.inTenant(tenant, async tx => {
      await sql`insert into target (id, domain, challenge) values (${target}, 'corp.test', 'c')`.execute(
        tx.sql,
      );
      for (const [id, scanState] of [
        [earlier, 'completed'],
        [later, 'closing'],
      ])
        await sql`insert into scan (id, target_id, state, is_active, engine, scope) values (${id}, ${target}, ${scanState}, true, '{}', '{}')`.execute(
          tx.sql,
        );
      await sql`insert into asset (id, kind, key, in_scope, first_scan_id, last_scan_id) values (${asset}, 'website', 'w', true, ${earlier}, ${later})`.execute(
        tx.sql,
      );
      await sql`insert into finding (id, identity, rule_id, asset_id, severity, severity_rank, confidence, evidence, first_scan_id, last_scan_id)
        values (${finding}, 'v1', 'http.missing-csp', ${asset}, 'low', 3, 'firm', '', ${earlier}, ${earlier})`.execute(
        tx.sql,
      );
      await sql`insert into scan_finding (scan_id, finding_id) values (${earlier}, ${finding})`.execute(
        tx.sql,
      );
      const set = 'rules' in look ? 'set' : null;
      if ('rules' in look)
        await sql`insert into rule_set (id, rules) values (${set}, ${look.rules})`.execute(tx.sql);
      if (look.scanner)
        await sql`insert into coverage (scan_id, scanner, asset_id, outcome, rule_set_id) values (${later}, ${look.scanner}, ${asset}, ${look.outcome}, ${set})`.execute(
          tx.sql,
        );
    });
    const platform = { database: db.database, queue, registry } as unknown as Platform;
    const job = {
      id: newId(),
      queue: 'scan-closing',
      data: { tenantId: tenant, subjectId: later },
      attempt: 0,
    };
    await closeScan(job, platform);
    await closeScan(job, platform);
    const { rows } = await db.database.inTenant(tenant, tx =>
      sql<{ state: string; scan: string; gone: number }>`select f.state, s.state as scan,
        (s.summary->'changes'->>'goneFindings')::int as gone from finding f, scan s where s.id = ${later}`.execute(
        tx.sql,
      ),
    );
    assert.deepEqual(rows, [{ state: look.state, scan: 'completed', gone: look.state === 'fixed' ? 1 : 0 }]);
  });
}

test('risk grows with each finding, less with each more, and explains itself', () => {
  const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
  const score = (of: Partial<Record<(typeof severities)[number], number>>) =>
    scoreRisk({ severities, findings: { critical: 0, high: 0, medium: 0, low: 0, info: 0, ...of } });
  assert.deepEqual(score({ info: 50 }), {
    score: 0,
    grade: 'A',
    reasons: ['there are no open findings above informational'],
  });
  assert.deepEqual(score({ critical: 1 }).grade, 'D');
  assert.match(score({ high: 2 }).reasons[0] ?? '', /2 high findings add 23 points/);
  assert.ok(score({ low: 100 }).score < score({ critical: 1 }).score);
  assert.equal(score({ critical: 1000 }).score, 100);
});
