import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { a, portOf, startResponder, type Responder } from '../../test/dns-responder.ts';
import { silentLogger } from '../log.ts';
import { networkProfile } from '../network-profile.ts';
import { createEgress, type Egress } from './egress.ts';
import { EgressError, type ScopeRules } from './guard.ts';
import { LocalBudget } from './local-budget.ts';

const OURS = '127.1.1.1';
const OTHERS = '127.1.2.1';
const CARD = '127.1.1.9';

let ours: Server;
let others: Server;
let card: Server;
let port = 0;
let dns: Responder;
const packets = { ours: 0, others: 0, card: 0 };
const opened: Egress[] = [];

function listen(server: Server, host: string, at: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: at }, resolve);
  });
}

before(async () => {
  ours = createServer(socket => {
    packets.ours += 1;
    socket.on('error', () => socket.destroy());
    socket.write('hello\n');
  });
  others = createServer(socket => {
    packets.others += 1;
    socket.destroy();
  });
  card = createServer(socket => {
    packets.card += 1;
    socket.destroy();
  });
  await listen(ours, OURS, 0);
  port = portOf(ours);
  await listen(others, OTHERS, port);
  await listen(card, CARD, port);
  dns = await startResponder((name, type, _via, asked) => {
    if (type !== 'A') return {};
    if (name === 'www.ours.test') return { answers: [a(name, OURS)] };
    if (name === 'alias.ours.test')
      return {
        answers: [{ type: 'CNAME', name, ttl: 1, data: 'www.elsewhere.test' }, a('www.elsewhere.test', OURS)],
      };
    if (name === 'inside.ours.test') return { answers: [a(name, '10.0.0.7')] };
    if (name === 'neighbour.ours.test') return { answers: [a(name, OTHERS)] };
    if (name === 'excluded.ours.test') return { answers: [a(name, CARD)] };
    if (name === 'mixed.ours.test')
      return { answers: [a(name, OTHERS), a(name, OURS), a(name, '169.254.169.254')] };
    if (name === 'swing.ours.test') return { answers: [a(name, asked % 2 === 0 ? OURS : OTHERS)] };
    if (name === 'www.elsewhere.test') return { answers: [a(name, OURS)] };
    return { rcode: 3 };
  });
});

after(async () => {
  for (const egress of opened) egress.close();
  await Promise.all(
    [ours, others, card].map(server => new Promise<void>(resolve => server.close(() => resolve()))),
  );
  await dns.close();
});

function open(
  scope: Partial<ScopeRules> = {},
  granted: string[] = [],
  signal = new AbortController().signal,
): Egress {
  const profile = networkProfile.parse({
    zones: ['*'],
    resolvers: [dns.resolver],
    ctSearchUrl: `http://${OURS}:${port}/`,
  });
  const rules = {
    domains: ['ours.test'],
    networks: [],
    excluded: [CARD, 'no.ours.test'],
    allowedPrivateRanges: ['127.1.1.0/24'],
    ...scope,
  };
  const budget = new LocalBudget({ ratePerAddress: 10_000, burstPerAddress: 10_000 });
  const egress = createEgress({
    scope: rules,
    profile,
    budget,
    signal,
    log: silentLogger,
    grantedAddresses: granted,
  });
  opened.push(egress);
  return egress;
}

function refusedAs(code: string) {
  return (error: unknown) => error instanceof EgressError && error.code === code;
}

const to = (host: string) => ({ host, port, timeoutMs: 2000 });

test('a name in scope is connected to at the address that was checked', async () => {
  for (const host of ['www.ours.test', 'WWW.ours.test.', 'alias.ours.test']) {
    const socket = await open().connect(to(host));
    assert.equal(socket.remoteAddress, OURS);
    socket.destroy();
  }
});

