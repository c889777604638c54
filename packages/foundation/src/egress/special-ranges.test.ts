import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress, parseAddress, parseRange, specialPurposeOf } from './special-ranges.ts';

/** First and last address of each range, and the public neighbours on both sides where there are some. */
const ranges: readonly { range: string; inside: readonly string[]; outside?: readonly string[] }[] = [
  { range: '0.0.0.0/8', inside: ['0.0.0.0', '0.255.255.255'], outside: ['1.0.0.0'] },
  { range: '10/8', inside: ['10.0.0.0', '10.255.255.255'], outside: ['9.255.255.255', '11.0.0.0'] },
  {
    range: '100.64/10',
    inside: ['100.64.0.0', '100.127.255.255'],
    outside: ['100.63.255.255', '100.128.0.0'],
  },
  { range: '127/8', inside: ['127.0.0.1', '127.255.255.255'], outside: ['126.255.255.255', '128.0.0.0'] },
  {
    range: '169.254/16',
    inside: ['169.254.0.0', '169.254.169.254', '169.254.255.255'],
    outside: ['169.253.255.255', '169.255.0.0'],
  },
  { range: '172.16/12', inside: ['172.16.0.0', '172.31.255.255'], outside: ['172.15.255.255', '172.32.0.0'] },
  { range: '192.0.0/24', inside: ['192.0.0.0', '192.0.0.255'], outside: ['191.255.255.255', '192.0.1.0'] },
  { range: '192.0.2/24', inside: ['192.0.2.0', '192.0.2.255'], outside: ['192.0.3.0'] },
  { range: '192.31.196/24', inside: ['192.31.196.1'], outside: ['192.31.195.255', '192.31.197.0'] },
  { range: '192.52.193/24', inside: ['192.52.193.1'], outside: ['192.52.194.0'] },
  { range: '192.88.99/24', inside: ['192.88.99.1'], outside: ['192.88.98.255', '192.88.100.0'] },
  {
    range: '192.168/16',
    inside: ['192.168.0.0', '192.168.255.255'],
    outside: ['192.167.255.255', '192.169.0.0'],
  },
  { range: '192.175.48/24', inside: ['192.175.48.1'], outside: ['192.175.49.0'] },
  { range: '198.18/15', inside: ['198.18.0.0', '198.19.255.255'], outside: ['198.17.255.255', '198.20.0.0'] },
  { range: '198.51.100/24', inside: ['198.51.100.7'], outside: ['198.51.101.0'] },
  { range: '203.0.113/24', inside: ['203.0.113.7'], outside: ['203.0.114.0'] },
  { range: '224/4', inside: ['224.0.0.1', '239.255.255.255'], outside: ['223.255.255.255'] },
  { range: '240/4', inside: ['240.0.0.0', '255.255.255.255'] },
  { range: '::/96', inside: ['::', '::1', '::7f00:1', '::808:808'] },
  { range: '::ffff:0:0/96', inside: ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:a00:1'] },
  { range: '::ffff:0:0:0/96', inside: ['::ffff:0:808:808'] },
  { range: '64:ff9b::/96', inside: ['64:ff9b::a00:1', '64:ff9b::8.8.8.8'] },
  { range: '64:ff9b:1::/48', inside: ['64:ff9b:1::1'] },
  { range: '100::/64', inside: ['100::1'] },
  {
    range: '2001::/23',
    inside: ['2001::1', '2001:10::1', '2001:1ff::1'],
    outside: ['2001:200::1', '2001:4860:4860::8888'],
  },
  { range: '2001:db8::/32', inside: ['2001:db8::1'], outside: ['2001:db7::1', '2001:db9::1'] },
  { range: '2002::/16', inside: ['2002:7f00:1::1', '2002:808:808::1'], outside: ['2003::1'] },
  { range: '2620:4f:8000::/48', inside: ['2620:4f:8000::1'], outside: ['2620:4f:8001::1'] },
  { range: '3fff::/20', inside: ['3fff::1'], outside: ['3ffe::1'] },
  { range: '5f00::/16', inside: ['5f00::1'] },
  { range: 'fc00::/7', inside: ['fc00::1', 'fdff::1'] },
  { range: 'fe80::/10', inside: ['fe80::1', 'febf::1'] },
  { range: 'fec0::/10', inside: ['fec0::1', 'feff::1'] },
  { range: 'ff00::/8', inside: ['ff02::1'] },
  { range: 'unallocated', inside: ['4000::1', '8000::1', 'e000::1', '1::1'] },
];

for (const { range, inside, outside = [] } of ranges) {
  test(`addresses of ${range} are special, their neighbours are not`, () => {
    for (const text of inside) {
      const address = parseAddress(text);
      assert.ok(address, text);
      assert.notEqual(specialPurposeOf(address), undefined, text);
    }
    for (const text of outside) {
      const address = parseAddress(text);
      assert.ok(address, text);
      assert.equal(specialPurposeOf(address), undefined, text);
    }
  });
}

test('an address has one spelling', () => {
  assert.equal(canonicalAddress('2A00:1450:4001:0:0:0:0:200E'), '2a00:1450:4001::200e');
  assert.equal(canonicalAddress('8.8.8.8'), '8.8.8.8');
});

test('spellings that other parsers take for an address are refused', () => {
  for (const text of [
    '127.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '1.2.3.4.5',
    '1.2.3',
    'fe80::1%eth0',
    '',
    'localhost',
    '1.2.3.4 ',
    '[::1]',
  ])
    assert.equal(canonicalAddress(text), undefined, text);
});

test('a range is CIDR or a single address', () => {
  assert.ok(parseRange('10.0.0.0/8'));
  assert.ok(parseRange('2001:db8::/32'));
  assert.ok(parseRange('9.9.9.9'));
  for (const text of ['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/', 'example.org/8', '::/129'])
    assert.equal(parseRange(text), undefined, text);
});
