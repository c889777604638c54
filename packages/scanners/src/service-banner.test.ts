import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer, type Socket } from 'node:net';
import { after } from 'node:test';
import { attributesOf, coverageOf, findingsOf, usePractice } from '../test/practice.ts';
import { runScanner } from '../test/scan-in-memory.ts';
import { classifyGreeting } from './parts/service-talk.ts';
import serviceBanner from './service-banner.ts';

const practice = usePractice('service-banner');
const closers: (() => void)[] = [];
after(() => closers.forEach(close => close()));
const settings = { timeoutMs: 1500 };

test('every service of the practice network is told by what it says', async () => {
  const services = practice().assets('service');
  const seen = await runScanner(
    serviceBanner,
    services.map(({ kind, key }) => ({ kind, key })),
    practice().terrain,
    { settings: { timeoutMs: 3000 } },
  );
  for (const { key, attributes = {} } of services) {
    const found = attributesOf(seen, 'service', key);
    assert.equal(found['protocol'], attributes['protocol'], key);
    assert.equal(found['tls'], attributes['tls'], key);
    if (attributes['product'] !== undefined) assert.equal(found['product'], attributes['product'], key);
  }
  const expected = practice()
    .net.truth.findings.filter(({ ruleId }) => ruleId.startsWith('service.'))
    .map(({ ruleId, assetKey }) => `${ruleId} ${assetKey}`);
  assert.deepEqual(findingsOf(seen), expected.sort());
});

test('a Redis that wants a password is recognised and not reported', async () => {
  const key = `${practice().addressOf('furnace-k8.larkspur-labs.test')}:6379/tcp`;
  const seen = await runScanner(serviceBanner, [{ kind: 'service', key }], practice().terrain, { settings });
  assert.equal(attributesOf(seen, 'service', key)['protocol'], 'redis');
  assert.deepEqual(findingsOf(seen), []);
});

const greetings: readonly [text: string, expected: Record<string, unknown>][] = [
  ['SSH-2.0-OpenSSH_9.6p1 Ubuntu-3\r\n', { protocol: 'ssh', product: 'openssh', version: '9.6p1' }],
  ['SSH-2.0-dropbear_2022.83\r\n', { protocol: 'ssh', product: 'dropbear', version: '2022.83' }],
  ['220 (vsFTPd 3.0.3)\r\n', { protocol: 'ftp', product: 'vsftpd', version: '3.0.3' }],
  ['220 ProFTPD Server (files)\r\n', { protocol: 'ftp', product: 'proftpd' }],
  ['220 mail.example.org ESMTP Exim 4.96 Mon\r\n', { protocol: 'smtp', product: 'exim', version: '4.96' }],
  ['220 mail.example.org ESMTP\r\n', { protocol: 'smtp' }],
];
for (const [text, expected] of greetings)
  test(`the greeting ${JSON.stringify(text)} is understood`, () => {
    const { protocol, product, version } = classifyGreeting(Buffer.from(text)) ?? {};
    assert.deepEqual(JSON.parse(JSON.stringify({ protocol, product, version })), expected);
  });

test('greetings that mean nothing are not guessed at', () => {
  for (const text of ['', '220 ready\r\n', '\u0000\u0001\u0002', 'welcome\n', 'HTTP/1.1 400 Bad\r\n'])
    assert.equal(classifyGreeting(Buffer.from(text)), undefined, text);
  const mysql = Buffer.concat([
    Buffer.from([0x4a, 0, 0, 0, 10]),
    Buffer.from('5.5.5-10.6.12-MariaDB\u0000more'),
  ]);
  assert.deepEqual(classifyGreeting(mysql), {
    protocol: 'mysql',
    isTls: false,
    product: 'mariadb',
    version: '10.6.12',
    banner: '5.5.5-10.6.12-MariaDB',
  });
});

/** Starts a service in the practice range and scans it. */
async function scanOne(handle: (socket: Socket) => void) {
  const second = practice().net.world.plan.block;
  const address = `127.${second}.200.9`;
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy());
    handle(socket);
  });
  await new Promise<void>(resolve => server.listen({ host: address, port: 0 }, resolve));
  closers.push(() => server.close());
  const bound = server.address();
  const key = `${address}:${typeof bound === 'object' && bound !== null ? bound.port : 0}/tcp`;
  const seen = await runScanner(serviceBanner, [{ kind: 'service', key }], practice().terrain, {
    settings: { timeoutMs: 400 },
  });
  return { key, seen, said: attributesOf(seen, 'service', key) };
}

test('silence, floods, resets and nonsense end as unknown and unreachable', async () => {
  const flood = (socket: Socket) => {
    const push = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 0x41)));
    };
    socket.on('drain', push);
    push();
  };
  const hostile: ((socket: Socket) => void)[] = [
    socket => void socket.resume(),
    flood,
    socket => socket.resetAndDestroy(),
    socket => void socket.end('\u0000\u0001\u0002nonsense\n'),
  ];
  for (const handle of hostile) {
    const { key, seen, said } = await scanOne(handle);
    assert.equal(said['protocol'], 'unknown');
    assert.deepEqual(coverageOf(seen), { [key]: 'unreachable' });
  }
});

test('a banner with control characters is kept as harmless text', async () => {
  const { said } = await scanOne(socket => void socket.end('SSH-2.0-Evil_1.0 \u001b[31m<script>\u0007\r\n'));
  assert.equal(said['protocol'], 'ssh');
  assert.equal(said['banner'], 'SSH-2.0-Evil_1.0 [31m<script>');
});
