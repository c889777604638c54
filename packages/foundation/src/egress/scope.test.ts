import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../errors.ts';
import { canonicalHostName, createScope, parseHost } from './scope.ts';

const scope = createScope({
  domains: ['Example.ORG', 'labs.example.net', 'bücher.example'],
  networks: ['9.9.0.0/16', '2a00:1::/32', '10.1.0.0/16'],
  excluded: ['secret.example.org', '9.9.9.0/24', '2a00:1:dead::/48'],
  allowedPrivateRanges: ['10.1.2.0/24'],
});

const names: readonly [string, boolean][] = [
  ['example.org', true],
  ['WWW.example.ORG.', true],
  ['a.b.c.example.org', true],
  ['xn--bcher-kva.example', true],
  ['bücher.example', true],
  ['labs.example.net', true],
  ['example.net', false],
  ['notexample.org', false],
  ['example.org.evil.test', false],
  ['org', false],
  ['secret.example.org', false],
  ['deep.secret.example.org', false],
  ['notsecret.example.org', true],
  ['', false],
  ['exa mple.org', false],
  ['-x.example.org', false],
  [`${'a'.repeat(64)}.example.org`, false],
  ['127.0.0.1', false],
];

for (const [name, isAllowed] of names)
  test(`the name ${JSON.stringify(name)} is ${isAllowed ? 'in' : 'out of'} scope`, () =>
    assert.equal(scope.name(name).isAllowed, isAllowed));

const networks: readonly [string, boolean, string?][] = [
  ['9.9.1.1', true],
  ['9.9.9.9', false, 'out-of-scope'],
  ['9.8.0.1', false, 'out-of-scope'],
  ['2a00:1:0::1', true],
  ['2a00:1:dead::1', false, 'out-of-scope'],
  ['10.1.2.3', true],
  ['10.1.3.3', false, 'forbidden-address'],
  ['::ffff:9.9.1.1', false, 'out-of-scope'],
  ['example.org', false, 'out-of-scope'],
];

for (const [address, isAllowed, code] of networks)
  test(`${address} is ${isAllowed ? 'a target' : `refused as ${code}`}`, () => {
    const verdict = scope.network(address);
    assert.equal(verdict.isAllowed, isAllowed);
    if (!verdict.isAllowed) assert.equal(verdict.code, code);
  });

test('what a name in scope resolved to may be reached unless it is special or excluded', () => {
  assert.ok(scope.reachable('1.1.1.1').isAllowed);
  assert.ok(scope.reachable('10.1.2.9').isAllowed);
  for (const address of [
    '127.0.0.1',
    '169.254.169.254',
    '10.1.1.1',
    '::1',
    '::ffff:1.1.1.1',
    '9.9.9.1',
    'nonsense',
  ])
    assert.ok(!scope.reachable(address).isAllowed, address);
});

test('an exclusion wins over an allowed private range', () => {
  const both = createScope({
    domains: [],
    networks: [],
    excluded: ['10.0.0.5'],
    allowedPrivateRanges: ['10.0.0.0/8'],
  });
  assert.ok(both.reachable('10.0.0.4').isAllowed);
  assert.ok(!both.reachable('10.0.0.5').isAllowed);
});

test('rules that cannot be read are refused with a sentence', () => {
  for (const rules of [
    { domains: ['exa mple'] },
    { networks: ['10.0.0.0/99'] },
    { excluded: ['a/b'] },
    { allowedPrivateRanges: ['x'] },
  ])
    assert.throws(
      () => createScope({ domains: [], networks: [], excluded: [], allowedPrivateRanges: [], ...rules }),
      (error: unknown) => error instanceof UserError && error.code === 'scope.invalid',
    );
});

test('hosts of URLs are told apart', () => {
  assert.deepEqual(parseHost('[2A00::1]'), { kind: 'address', value: '2a00::1' });
  assert.deepEqual(parseHost('EXAMPLE.org'), { kind: 'name', value: 'example.org' });
  assert.equal(parseHost('127.1'), undefined);
  assert.equal(canonicalHostName('a..b'), undefined);
});
