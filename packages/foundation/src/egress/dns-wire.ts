import { decode, encode, type DecodedPacket } from 'dns-packet';
import { randomInt } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { canonicalHostName } from './scope.ts';

/** DNS record types that Glacis asks for and understands. */
export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT' | 'CAA' | 'SOA';

/** One resource record; `value` is its presentation form (MX, CAA and SOA keep their fields apart in `fields`). */
export interface DnsRecord {
  readonly name: string;
  readonly type: RecordType;
  readonly ttlSeconds: number;
  readonly value: string;
  readonly fields?: Readonly<Record<string, string | number>>;
}

/** A parsed response: only what the callers need, names in canonical form. */
export interface DnsMessage {
  readonly id: number;
  readonly isTruncated: boolean;
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … */
  readonly rcode: string;
  readonly question?: { readonly name: string; readonly type: string };
  readonly answers: readonly DnsRecord[];
  /** Records of the answer section that were left out because their type or content is not understood. */
  readonly skipped: number;
}

/** UDP payload size offered by EDNS: fits every path MTU (RFC 9715). */
const UDP_PAYLOAD_BYTES = 1232;

/** A query with a random id; recursion desired. */
export function encodeQuery(name: string, type: RecordType | 'AXFR'): { id: number; bytes: Buffer } {
  const id = randomInt(0x10000);
  const bytes = encode({
    type: 'query',
    id,
    flags: 0x0100,
    questions: [{ name, type, class: 'IN' }],
    ...(type === 'AXFR'
      ? {}
      : {
          additionals: [
            {
              type: 'OPT' as const,
              name: '.',
              udpPayloadSize: UDP_PAYLOAD_BYTES,
              flags: 0,
              extendedRcode: 0,
              ednsVersion: 0,
              flag_do: false,
              options: [],
            },
          ],
        }),
  });
  return { id, bytes: Buffer.from(bytes) };
}

const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const;

type Answer = NonNullable<DecodedPacket['answers']>[number];

function nameOf(raw: string): string {
  return canonicalHostName(raw) ?? raw.toLowerCase().slice(0, 255);
}

function recordOf(answer: Answer): DnsRecord | undefined {
  const base = (type: RecordType, value: string, fields?: Record<string, string | number>): DnsRecord => ({
    name: nameOf(answer.name),
    type,
    ttlSeconds: 'ttl' in answer && typeof answer.ttl === 'number' ? answer.ttl : 0,
    value,
    ...(fields ? { fields } : {}),
  });
  switch (answer.type) {
    case 'A':
      return base('A', answer.data);
    case 'AAAA':
      return base('AAAA', ipaddr.parse(answer.data).toString());
    case 'CNAME':
    case 'NS':
      return base(answer.type, nameOf(answer.data));
    case 'MX': {
      const exchange = nameOf(answer.data.exchange);
      const preference = answer.data.preference ?? 0;
      return base('MX', `${preference} ${exchange}`, { preference, exchange });
    }
    case 'TXT': {
      const parts = Array.isArray(answer.data) ? answer.data : [answer.data];
      return base('TXT', parts.map(part => part.toString('utf8')).join(''));
    }
    case 'CAA': {
      const { flags = 0, tag, value } = answer.data;
      return base('CAA', `${flags} ${tag} "${value}"`, { flags, tag, value });
    }
    case 'SOA': {
      const { mname, rname, serial = 0 } = answer.data;
      return base('SOA', `${nameOf(mname)} ${nameOf(rname)} ${serial}`, { mname: nameOf(mname), serial });
    }
    default:
      return undefined;
  }
}

/** Parses a response. @throws Error when the bytes are not a DNS response. */
export function decodeResponse(bytes: Buffer): DnsMessage {
  const packet = decode(bytes);
  if (packet.type !== 'response') throw new Error('not a response');
  const question = packet.questions?.[0];
  const answers: DnsRecord[] = [];
  let skipped = 0;
  for (const answer of packet.answers ?? []) {
    const record = recordOf(answer);
    if (record) answers.push(record);
    else skipped += 1;
  }
  return {
    id: packet.id ?? 0,
    isTruncated: packet.flag_tc,
    rcode: RCODES[(bytes[3] ?? 0) & 0x0f] ?? 'UNKNOWN',
    ...(question ? { question: { name: nameOf(question.name), type: question.type } } : {}),
    answers,
    skipped,
  };
}
