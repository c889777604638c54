import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { launchScan, listTargets, readReport, readScanView, requestReport, stopScan } from '@glacis/domain';
import { sql } from '@glacis/db';
import { scanners } from '@glacis/scanners';
import { readFileSync } from 'node:fs';
import { startInstallation, type Installation } from './installation.ts';

const KILLS = 20;
const KEEPER = 'keeper.ts';
const SCAN_TIMEOUT_MS = 240_000;
const RESTART_TIMEOUT_MS = 30_000;
const withoutBrowser = scanners.filter(scanner => !scanner.needsBrowser).map(scanner => scanner.id);

let glacis: Installation;
let undisturbed: Result;
before(async () => {
  glacis = await startInstallation();
  undisturbed = await resultOf(await finished(await launch()));
});
after(() => glacis.stop());

/** What a scan says about the network, in an order of its own. */
interface Result {
  readonly assets: readonly string[];
  readonly findings: readonly string[];
}

/** What a scan missed or made up against the undisturbed one; short, so that a failure can be read. */
function difference(actual: Result): Record<string, readonly string[]> {
  const without = (left: readonly string[], right: readonly string[]): string[] =>
    left.filter(line => !right.includes(line));
  return {
    missed: [
      ...without(undisturbed.assets, actual.assets),
      ...without(undisturbed.findings, actual.findings),
    ],
    unexpected: [
      ...without(actual.assets, undisturbed.assets),
      ...without(actual.findings, undisturbed.findings),
    ],
  };
}
const NONE = { missed: [], unexpected: [] };

async function launch(ids: readonly string[] = withoutBrowser): Promise<string> {
  const { items: targets } = await glacis.platform.database.inTenant(glacis.tenant, tx => listTargets(tx));
  const [first = '', ...others] = targets.map(target => target.id);
  const engine = { scanners: ids };
  return (
    await launchScan(glacis.platform, glacis.tenant, { targetIds: [first, ...others], engine, userId: null })
  ).id;
}

/** Asks again while the database is away: some tests make it so. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt > 100) throw error;
      await delay(100);
    }
  }
}

async function finished(scanId: string): Promise<string> {
  const deadline = Date.now() + SCAN_TIMEOUT_MS;
  for (;;) {
    const scan = await patiently(() =>
      glacis.platform.database.inTenant(glacis.tenant, tx => readScanView(tx, scanId)),
    );
    if (scan.state === 'completed') return scanId;
    assert.ok(scan.state === 'running' || scan.state === 'closing', `the scan is ${scan.state}`);
    assert.ok(Date.now() < deadline, 'the scan did not end in time');
    await delay(50);
  }
}

async function resultOf(scanId: string): Promise<Result> {
  return patiently(() =>
    glacis.platform.database.inTenant(glacis.tenant, async tx => {
      const { rows: assets } = await sql<{
        line: string;
      }>`select a.kind || ' ' || a.key as line
        from scan_asset sa join asset a on a.id = sa.asset_id where sa.scan_id = ${scanId} and a.in_scope order by 1`.execute(
        tx.sql,
      );
      const { rows: findings } = await sql<{
        line: string;
      }>`select f.rule_id || ' ' || a.key || ' ' || f.parameter as line
        from scan_finding sf join finding f on f.id = sf.finding_id join asset a on a.id = f.asset_id
        where sf.scan_id = ${scanId} order by 1`.execute(tx.sql);
      const { rows: failed } =
        await sql`select 1 from scan_job where scan_id = ${scanId} and state = 'failed'`.execute(tx.sql);
      assert.equal(failed.length, 0, 'no job was given up');
      return { assets: assets.map(row => row.line), findings: findings.map(row => row.line) };
    }),
  );
}

/** Kills one of the processes with the text in its command line; the keeper's names the server that it keeps. */
function kill(text: string): boolean {
  const running = glacis.processes(text).filter(entry => text === KEEPER || !entry.command.includes(KEEPER));
  const victim = running[Math.floor(Math.random() * running.length)];
  if (!victim) return false;
  process.kill(victim.pid, 'SIGKILL');
  return true;
}

test('the undisturbed scan finds a network', () => {
  assert.ok(undisturbed.assets.length > 300 && undisturbed.findings.length > 100);
});

