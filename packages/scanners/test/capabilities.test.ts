import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { startPracticeNet, type PracticeNet } from '@glacis/app-practice-net';
import {
  createEgress,
  EgressError,
  LocalBudget,
  networkProfile,
  silentLogger,
  type Egress,
} from '@glacis/foundation';
import { createCapabilities, type Reach } from '@glacis/engine';

let net: PracticeNet;
let egress: Egress;
let reach: Reach;
let server: Server;
let port = 0;
const LOCAL = '127.1.7.1';

before(async () => {
  net = await startPracticeNet({
    hosts: 40,
    seed: 'reach',
    block: 'auto',
    dnsPort: 0,
    ctPort: 0,
    controlPort: 0,
  });
  server = createServer(talk);
  await new Promise<void>(resolve => server.listen({ host: LOCAL, port: 0 }, resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  const profile = networkProfile.parse({
    zones: ['*'],
    resolvers: [`${net.dns.address}:${net.dns.port}`],
    nameServerPort: net.dns.port,
    ctSearchUrl: net.ct,
  });
  egress = createEgress({
    scope: {
      domains: [...net.truth.domains],
      networks: [`${LOCAL}/32`],
      excluded: [],
      allowedPrivateRanges: [...net.truth.ranges, `${LOCAL}/32`],
    },
    profile,
    budget: new LocalBudget({ ratePerAddress: 5000, burstPerAddress: 1000 }),
    signal: new AbortController().signal,
    log: silentLogger,
  });
  reach = createCapabilities({ egress, profile, log: silentLogger });
});

after(async () => {
  await reach.close();
  await net.close();
  await new Promise<void>(resolve => server.close(() => resolve()));
});

/** Greets, then answers each line by its own rules. */
function talk(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.write('hello\n');
  socket.on('data', chunk => {
    const line = chunk.toString().trim();
    if (line === 'much') socket.write(Buffer.alloc(2_000_000, 'x'));
    else if (line === 'bye') socket.end('bye\n');
    else if (line !== 'silence') socket.write(`${line}!\n`);
  });
}

test('a wildcard is told from names of their own, at every depth', async () => {
  const { dns } = reach.capabilities;
  assert.equal(await dns.wildcard('larkspur.test'), undefined);
  const wildcard = await dns.wildcard('apps.larkspur.test');
  const [apps] = (await dns.resolve('apps.larkspur.test')).addresses;
  assert.deepEqual(wildcard && [...wildcard.addresses], [apps]);
  assert.equal(wildcard?.isUnstable, false);
  assert.ok(await dns.wildcard('deep.apps.larkspur.test'));
});

test('records keep their fields, and large sets come over TCP', async () => {
  const { dns } = reach.capabilities;
  const mail = await dns.query('larkspur.test', 'MX');
  assert.deepEqual(
    mail.records.map(record => record.fields?.['exchange']),
    ['mail.larkspur.test', 'mx.bystander.test'],
  );
  const texts = await dns.query('_records.larkspur.test', 'TXT');
  assert.equal(texts.records.length, 24);
});

test('one name server gives its zone, the others refuse, foreign ones are not asked', async () => {
  const { dns } = reach.capabilities;
  const records = await dns.transfer('larkspur-labs.test', 'ns3.larkspur-labs.test');
  assert.ok(records.some(record => record.name === 'kiln-04.larkspur-labs.test' && record.type === 'A'));
  assert.equal(records.filter(record => record.type === 'SOA').length, 1);
  await assert.rejects(dns.transfer('larkspur.test', 'ns1.larkspur.test'), hasCode('refused'));
  await assert.rejects(dns.transfer('larkspur-labs.test', 'ns.bystander.test'), hasCode('out-of-scope'));
  await assert.rejects(dns.transfer('bystander.test', 'ns3.larkspur-labs.test'), hasCode('out-of-scope'));
  assert.equal(net.counters().total, 0);
});

test('ports are open or closed, and unscoped addresses are refused rather than closed', async () => {
  const { tcp } = reach.capabilities;
  assert.equal(await tcp.probe(LOCAL, port, 1000), 'open');
  assert.equal(await tcp.probe(LOCAL, 1, 1000), 'closed');
  await assert.rejects(tcp.probe('127.1.7.2', port, 1000), hasCode('out-of-scope'));
});

test('reads end at what was waited for, at the limit, in time and at the end', async () => {
  const connection = await reach.capabilities.tcp.connect(LOCAL, port, 1000);
  const read = (maxBytes: number, timeoutMs: number, until?: (received: Buffer) => boolean) =>
    connection.read({ maxBytes, timeoutMs, ...(until ? { until } : {}) });
  const isLine = (received: Buffer) => received.includes(0x0a);
  assert.equal((await read(100, 2000, isLine)).toString(), 'hello\n');
  await connection.write('one');
  assert.equal((await read(100, 2000, isLine)).toString(), 'one!\n');
  await connection.write('silence');
  assert.equal((await read(100, 50, isLine)).length, 0);
  await connection.write('much');
  assert.equal((await read(1000, 2000, () => false)).length, 1000);
  connection.close();
  const other = await reach.capabilities.tcp.connect(LOCAL, port, 1000);
  await other.write('bye');
  const all = await other.read({ maxBytes: 100, timeoutMs: 2000, until: () => false });
  assert.match(all.toString(), /bye\n$/);
  other.close();
});

test('a handshake shows the certificate, a service without TLS has none', async () => {
  const { tls } = reach.capabilities;
  const seen = await tls.inspect({
    host: 'www.larkspur.test',
    port: 8443,
    serverName: 'www.larkspur.test',
    timeoutMs: 3000,
  });
  assert.match(seen.protocol, /^TLSv1\.[23]$/);
  assert.ok(seen.chain[0]?.equals(seen.certificate.raw));
  assert.match(seen.certificate.subjectaltname ?? '', /DNS:clubhouse\.larkspur\.test/);
  await assert.rejects(tls.inspect({ host: 'www.larkspur.test', port: 8080, timeoutMs: 3000 }), EgressError);
});

test('without a browser a screenshot says so', async () => {
  const shot = reach.capabilities.browser.screenshot('http://www.larkspur.test/', {
    width: 1,
    height: 1,
    timeoutMs: 1,
  });
  await assert.rejects(shot, hasCode('refused'));
});

function hasCode(code: string) {
  return (error: unknown) => error instanceof EgressError && error.code === code;
}
