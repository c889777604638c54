import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, test } from 'node:test';
import { a, startResponder, type Responder, type Zone } from '../../test/dns-responder.ts';
import { DnsClient, parseResolver } from './dns-client.ts';
import { EgressError } from './guard.ts';

const responders: Responder[] = [];
after(() => Promise.all(responders.map(responder => responder.close())));

async function clientFor(...zones: Zone[]) {
  const started = await Promise.all(zones.map(zone => startResponder(zone)));
  responders.push(...started);
  const controller = new AbortController();
  const client = new DnsClient(
    started.map(({ resolver }) => resolver),
    controller.signal,
  );
  return { client, controller, started };
}

test('facts and failures are told apart', async () => {
  const { client } = await clientFor((name, type) => {
    if (name === 'gone.test') return { rcode: 3 };
    if (name === 'broken.test') return { rcode: 2 };
    return name === 'here.test' && type === 'A' ? { answers: [a(name, '9.9.9.9')] } : {};
  });
  assert.equal((await client.query('here.test', 'A')).records[0]?.value, '9.9.9.9');
  assert.equal((await client.query('here.test', 'AAAA')).status, 'nodata');
  assert.equal((await client.query('gone.test', 'A')).status, 'nxdomain');
  assert.equal((await client.query('broken.test', 'A')).status, 'failed');
  assert.equal((await client.query('not a name', 'A')).status, 'failed');
  client.close();
});

test('another resolver is asked when one fails', async () => {
  const { client } = await clientFor(
    () => ({ rcode: 5 }),
    name => ({ answers: [a(name, '9.9.9.9')] }),
  );
  for (let index = 0; index < 4; index += 1)
    assert.equal((await client.query(`n${index}.test`, 'A')).status, 'ok');
  client.close();
});

test('a cut answer is asked for again over TCP', async () => {
  const records = Array.from({ length: 200 }, (_, index) => a('many.test', `9.9.9.${index}`));
  const { client, started } = await clientFor((_name, _type, via) =>
    via === 'udp' ? { isTruncated: true } : { answers: records },
  );
  assert.equal((await client.query('many.test', 'A')).records.length, 200);
  assert.deepEqual(started[0]?.questions, ['many.test A udp', 'many.test A tcp']);
  client.close();
});

test('aliases are followed, also one answer at a time, and loops end', async () => {
  const { client } = await clientFor((name, type) => {
    const cname = (data: string) => ({ answers: [{ type: 'CNAME' as const, name, ttl: 1, data }] });
    if (name === 'one.test') return cname('two.test');
    if (name === 'two.test') return cname('three.test');
    if (name === 'three.test') return type === 'A' ? { answers: [a(name, '9.9.9.3')] } : {};
    if (name === 'dangling.test') return { ...cname('nowhere.test'), rcode: 3 };
    if (name === 'loop.test') return cname('pool.test');
    if (name === 'pool.test') return cname('loop.test');
    return { rcode: 3 };
  });
  assert.deepEqual(await client.resolve('one.test'), {
    status: 'ok',
    addresses: ['9.9.9.3'],
    chain: ['two.test', 'three.test'],
  });
  assert.deepEqual(await client.resolve('dangling.test'), {
    status: 'nxdomain',
    addresses: [],
    chain: ['nowhere.test'],
  });
  assert.equal((await client.resolve('loop.test')).status, 'failed');
  client.close();
});

test('thousands of questions share few sockets and all get their own answer', async () => {
  const { client } = await clientFor(name => {
    const number = Number(/^n(\d+)/.exec(name)?.[1]);
    return { answers: [a(name, `9.9.${number >> 8}.${number & 255}`)] };
  });
  const numbers = Array.from({ length: 5000 }, (_, index) => index);
  const answers = await Promise.all(numbers.map(number => client.query(`n${number}.test`, 'A')));
  for (const [number, answer] of answers.entries())
    assert.equal(answer.records[0]?.value, `9.9.${number >> 8}.${number & 255}`);
  client.close();
});

test('answers from elsewhere, with another id or another question are ignored', async () => {
  const forger = createSocket('udp4');
  const server = createSocket('udp4');
  server.on('message', (query, sender) => {
    const reply = (change: (bytes: Buffer) => void, from = server) => {
      const bytes = Buffer.from(query);
      bytes.writeUInt16BE(0x8183, 2);
      bytes.writeUInt16BE(0, 10);
      const end = query.indexOf(0, 12) + 5;
      const cut = bytes.subarray(0, end);
      change(cut);
      from.send(cut, sender.port, sender.address);
    };
    reply(() => {}, forger);
    reply(bytes => bytes.writeUInt16BE(bytes.readUInt16BE(0) ^ 1, 0));
    reply(bytes => bytes.write('x', 13));
    server.send(Buffer.from('garbage'), sender.port, sender.address);
    setTimeout(() => reply(bytes => bytes.writeUInt16BE(0x8180, 2)), 20);
  });
  await new Promise<void>(resolve => server.bind(0, '127.0.0.1', resolve));
  const client = new DnsClient([`127.0.0.1:${server.address().port}`], new AbortController().signal);
  // Each forged answer says that the name does not exist; the true one says that it has no address.
  assert.equal((await client.query('target.test', 'A')).status, 'nodata');
  client.close();
  forger.close();
  server.close();
});

test('cancellation ends pending questions at once', async () => {
  const { client, controller } = await clientFor(() => undefined);
  const pending = assert.rejects(
    client.query('silent.test', 'A'),
    (error: unknown) => error instanceof EgressError && error.code === 'cancelled',
  );
  setTimeout(() => controller.abort(), 20);
  await pending;
});

test('resolvers are addresses with an optional port', () => {
  assert.deepEqual(parseResolver('9.9.9.9'), { address: '9.9.9.9', port: 53, family: 4 });
  assert.deepEqual(parseResolver('[2620:fe::fe]:5353'), { address: '2620:fe::fe', port: 5353, family: 6 });
  for (const text of ['dns.test', '9.9.9.9:0', '9.9.9.9:99999', '2620:fe::fe:', ''])
    assert.equal(parseResolver(text), undefined, text);
});
