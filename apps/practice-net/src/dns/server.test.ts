import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decode } from 'dns-packet';
import type { DecodedPacket, RecordType } from 'dns-packet';
import { ask, queryPacket, rcodeOf, sendTcp, sendUdp } from '../../test/dns-client.ts';
import { startPracticeNet } from '../practice-net.ts';
import type { PracticeNet } from '../practice-net.ts';
import { emptyResponse } from './respond.ts';

let net: PracticeNet;

before(async () => {
  net = await startPracticeNet({
    hosts: 40,
    seed: '1',
    block: 'auto',
    challenges: { 'larkspur.test': 'proof-1' },
  });
});
after(() => net.close());

const values = (reply: DecodedPacket): unknown[] =>
  (reply.answers ?? []).map(answer => ('data' in answer ? answer.data : undefined));

const thirdServer = (): { address: string; port: number } => ({
  address: `127.${net.world.plan.block}.0.55`,
  port: net.dns.port,
});

for (const transport of ['udp', 'tcp'] as const) {
  describe(`answers over ${transport}`, () => {
    const types: readonly (readonly [RecordType, string, (data: unknown) => boolean])[] = [
      ['A', 'www.larkspur.test', data => data === net.world.plan.fixed(1)],
      ['AAAA', 'www.larkspur.test', data => data === 'fd00:80::1'],
      ['CNAME', 'store.larkspur.test', data => data === 'shop.larkspur.test'],
      ['MX', 'larkspur.test', data => JSON.stringify(data).includes('mx.bystander.test')],
      ['NS', 'larkspur-labs.test', data => data === 'ns3.larkspur-labs.test'],
      ['TXT', 'larkspur.test', data => String(data).includes('v=spf1')],
      ['CAA', 'larkspur.test', data => JSON.stringify(data).includes('ca.practice.test')],
      ['SOA', 'larkspur.test', data => JSON.stringify(data).includes('ns1.larkspur.test')],
    ];
    for (const [type, name, isRight] of types) {
      it(`${type} of ${name}`, async () => {
        const reply = await ask(net.dns, name, type, transport, 1232);
        assert.equal(rcodeOf(reply), 0);
        assert.equal(reply.flag_aa, true);
        assert.ok(values(reply).some(isRight), JSON.stringify(values(reply)));
      });
    }
    it('follows an alias inside the answer', async () => {
      const reply = await ask(net.dns, 'store.larkspur.test', 'A', transport);
      assert.deepEqual(values(reply), ['shop.larkspur.test', net.world.plan.fixed(3)]);
    });
    it('says NXDOMAIN with the SOA for a name that does not exist', async () => {
      const reply = await ask(net.dns, 'nobody.larkspur.test', 'A', transport);
      assert.equal(rcodeOf(reply), 3);
      assert.equal(reply.authorities?.[0]?.type, 'SOA');
    });
    it('says NODATA with the SOA for another type, and for names that only have names below', async () => {
      for (const [name, type] of [
        ['shop.larkspur.test', 'AAAA'],
        ['eu.larkspur.test', 'A'],
      ] as const) {
        const reply = await ask(net.dns, name, type, transport);
        assert.equal(rcodeOf(reply), 0, name);
        assert.deepEqual(values(reply), [], name);
        assert.equal(reply.authorities?.[0]?.type, 'SOA', name);
      }
    });
    it('gives NXDOMAIN at the end of a dangling alias', async () => {
      const reply = await ask(net.dns, 'docs.larkspur.test', 'A', transport);
      assert.equal(rcodeOf(reply), 3);
      assert.deepEqual(values(reply), ['larkspur-docs.cloudhost.test']);
    });
    it('refuses foreign zones and transfers', async () => {
      assert.equal(rcodeOf(await ask(net.dns, 'example.org', 'A', transport)), 5);
      assert.equal(rcodeOf(await ask(net.dns, 'larkspur-labs.test', 'AXFR', transport)), 5);
    });
  });
}

describe('wildcards', () => {
  it('answers for any name below, but not below or instead of real names', async () => {
    const wild = await ask(net.dns, 'anything.apps.larkspur.test', 'A');
    assert.deepEqual(values(wild), [net.world.plan.fixed(34)]);
    assert.equal(wild.answers?.[0]?.name, 'anything.apps.larkspur.test');
    assert.deepEqual(values(await ask(net.dns, 'a.b.apps.larkspur.test', 'A')), [net.world.plan.fixed(34)]);
    assert.deepEqual(values(await ask(net.dns, 'invoicing.apps.larkspur.test', 'A')), [
      net.world.plan.fixed(35),
    ]);
    assert.equal(rcodeOf(await ask(net.dns, 'x.invoicing.apps.larkspur.test', 'A')), 3);
  });
});