test(`workers killed at ${KILLS} random points change nothing in the results`, async t => {
  let kills = 0;
  for (let round = 1; kills < KILLS; round += 1) {
    const scanId = await launch();
    const end = finished(scanId).then(() => 'ended' as const);
    for (;;) {
      const outcome = await Promise.race([end, delay(200 + Math.random() * 1500, 'go on' as const)]);
      if (outcome === 'ended' || kills >= KILLS) break;
      if (kill('apps/worker/src/main.ts')) kills += 1;
    }
    await end;
    assert.deepEqual(difference(await resultOf(scanId)), NONE, `round ${round}, ${kills} kills`);
  }
  t.diagnostic(`${kills} kills`);
});

for (const [name, text] of [
  ['server', 'apps/server/src/main.ts'],
  ['PostgreSQL', 'bin/postgres -D'],
  ['keeper of PostgreSQL', KEEPER],
] as const) {
  test(`a killed ${name} changes nothing in the results, and is back`, async () => {
    const scanId = await launch();
    await delay(1500);
    assert.ok(kill(text), `${name} runs`);
    await finished(scanId);
    assert.deepEqual(difference(await resultOf(scanId)), NONE);
    const health = await patiently(async () => {
      const response = await fetch(`${glacis.address}/api/health`);
      if (!response.ok) throw new Error(`health is ${response.status}`);
      return response.json() as Promise<unknown>;
    });
    assert.deepEqual(health, { status: 'ok' });
    const deadline = Date.now() + RESTART_TIMEOUT_MS;
    while (glacis.processes(text).length === 0) {
      assert.ok(Date.now() < deadline, `${name} runs again`);
      await delay(100);
    }
  });
}

test('a killed renderer loses neither screenshots nor the report', async () => {
  const scanId = await launch(scanners.map(scanner => scanner.id));
  const shots = async (): Promise<number> => {
    const { rows } = await patiently(() =>
      glacis.platform.database.inTenant(glacis.tenant, tx =>
        sql<{ n: number }>`select count(*)::int as n from blob where name = 'screenshot'`.execute(tx.sql),
      ),
    );
    return rows[0]?.n ?? 0;
  };
  while ((await shots()) === 0) await delay(100);
  assert.ok(kill('apps/renderer/src/main.ts'));
  await finished(scanId);
  assert.ok((await shots()) > 20, `there are ${await shots()} screenshots`);
  const report = await glacis.platform.database.inTenant(glacis.tenant, tx =>
    requestReport(tx, glacis.platform.queue, { scanId, design: 'attack-surface', userId: null }),
  );
  await delay(500);
  assert.ok(kill('apps/renderer/src/main.ts'));
  const deadline = Date.now() + SCAN_TIMEOUT_MS;
  for (;;) {
    const view = await glacis.platform.database.inTenant(glacis.tenant, tx => readReport(tx, report.id));
    if (view.state === 'ready') break;
    assert.notEqual(view.state, 'failed', view.error ?? '');
    assert.ok(Date.now() < deadline, 'the report was not rendered in time');
    await delay(100);
  }
});

test('cancelling stops everything within two seconds', async () => {
  const scanId = await launch(scanners.map(scanner => scanner.id));
  await delay(2500);
  await glacis.platform.database.inTenant(glacis.tenant, tx => stopScan(tx, scanId));
  await delay(2000);
  assert.deepEqual(connectionsToPractice(), [], 'no connection is open');
  const count = async (): Promise<unknown> =>
    glacis.platform.database.inTenant(
      glacis.tenant,
      async tx => (await sql`select count(*) from scan_asset where scan_id = ${scanId}`.execute(tx.sql)).rows,
    );
  const before = await count();
  await delay(1000);
  assert.deepEqual(await count(), before, 'nothing is stored any more');
});

/** Established connections of this machine to the practice network, from the kernel's table; the client's side of each. */
function connectionsToPractice(): string[] {
  // Addresses stand there in little-endian hexadecimal: 127.80.1.2 is 0201507F.
  const inBlock = new RegExp(`^[0-9A-F]{4}${(glacis.block >> 4).toString(16).toUpperCase()}[0-9A-F]7F:`);
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields[3] === '01' && inBlock.test(fields[2] ?? ''))
    .map(fields => fields[2] ?? '');
}
