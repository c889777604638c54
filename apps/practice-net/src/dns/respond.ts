import {
  AUTHORITATIVE_ANSWER,
  encode,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import type { Answer, DecodedPacket, Packet, Question } from 'dns-packet';
import { lookUp } from './zone.ts';
import type { ZoneRecord, ZoneRecordType } from './zone.ts';
import { zoneFor } from './zones.ts';
import type { ZoneSet } from './zones.ts';

/** Response codes of RFC 1035 and 2136 that the server gives. */
export const rcode = { ok: 0, formatError: 1, nxdomain: 3, notImplemented: 4, refused: 5 } as const;

/** Largest datagram that the server sends, whatever the client says it takes (DNS flag day 2020). */
const LARGEST_DATAGRAM_BYTES = 1232;
/** Largest datagram for clients without EDNS (RFC 1035). */
const PLAIN_DATAGRAM_BYTES = 512;
/** Longest alias chain that is followed inside one answer. */
const LONGEST_CHAIN = 8;

const zoneTypes: ReadonlySet<string> = new Set(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT', 'CAA', 'SOA']);

function isZoneType(type: string): type is ZoneRecordType {
  return zoneTypes.has(type);
}

/** Turns a zone record into what the wire library encodes. */
export function toAnswer(record: ZoneRecord): Answer {
  const { name, ttl } = record;
  if (record.type === 'TXT') {
    return { name, ttl, type: 'TXT', data: typeof record.data === 'string' ? record.data : [...record.data] };
  }
  if (record.type === 'MX') return { name, ttl, type: 'MX', data: { ...record.data } };
  if (record.type === 'CAA') {
    const { flags, tag, value } = record.data;
    return { name, ttl, type: 'CAA', data: { flags, tag, value, issuerCritical: false } };
  }
  if (record.type === 'SOA') return { name, ttl, type: 'SOA', data: { ...record.data } };
  return { name, ttl, type: record.type, data: record.data };
}

/** Counts the turns of names that change their answers. */
export class Turns {
  readonly #next = new Map<string, number>();

  /** The answer for this query; the next query gets the next one, around in a circle. */
  take(name: string, answers: readonly string[]): string {
    const turn = this.#next.get(name) ?? 0;
    this.#next.set(name, (turn + 1) % answers.length);
    return answers[turn] ?? '';
  }
}

interface Outcome {
  readonly code: number;
  readonly answers: readonly ZoneRecord[];
  readonly authorities: readonly ZoneRecord[];
}

function resolve(zoneSet: ZoneSet, turns: Turns, asked: string, type: string): Outcome {
  const wanted = isZoneType(type) || type === 'ANY' ? type : 'OTHER';
  const answers: ZoneRecord[] = [];
  let name = asked;
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const zone = zoneFor(zoneSet.zones, name);
    if (zone === undefined) {
      return { code: step === 0 ? rcode.refused : rcode.ok, answers, authorities: [] };
    }
    const turning = type === 'A' ? zoneSet.turning.get(name) : undefined;
    if (turning !== undefined) {
      answers.push({ name, type: 'A', ttl: 0, data: turns.take(name, turning.answers) });
      return { code: rcode.ok, answers, authorities: [] };
    }
    const found = lookUp(zone, name, wanted);
    if (found.kind === 'records') {
      answers.push(...found.records);
      return { code: rcode.ok, answers, authorities: [] };
    }
    if (found.kind !== 'alias') {
      const code = found.kind === 'nxdomain' ? rcode.nxdomain : rcode.ok;
      return { code, answers, authorities: [zone.soa] };
    }
    answers.push(found.record);
    name = found.target;
  }
  return { code: rcode.ok, answers, authorities: [] };
}

/** A response without records. */
export function emptyResponse(query: Pick<Packet, 'id' | 'flags' | 'questions'>, code: number): Packet {
  const kept = (query.flags ?? 0) & RECURSION_DESIRED;
  return {
    type: 'response',
    id: query.id ?? 0,
    flags: kept | code,
    questions: query.questions ?? [],
  };
}

function optOf(query: DecodedPacket): { udpPayloadSize: number } | undefined {
  const opt = query.additionals?.find(record => record.type === 'OPT');
  return opt?.type === 'OPT' ? { udpPayloadSize: opt.udpPayloadSize } : undefined;
}

const optAnswer: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: LARGEST_DATAGRAM_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** Answers one query; over UDP what does not fit is cut and marked, so that the client asks again over TCP. */
export function respond(
  zoneSet: ZoneSet,
  turns: Turns,
  query: DecodedPacket,
  question: Question,
  transport: 'udp' | 'tcp',
): Buffer {
  const outcome = resolve(zoneSet, turns, question.name.toLowerCase().replace(/\.$/, ''), question.type);
  const opt = optOf(query);
  const additionals = opt === undefined ? [] : [optAnswer];
  const base = emptyResponse(query, outcome.code);
  const isAuthoritative = outcome.code !== rcode.refused;
  const flags = (base.flags ?? 0) | (isAuthoritative ? AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE : 0);
  const bytes = encode({
    ...base,
    flags,
    answers: outcome.answers.map(toAnswer),
    authorities: outcome.authorities.map(toAnswer),
    additionals,
  });
  const limit =
    transport === 'tcp'
      ? 65_535
      : opt === undefined
        ? PLAIN_DATAGRAM_BYTES
        : Math.min(Math.max(opt.udpPayloadSize, PLAIN_DATAGRAM_BYTES), LARGEST_DATAGRAM_BYTES);
  if (bytes.length <= limit) return bytes;
  return encode({ ...base, flags: flags | TRUNCATED_RESPONSE, additionals });
}