describe('datagrams', () => {
  it('are cut with TC when too long, and whole over TCP', async () => {
    for (const payload of [undefined, 1232]) {
      const cut = await ask(net.dns, '_records.larkspur.test', 'TXT', 'udp', payload);
      assert.equal(cut.flag_tc, true);
      assert.deepEqual(values(cut), []);
    }
    assert.equal(values(await ask(net.dns, '_records.larkspur.test', 'TXT', 'tcp')).length, 24);
  });
  it('carry EDNS back only to those who sent it', async () => {
    assert.equal((await ask(net.dns, 'larkspur.test', 'A', 'udp', 1232)).additionals?.[0]?.type, 'OPT');
    assert.deepEqual((await ask(net.dns, 'larkspur.test', 'A')).additionals, []);
  });
  it('that are broken get FORMERR, and the server lives on', async () => {
    const broken = queryPacket('larkspur.test', 'A').subarray(0, 20);
    assert.equal(rcodeOf(await sendUdp(net.dns, Buffer.from(broken))), 1);
    assert.equal(rcodeOf(await ask(net.dns, 'larkspur.test', 'A')), 0);
  });
  it('with other operations get NOTIMP', async () => {
    const notify = queryPacket('larkspur.test', 'SOA');
    notify.writeUInt16BE(0x2000, 2);
    assert.equal(rcodeOf(await sendUdp(net.dns, notify)), 4);
  });
});

describe('zone transfer', () => {
  it('streams the zone in several messages between two SOA records', async () => {
    const soas = (replies: readonly DecodedPacket[]): number =>
      replies.flatMap(reply => reply.answers ?? []).filter(answer => answer.type === 'SOA').length;
    const replies = await sendTcp(
      thirdServer(),
      queryPacket('larkspur-labs.test', 'AXFR'),
      all => soas(all) === 2,
    );
    const answers = replies.flatMap(reply => reply.answers ?? []);
    assert.ok(replies.length >= 2);
    assert.equal(answers[0]?.type, 'SOA');
    assert.equal(answers.at(-1)?.type, 'SOA');
    const names = new Set(answers.map(answer => answer.name));
    for (const name of net.world.names.filter(({ foundBy }) => foundBy.includes('dns-axfr'))) {
      assert.ok(names.has(name.name), name.name);
    }
  });
  it('is refused for other zones, over UDP, and by the other servers', async () => {
    assert.equal(rcodeOf(await ask(thirdServer(), 'larkspur.test', 'AXFR', 'tcp')), 5);
    assert.equal(rcodeOf(await ask(thirdServer(), 'larkspur-labs.test', 'AXFR', 'udp')), 5);
    const second = { address: `127.${net.world.plan.block}.0.54`, port: net.dns.port };
    assert.equal(rcodeOf(await ask(second, 'larkspur-labs.test', 'AXFR', 'tcp')), 5);
  });
});

describe('names with a twist', () => {
  it('turn: a granted address first, then one that must not be touched', async () => {
    const granted = net.world.plan.fixed(24);
    for (const [name, other] of [
      ['flipflop.larkspur.test', '127.0.0.1'],
      ['swing.larkspur.test', net.world.plan.outside(66)],
    ] as const) {
      const answers = [];
      for (let turn = 0; turn < 4; turn += 1) answers.push(values(await ask(net.dns, name, 'A'))[0]);
      assert.deepEqual(answers, [granted, other, granted, other]);
    }
  });
  it('carry the proof of ownership, which can be replaced', async () => {
    const name = '_glacis-challenge.larkspur.test';
    const read = async (): Promise<string> => String(values(await ask(net.dns, name, 'TXT'))[0]);
    assert.equal(await read(), 'glacis-verification=proof-1');
    net.setChallenge('larkspur.test', 'proof-2');
    assert.equal(await read(), 'glacis-verification=proof-2');
    assert.throws(() => net.setChallenge('example.org', 'x'), RangeError);
  });
  it('are the same in any case', async () => {
    const reply = await ask(net.dns, 'WwW.LarkSpur.TEST', 'A');
    assert.deepEqual(values(reply), [net.world.plan.fixed(1)]);
  });
});

it('an empty response keeps id and recursion flag', () => {
  const query = decode(queryPacket('larkspur.test', 'A'));
  const response = emptyResponse(query, 5);
  assert.equal(response.id, query.id);
  assert.equal(response.flags, 0x0100 | 5);
});
