import { isCheckRuleId, rules, type AssetKind } from '@glacis/contract';
import type { Observation, Scanner } from '@glacis/engine';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usePractice, type GivenAsset } from '../test/practice.ts';
import { openJob, runScanner } from '../test/scan-in-memory.ts';
import { scanners } from './index.ts';

const practice = usePractice('conformance');

/** Inputs of a scanner: everything in scope that it consumes and accepts, at most 40 of a kind. */
function inputsOf(scanner: Scanner): GivenAsset[] {
  return scanner.consumes.flatMap(kind =>
    practice()
      .assets(kind)
      .filter(asset => scanner.accepts?.({ attributes: {}, ...asset }) ?? true)
      .slice(0, 40),
  );
}

/** The same kinds of asset, but of others: nothing may be sent to them. */
function foreignInputsOf(scanner: Scanner): GivenAsset[] {
  const { bystanders } = practice().net.world;
  const others = bystanders.filter(({ name }) => !name.endsWith('larkspur.test'));
  const web = { tls: true, protocol: 'https', status: 200, technologies: ['nginx/1.18.0'] };
  const keyOf: Partial<Record<AssetKind, (name: string, address: string) => string>> = {
    domain: name => name,
    hostname: name => name,
    endpoint: name => `${name}:8443`,
    website: name => `http://${name}:8080`,
  };
  return scanner.consumes.flatMap(kind => {
    const key = keyOf[kind];
    return key ? others.map(({ name, address }) => ({ kind, key: key(name, address), attributes: web })) : [];
  });
}

/** What identifies an observation, without what may differ between runs. */
function identityOf(observation: Observation): string {
  if (observation.type === 'blob') return `blob ${observation.asset.key} ${observation.name}`;
  return JSON.stringify(observation);
}

for (const scanner of scanners) {
  test(`${scanner.id} declares itself properly`, () => {
    assert.match(scanner.id, /^[a-z]+(-[a-z0-9]+)*$/);
    assert.match(scanner.description, /\.$/);
    assert.ok(scanner.consumes.length > 0);
    for (const rule of scanner.reports) assert.ok(rule in rules, rule);
    assert.deepEqual(
      Object.keys(scanner.options.parse({})).sort(),
      Object.keys(scanner.options.shape).sort(),
    );
    assert.ok(scanner.batchSize >= 1 && scanner.batchSize <= 200);
    assert.ok(scanner.timeoutMs >= 1000 && scanner.timeoutMs <= 600_000);
  });

  if (scanner.needsBrowser) continue;

  test(`${scanner.id} keeps to its declaration, covers each asset once, and says the same twice`, async () => {
    const inputs = inputsOf(scanner);
    const keys = new Set(inputs.map(({ kind, key }) => `${kind} ${key}`));
    assert.ok(inputs.length > 0);
    const runs = await Promise.all([
      runScanner(scanner, inputs, practice().terrain),
      runScanner(scanner, [...inputs].reverse(), practice().terrain),
    ]);
    for (const observations of runs) {
      for (const observation of observations) {
        if (observation.type === 'asset') {
          assert.ok(scanner.produces.includes(observation.asset.kind), observation.asset.kind);
          assert.ok(keys.has(`${observation.from.kind} ${observation.from.key}`), 'from is an input');
          assert.ok(observation.reason.length > 3);
        } else if (observation.type === 'finding') {
          if (isCheckRuleId(observation.ruleId)) assert.ok(scanner.hasTemplates && observation.rule);
          else assert.ok(scanner.reports.includes(observation.ruleId), observation.ruleId);
          assert.ok(observation.evidence.length > 0);
        }
      }
      const covered = observations.flatMap(each =>
        each.type === 'coverage' ? [`${each.asset.kind} ${each.asset.key}`] : [],
      );
      assert.deepEqual(covered.sort(), [...keys].sort());
    }
    const turning = /swing|flipflop/;
    const [first, second] = runs.map(observations =>
      observations
        .map(identityOf)
        .filter(text => !turning.test(text))
        .sort(),
    );
    assert.deepEqual(first, second);
    assert.equal(practice().net.counters().total, 0);
  });

  test(`${scanner.id} sends nothing to what is out of scope`, async () => {
    const inputs = foreignInputsOf(scanner);
    const observations = await runScanner(scanner, inputs, practice().terrain);
    const covered = observations.filter(({ type }) => type === 'coverage');
    assert.equal(covered.length, inputs.length);
    assert.equal(practice().net.counters().total, 0);
  });

  test(`${scanner.id} stops when the scan is cancelled`, async () => {
    const inputs = inputsOf(scanner);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    const run = runScanner(scanner, inputs, practice().terrain, { signal: controller.signal });
    await run.then(
      observations => assert.ok(observations.length > 0),
      (error: unknown) => assert.match(String(error), /cancelled/),
    );
  });
}

test('addresses and services of others are refused although nothing was looked up', async () => {
  const { bystanders } = practice().net.world;
  const job = openJob(practice().terrain);
  for (const { address } of bystanders) {
    await assert.rejects(job.capabilities.tcp.probe(address, 8080, 500));
    await assert.rejects(job.capabilities.http.request({ url: `http://${address}:8080/` }));
    await assert.rejects(job.capabilities.tls.inspect({ host: address, port: 8443, timeoutMs: 500 }));
  }
  await job.close();
  assert.equal(practice().net.counters().total, 0);
});
