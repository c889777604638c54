import type { DnsResolver, Transport } from '@glacis/checks';
import type { Capabilities, RecordType } from '@glacis/engine';
import { EgressError } from '@glacis/foundation';

const RECORD_TYPES: ReadonlySet<string> = new Set(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT']);

/** A transport that counts what it did not let out: no answer was missed there. */
export interface CheckTransport extends Transport {
  readonly refused: () => number;
}

/**
 * The engine of checks on the scan's own connections: guarded, paid from the address's budget, ended with the job.
 * With `onlyPort` every other port is refused, so that what a template finds belongs to the service it was run for.
 */
export function checkTransport({ stream }: Capabilities, onlyPort?: number): CheckTransport {
  let refused = 0;
  return {
    refused: () => refused,
    async connect(host, port, { isTls, sni, timeoutMs }) {
      const tls = isTls ? { tls: sni === undefined ? {} : { serverName: sni } } : {};
      try {
        if (onlyPort !== undefined && port !== onlyPort)
          throw new EgressError('out-of-scope', `Port ${port} is not that of the service.`);
        return await stream.open({ host, port, timeoutMs, ...tls });
      } catch (error) {
        if (error instanceof EgressError && /^(?:out-of-scope|forbidden-address)$/.test(error.code))
          refused += 1;
        throw error;
      }
    },
    reuse: host => stream.admit(host),
  };
}

/** Answers `resolve()` of the expression language; templates that ask DNS themselves are not run. */
export function checkResolver({ dns }: Capabilities): DnsResolver {
  return {
    async query({ name, type }) {
      if (!isRecordType(type))
        throw new EgressError('protocol', `Records of type ${type} are not asked for.`);
      const { records } = await dns.query(name, type);
      const answers = records.map(record => ({ name: record.name, ...dataOf(record.type, record.value) }));
      return { type: 'response', answers, flag_qr: true, flag_aa: false, flag_tc: false, flag_rd: true, flag_ra: true, flag_z: false, flag_ad: false, flag_cd: false, opcode: 'QUERY', rcode: 'NOERROR' }; // prettier-ignore
    },
  };
}

function isRecordType(type: string): type is 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'TXT' {
  return RECORD_TYPES.has(type);
}

type Data =
  | { type: 'A' | 'AAAA' | 'CNAME' | 'NS'; data: string }
  | { type: 'MX'; data: { preference: number; exchange: string } }
  | { type: 'TXT'; data: string };

function dataOf(type: RecordType, value: string): Data {
  if (type === 'MX') {
    const [preference, exchange = ''] = value.split(' ', 2);
    return { type, data: { preference: Number(preference), exchange } };
  }
  if (type === 'A' || type === 'AAAA' || type === 'CNAME' || type === 'NS') return { type, data: value };
  return { type: 'TXT', data: value };
}
