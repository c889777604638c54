import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { isOpen } from '../test/clients.ts';
import { counters as countersSchema } from './bystander-traps.ts';
import { defaultTcpPorts } from './ports.ts';
import { startPracticeNet } from './practice-net.ts';
import type { PracticeNet } from './practice-net.ts';
import { shardOf, startShard } from './shards.ts';
import { truth as truthSchema } from './truth/schema.ts';

let net: PracticeNet;

before(async () => {
  net = await startPracticeNet({ hosts: 40, seed: '1', block: 'auto' });
});
after(() => net.close());

describe('open ports', () => {
  it('are exactly those of the truth, on every address in scope', async () => {
    const { assets } = net.truth;
    const expected = new Set(assets.filter(one => one.kind === 'service').map(one => one.key));
    const honeypot = net.world.hosts.find(host => host.isHoneypot === true)?.address;
    const addresses = assets.filter(one => one.kind === 'ip' && one.inScope).map(one => one.key);
    assert.equal(addresses.length, 40);
    const found = new Set<string>();
    for (const address of addresses) {
      const open = await Promise.all(defaultTcpPorts.map(port => isOpen(address, port)));
      const ports = defaultTcpPorts.filter((_port, index) => open[index] === true);
      if (address === honeypot) {
        assert.deepEqual(
          ports,
          defaultTcpPorts.filter(port => port >= 1024),
        );
      } else {
        for (const port of ports) found.add(`${address}:${port}/tcp`);
      }
    }
    assert.deepEqual([...found].sort(), [...expected].sort());
  });
});

describe('bystanders', () => {
  it('count every connection and datagram, by address and port', async () => {
    assert.equal(net.counters().total, 0);
    const [first, ...others] = net.world.bystanders;
    assert.ok(first !== undefined);
    for (const { address } of [first, ...others]) await isOpen(address, 8080);
    const socket = createSocket('udp4');
    await new Promise<void>((resolve, reject) => {
      socket.send('x', net.dns.port, first.address, error => (error === null ? resolve() : reject(error)));
    });
    socket.close();
    await new Promise(resolve => setTimeout(resolve, 100));
    const response = await fetch(`${net.control}/counters`);
    const read = countersSchema.parse(await response.json());
    assert.equal(read.total, net.world.bystanders.length + 1);
    const counted = read.bystanders.find(one => one.name === first.name);
    assert.equal(counted?.tcpConnections, 1);
    assert.equal(counted?.udpDatagrams, 1);
    assert.equal(counted?.ports['8080/tcp'], 1);
  });
  it('stand outside the granted range, and inside it', () => {
    const { block } = net.world.plan;
    const octets = new Set(net.world.bystanders.map(({ address }) => Number(address.split('.')[1])));
    assert.ok(octets.has(block));
    assert.ok(octets.has(block + 32));
  });
});

describe('control address', () => {
  it('gives the truth and the authority’s certificate', async () => {
    const read = truthSchema.parse(await (await fetch(`${net.control}/truth`)).json());
    assert.deepEqual(read, net.truth);
    assert.equal(await (await fetch(`${net.control}/authority.pem`)).text(), net.authorityPem);
  });
  it('takes a proof of ownership, and says what is wrong with a bad one', async () => {
    const post = (body: unknown): Promise<Response> =>
      fetch(`${net.control}/challenges`, { method: 'POST', body: JSON.stringify(body) });
    assert.equal((await post({ domain: 'larkspur-labs.test', value: 'v' })).status, 200);
    const foreign = await post({ domain: 'example.org', value: 'v' });
    assert.equal(foreign.status, 400);
    assert.match(await foreign.text(), /no practice zone for example\.org/);
    assert.equal((await post({})).status, 400);
  });
});

describe('CT search', () => {
  const rowsSchema = z.array(z.looseObject({ name_value: z.string(), id: z.number() }));
  const search = async (query: string): Promise<z.infer<typeof rowsSchema>> =>
    rowsSchema.parse(await (await fetch(`${net.ct}/?${query}`)).json());

  it('gives crt.sh’s fields and every name that CT is to reveal', async () => {
    const rows = await search('q=%25.larkspur.test&output=json');
    const names = new Set(rows.flatMap(row => row.name_value.split('\n')));
    for (const name of net.world.names.filter(({ foundBy }) => foundBy.includes('ct-search'))) {
      assert.ok(names.has(name.name), name.name);
    }
    assert.deepEqual(Object.keys(rows[0] ?? {}).sort(), [
      'common_name',
      'entry_timestamp',
      'id',
      'issuer_ca_id',
      'issuer_name',
      'name_value',
      'not_after',
      'not_before',
      'result_count',
      'serial_number',
    ]);
  });
  it('holds noise: wildcards, others’ names, doubles, expired entries, upper case, addresses', async () => {
    const all = await search('q=%25.larkspur.test&output=json');
    const text = JSON.stringify(all);
    for (const noise of ['*.apps.', 'build.bystander.test', 'SHOP.LARKSPUR', 'hostmaster@', 'old-portal']) {
      assert.ok(text.includes(noise), noise);
    }
    const fresh = await search('q=%25.larkspur.test&output=json&exclude=expired&deduplicate=Y');
    assert.ok(fresh.length < all.length);
    assert.ok(!JSON.stringify(fresh).includes('old-portal'));
    assert.deepEqual(await search('q=%25.example.org&output=json'), []);
  });
});

/** Automatic choice comes to block 32 last, and the command's tests use the others: they are taken only when it is not free. */
async function startInFreeBlock() {
  let last: unknown;
  for (const other of [32, 160, 96])
    try {
      const order = { hosts: 40, seed: '1', block: other, index: 1, count: 2 };
      return { other, shard: await startShard(order, () => undefined) };
    } catch (error) {
      last = error;
    }
  throw last;
}

describe('starting', () => {
  it('fails with a clear sentence when the block is taken', async () => {
    const { block } = net.world.plan;
    await assert.rejects(
      startPracticeNet({ hosts: 40, seed: '1', block, dnsPort: 0, ctPort: 0, controlPort: 0 }),
      /is taken: stop the practice network that runs in this address block/,
    );
    assert.equal((await fetch(`${net.control}/counters`)).status, 200);
  });
  it('works with 2,000 hosts', async () => {
    const large = await startPracticeNet({ hosts: 2000, seed: '2', block: 'auto' });
    try {
      const services = large.truth.assets.filter(one => one.kind === 'service');
      assert.ok(services.length > 2000);
      for (const { key } of services.filter((_one, index) => index % 97 === 0)) {
        const [address = '', port] = key.replace('/tcp', '').split(':');
        assert.equal(await isOpen(address, Number(port)), true, key);
      }
    } finally {
      await large.close();
    }
  });
  it('can put a share of the hosts into a process of its own', async () => {
    const { block } = net.world.plan;
    const { shard, other } = await startInFreeBlock();
    const moved = net.world.hosts.map(host => ({
      ...host,
      address: host.address.replace(`127.${block}.`, `127.${other}.`),
    }));
    const first = async (index: number): Promise<boolean> => {
      const host = shardOf(moved, index, 2).find(one => one.services.length > 0);
      return isOpen(host?.address ?? '', host?.services[0]?.port ?? 0);
    };
    assert.equal(await first(1), true);
    assert.equal(await first(0), false);
    await shard.close();
    assert.equal(await first(1), false);
  });
});