const refusals: readonly [host: string, code: string][] = [
  ['www.elsewhere.test', 'out-of-scope'],
  ['ours.test.elsewhere.test', 'out-of-scope'],
  ['no.ours.test', 'out-of-scope'],
  ['inside.ours.test', 'forbidden-address'],
  ['neighbour.ours.test', 'forbidden-address'],
  ['excluded.ours.test', 'out-of-scope'],
  ['missing.ours.test', 'unresolvable'],
  [OURS, 'out-of-scope'],
  [OTHERS, 'out-of-scope'],
  ['169.254.169.254', 'out-of-scope'],
  ['[::1]', 'out-of-scope'],
  ['::ffff:127.1.1.1', 'out-of-scope'],
  ['127.1', 'out-of-scope'],
  ['2130772225', 'out-of-scope'],
  ['localhost', 'out-of-scope'],
  ['', 'out-of-scope'],
];
for (const [host, code] of refusals)
  test(`${JSON.stringify(host)} is refused as ${code} and gets no packet`, async () => {
    const before = { ...packets };
    const egress = open();
    await assert.rejects(egress.connect(to(host)), refusedAs(code));
    assert.deepEqual(packets, before);
    assert.equal(egress.decisions.refused[code as 'refused'], 1);
    assert.equal(egress.decisions.allowed, 0);
  });

test('of several addresses only those that are allowed are tried', async () => {
  const before = packets.others;
  const socket = await open().connect(to('mixed.ours.test'));
  assert.equal(socket.remoteAddress, OURS);
  socket.destroy();
  assert.equal(packets.others, before);
});

test('an address may be probed when it was granted, is a network of the scope, or a name resolved to it', async () => {
  (await open({}, [OURS]).connect(to(OURS))).destroy();
  (await open({ networks: [`${OURS}/32`] }).connect(to(OURS))).destroy();
  const egress = open();
  await assert.rejects(egress.connect(to(OURS)), refusedAs('out-of-scope'));
  (await egress.connect(to('www.ours.test'))).destroy();
  (await egress.connect(to(OURS))).destroy();
});

test('a grant does not open special ranges or exclusions', async () => {
  await assert.rejects(open({}, [OTHERS]).connect(to(OTHERS)), refusedAs('forbidden-address'));
  await assert.rejects(open({}, [CARD]).connect(to(CARD)), refusedAs('out-of-scope'));
  await assert.rejects(
    open({ networks: ['127.0.0.0/8'] }).connect(to(OTHERS)),
    refusedAs('forbidden-address'),
  );
});

test('a name that changes its answer never leads to the other address', async () => {
  const before = packets.others;
  const outcomes = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const egress = open();
      const socket = await egress.connect(to('swing.ours.test')).catch((error: EgressError) => error);
      if (socket instanceof EgressError) return socket.code;
      const address = socket.remoteAddress;
      socket.destroy();
      return address;
    }),
  );
  assert.equal(packets.others, before);
  assert.deepEqual([...new Set(outcomes)].sort(), [OURS, 'forbidden-address'].sort());
});

test('only configured services are reached outside the scope, by their own path', async () => {
  const egress = open();
  (await egress.connectService(new URL(`http://${OURS}:${port}/?q=x`), 2000)).destroy();
  for (const url of [`http://${OTHERS}:${port}/`, `https://${OURS}:${port}/`, `http://${OURS}:${port + 1}/`])
    await assert.rejects(egress.connectService(new URL(url), 2000), refusedAs('out-of-scope'));
});

test('cancellation destroys open sockets and refuses new ones', async () => {
  const controller = new AbortController();
  const egress = open({}, [], controller.signal);
  const socket = await egress.connect(to('www.ours.test'));
  const closed = new Promise(resolve => socket.once('close', resolve));
  socket.on('error', () => {});
  controller.abort();
  assert.ok(socket.destroyed);
  await closed;
  await assert.rejects(egress.connect(to('www.ours.test')), refusedAs('cancelled'));
});

test('the budget is asked before each connection', async () => {
  const taken: string[] = [];
  const egress = createEgress({
    scope: { domains: ['ours.test'], networks: [], excluded: [], allowedPrivateRanges: ['127.1.1.0/24'] },
    profile: networkProfile.parse({ zones: ['*'], resolvers: [dns.resolver] }),
    budget: {
      async take(address, count) {
        taken.push(`${address} ${count}`);
        if (taken.length > 1) throw new EgressError('limit', 'used up');
      },
    },
    signal: new AbortController().signal,
    log: silentLogger,
  });
  opened.push(egress);
  (await egress.connect(to('www.ours.test'))).destroy();
  await assert.rejects(egress.connect(to('www.ours.test')), refusedAs('limit'));
  assert.deepEqual(taken, [`${OURS} 1`, `${OURS} 1`]);
});
