import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import { supportTable } from './data/end-of-life.ts';
import outdatedProducts from './outdated-products.ts';
import { compareVersions } from './parts/versions.ts';

const practice = usePractice('outdated-products');
const judge = (...technologies: string[]) =>
  runScanner(
    outdatedProducts,
    [{ kind: 'website', key: 'http://x.test', attributes: { technologies } }],
    practice().terrain,
  );

test('versions below the maintained ones are reported, others, unknown and vague ones are not', async () => {
  const seen = await judge(
    'nginx/1.18.0',
    'nginx/1.28.0',
    'nginx',
    'apache/2.4',
    'apache/2.4.29',
    'php/7.4.3',
    'thing/0.1',
  );
  const site = 'http.outdated-product http://x.test';
  assert.deepEqual(findingsOf(seen), [`${site} apache/2.4.29`, `${site} nginx/1.18.0`, `${site} php/7.4.3`]);
});

test('every product that the practice network knows is in the table, with the same bound', () => {
  for (const { product, maintainedFrom } of practice().net.truth.products)
    assert.equal(supportTable.find(row => row.product === product)?.maintainedFrom, maintainedFrom, product);
});

test('hostile attributes do not throw', async () => {
  for (const technologies of ['nginx/1', 7, null, [7, 'nginx/..', '/', '']])
    await runScanner(
      outdatedProducts,
      [{ kind: 'website', key: 'http://x.test', attributes: { technologies } }],
      practice().terrain,
    );
});

test('versions are compared by their numbers', () => {
  assert.ok(compareVersions('1.9.0', '1.10.0') < 0);
  assert.ok(compareVersions('2.4.60', '2.4.60') === 0);
  assert.ok(compareVersions('10.0', '9.9.9') > 0);
  assert.ok(compareVersions('3', '3.5.0') === 0);
  assert.ok(compareVersions('7.4.3-ubuntu1', '8.1.0') < 0);
});
