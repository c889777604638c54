import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributesOf, coverageOf, findingsOf, keysOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import tcpPorts from './tcp-ports.ts';

const practice = usePractice('tcp-ports');
const scan = (...names: string[]) =>
  runScanner(
    tcpPorts,
    names.map(name => ({ kind: 'ip', key: practice().addressOf(name) })),
    practice().terrain,
  );

test('open ports become services, closed ones do not', async () => {
  const seen = await scan('dev.larkspur.test', 'db.larkspur.test');
  const dev = practice().addressOf('dev.larkspur.test');
  const db = practice().addressOf('db.larkspur.test');
  assert.deepEqual(
    keysOf(seen, 'service'),
    [`${dev}:2222/tcp`, `${dev}:8000/tcp`, `${db}:3306/tcp`, `${db}:8080/tcp`].sort(),
  );
  assert.deepEqual(coverageOf(seen), { [dev]: 'looked', [db]: 'looked' });
});

test('an address that answers on every port is reported, its ports are not believed', async () => {
  const seen = await scan('edge7.larkspur.test');
  const trap = practice().addressOf('edge7.larkspur.test');
  assert.deepEqual(findingsOf(seen), [`host.answers-on-every-port ${trap}`]);
  assert.deepEqual(keysOf(seen, 'service'), []);
  assert.equal(attributesOf(seen, 'ip', trap)['answersOnEveryPort'], true);
});

test('an address without any service was looked at; one out of scope was not', async () => {
  const quiet = practice().addressOf('ns1.larkspur.test');
  const assets = [quiet, '10.80.12.7', '127.0.0.1'].map(key => ({ kind: 'ip' as const, key }));
  const seen = await runScanner(tcpPorts, assets, practice().terrain);
  assert.deepEqual(coverageOf(seen), { [quiet]: 'looked', '10.80.12.7': 'skipped', '127.0.0.1': 'skipped' });
});
