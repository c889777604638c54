import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Block = readonly [base: Address, prefixBits: number];

/**
 * Ranges that are not the public internet, from the IANA special-purpose registries (RFC 6890 and its updates). Addresses
 * that carry another address inside (mapped, NAT64, 6to4, Teredo) are here too: through them a packet would end elsewhere.
 */
const SPECIAL_RANGES: readonly (readonly [cidr: string, what: string])[] = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'carrier-grade NAT'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local and cloud metadata'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'protocol assignments'],
  ['192.0.2.0/24', 'documentation'],
  ['192.31.196.0/24', 'AS112'],
  ['192.52.193.0/24', 'automatic multicast tunnelling'],
  ['192.88.99.0/24', '6to4 relay'],
  ['192.168.0.0/16', 'private'],
  ['192.175.48.0/24', 'AS112'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved and broadcast'],
  ['::/96', 'unspecified, loopback and IPv4-compatible'],
  ['::ffff:0:0/96', 'IPv4-mapped'],
  ['::ffff:0:0:0/96', 'IPv4-translated'],
  ['64:ff9b::/96', 'NAT64'],
  ['64:ff9b:1::/48', 'local-use NAT64'],
  ['100::/64', 'discard'],
  ['2001::/23', 'protocol assignments and Teredo'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', '6to4'],
  ['2620:4f:8000::/48', 'AS112'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'segment routing'],
  ['fc00::/7', 'unique local'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
];

const specialBlocks = SPECIAL_RANGES.map(([cidr, what]) => ({ block: ipaddr.parseCIDR(cidr), what }));
const globalUnicastV6 = ipaddr.parseCIDR('2000::/3');

/** Parses an IPv4 (four decimal parts) or IPv6 address without zone; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > 45 || text.includes('%')) return undefined;
  // The look at the characters comes first because the library throws, slowly, inside for every name.
  if (/^[0-9.]{7,15}$/.test(text) && ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  return text.includes(':') && ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

/** The one spelling of an address that Glacis stores (RFC 5952 for IPv6); undefined when it is not an address. */
export function canonicalAddress(text: string): string | undefined {
  return parseAddress(text)?.toString();
}

/** Parses `address/bits`, or a bare address as a range of one; undefined when it is neither. */
export function parseRange(text: string): Block | undefined {
  const [base = '', bits, ...rest] = text.split('/');
  if (rest.length > 0) return undefined;
  const address = parseAddress(base);
  if (!address) return undefined;
  const size = address.kind() === 'ipv4' ? 32 : 128;
  if (bits === undefined) return [address, size];
  return /^\d{1,3}$/.test(bits) && Number(bits) <= size ? [address, Number(bits)] : undefined;
}

/** Whether the address lies in the range; families never match each other. */
export function isInRange(address: Address, [base, prefixBits]: Block): boolean {
  if (address instanceof ipaddr.IPv4) return base instanceof ipaddr.IPv4 && address.match(base, prefixBits);
  return base instanceof ipaddr.IPv6 && address.match(base, prefixBits);
}

/** What kind of special-purpose address it is, or undefined for a public one. Unallocated IPv6 space counts as special. */
export function specialPurposeOf(address: Address): string | undefined {
  const special = specialBlocks.find(entry => isInRange(address, entry.block));
  if (special) return special.what;
  const isUnallocated = address.kind() === 'ipv6' && !isInRange(address, globalUnicastV6);
  return isUnallocated ? 'unallocated' : undefined;
}
