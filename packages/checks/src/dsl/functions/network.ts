import { isIPv4 } from 'node:net';
import type { Answer } from 'dns-packet';
import { parseTarget, portOf } from '../../http/target.ts';
import type { Transport } from '../../http/transport.ts';
import { jarmOf } from '../../protocols/jarm.ts';
import { DslError, Suspension } from '../values.ts';
import type { DslScope, DslValue } from '../values.ts';
import { define, textAt } from './signature.ts';

const PORTS: Readonly<Record<string, number>> = {
  http: 80, https: 443, ftp: 21, ssh: 22, telnet: 23, smtp: 25, dns: 53, pop3: 110, imap: 143, ldap: 389, smb: 445,
  mysql: 3306, rdp: 3389, postgres: 5432, redis: 6379, mongodb: 27017,
}; // prettier-ignore

const RESOLVE_TIMEOUT_MS = 5000;
const JARM_TIMEOUT_MS = 5000;

/** What an answer says, as one text; undefined for a record that has none. */
function recordText(answer: Answer): string | undefined {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return answer.data;
    case 'MX':
      return answer.data.exchange;
    case 'TXT':
      return [answer.data].flat().map(String).join('');
    default:
      return undefined;
  }
}

/** The first record of a name, asked once per evaluation by the scan's own resolver. */
function resolveName(args: readonly DslValue[], scope: DslScope): DslValue {
  const [name, kind] = [textAt(args, 0), textAt(args, 1).toUpperCase() || 'A'];
  const key = `resolve ${kind} ${name}`;
  const known = scope.effects?.get(key);
  if (known === null) throw new DslError(`${name} has no ${kind} record`);
  if (known !== undefined) return known;
  throw new Suspension(key, 'resolve', args, async ({ dns, signal }) => {
    const question = { name, type: kind, class: 'IN', isRecursive: true, servers: [], attempts: 1 };
    try {
      const packet = await dns.query({ ...question, timeoutMs: RESOLVE_TIMEOUT_MS, signal });
      const found = packet.answers?.find(answer => answer.type === kind);
      return (found === undefined ? undefined : recordText(found)) ?? null;
    } catch {
      return null;
    }
  });
}

/** The JARM fingerprint of `host`, `host:port` or a URL (port 443 when none is given), taken once per evaluation. */
function jarm(args: readonly DslValue[], scope: DslScope): DslValue {
  const text = textAt(args, 0);
  const target = parseTarget(text.includes('://') ? text : `https://${text}`);
  if (target === undefined) throw new DslError('jarm needs a host');
  const key = `jarm ${target.host} ${portOf(target)}`;
  const known = scope.effects?.get(key);
  if (known === null) throw new DslError('jarm got no connection');
  if (known !== undefined) return known;
  throw new Suspension(key, 'jarm', args, async ({ transport, rate, signal }) => {
    if (transport === undefined) return null;
    const limited: Transport = {
      connect: async (host, port, options) => {
        await rate?.acquire(signal);
        return transport.connect(host, port, options);
      },
    };
    try {
      return await jarmOf(target.host, portOf(target), {
        transport: limited,
        timeoutMs: JARM_TIMEOUT_MS,
        signal,
      });
    } catch {
      return null;
    }
  });
}

/** Other spellings of an IPv4 address: 1 dotted, 2 without zero octets, 3 octal, 4 hex, 5 one number, 6 hex number … */
function formatAddress(args: readonly DslValue[]): string {
  const [address, style] = [textAt(args, 0), textAt(args, 1)];
  if (!isIPv4(address)) throw new DslError('ip_format needs an IPv4 address');
  const octets = address.split('.').map(Number);
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const hex = value.toString(16).padStart(8, '0');
  const forms: Readonly<Record<string, string>> = {
    1: address,
    2: address.replace(/^(\d+)\.0\.0\.(\d+)$/, '$1.$2'),
    3: octets.map(octet => (octet === 0 ? '0' : `0${octet.toString(8)}`)).join('.'),
    4: octets.map(octet => `0x${octet.toString(16)}`).join('.'),
    5: String(value),
    6: `0x${hex}`,
    7: `0${value.toString(8)}`,
    8: `::ffff:${hex.slice(0, 4)}:${hex.slice(4)}`,
    9: address.replace(/./g, char => `%${char.charCodeAt(0).toString(16)}`),
    10: octets.map(octet => String(octet).padStart(3, '0')).join('.'),
  };
  const form = forms[style];
  if (form === undefined) throw new DslError('ip_format knows the styles 1 to 10');
  return form;
}

function networkPort(args: readonly DslValue[]): number {
  const given = textAt(args, 0);
  if (/^\d+$/.test(given) && !(PORTS[textAt(args, 1)] === undefined && given === '')) return Number(given);
  const port = PORTS[textAt(args, 1)] ?? PORTS[given];
  if (port === undefined) throw new DslError('the port is not known');
  return port;
}

/** Names, addresses and ports. */
export const NETWORK_FUNCTIONS = [
  define('resolve', 1, 2, resolveName),
  define('jarm', 1, 1, jarm),
  define('ip_format', 2, 2, formatAddress),
  define('getNetworkPort', 1, 2, networkPort),
];
