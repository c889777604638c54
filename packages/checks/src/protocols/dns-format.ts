import type { Answer, Packet } from 'dns-packet';

const dot = (name: string): string => (name === '' || name === '.' ? '.' : `${name.replace(/\.$/, '')}.`);
const quotedText = (data: unknown): string =>
  `"${Buffer.isBuffer(data) ? data.toString('latin1') : String(data)}"`;
const hex = (data: unknown): string => (Buffer.isBuffer(data) ? data.toString('hex') : '');

function dataText(answer: Answer): string {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
      return answer.data;
    case 'NS':
    case 'CNAME':
    case 'PTR':
    case 'DNAME':
      return dot(answer.data);
    case 'MX':
      return `${answer.data.preference ?? 0} ${dot(answer.data.exchange)}`;
    case 'TXT':
      return [answer.data].flat().map(quotedText).join(' ');
    case 'SOA': {
      const { mname, rname, serial, refresh, retry, expire, minimum } = answer.data;
      return [dot(mname), dot(rname), serial ?? 0, refresh ?? 0, retry ?? 0, expire ?? 0, minimum ?? 0].join(
        ' ',
      );
    }
    case 'SRV':
      return `${answer.data.priority ?? 0} ${answer.data.weight ?? 0} ${answer.data.port} ${dot(answer.data.target)}`;
    case 'CAA':
      return `${answer.data.flags ?? 0} ${answer.data.tag} "${answer.data.value}"`;
    case 'DS':
      return `${answer.data.keyTag} ${answer.data.algorithm} ${answer.data.digestType} ${hex(answer.data.digest).toUpperCase()}`;
    case 'DNSKEY':
      return `${answer.data.flags} 3 ${answer.data.algorithm} ${Buffer.from(answer.data.key).toString('base64')}`;
    case 'TLSA':
      return `${answer.data.usage} ${answer.data.selector} ${answer.data.matchingType} ${hex(answer.data.certificate)}`;
    case 'NAPTR': {
      const { order, preference, flags, services, regexp, replacement } = answer.data;
      return `${order} ${preference} "${flags}" "${services}" "${regexp}" ${dot(replacement)}`;
    }
    default:
      return 'data' in answer && Buffer.isBuffer(answer.data)
        ? `\\# ${answer.data.length} ${answer.data.toString('hex')}`
        : '';
  }
}

/** One record as zone files and Go's miekg/dns write it: tabs between name, TTL, class, type and data. */
export function formatRecord(answer: Answer): string {
  if (answer.type === 'OPT') return '';
  const [ttl, kind] = [
    'ttl' in answer ? (answer.ttl ?? 0) : 0,
    'class' in answer ? (answer.class ?? 'IN') : 'IN',
  ];
  return `${dot(answer.name)}\t${ttl}\t${kind}\t${answer.type}\t${dataText(answer)}`;
}

const section = (records: readonly Answer[] | undefined): string[] =>
  (records ?? []).map(formatRecord).filter(line => line !== '');

/** A DNS answer as text, by part. */
export interface DnsText {
  readonly rcode: string;
  readonly question: string;
  readonly answer: string;
  readonly ns: string;
  readonly extra: string;
  /** The whole message, as `dig` shows it. */
  readonly raw: string;
}

/** Writes a DNS message out as text. */
export function formatMessage(
  packet: Packet & { readonly rcode?: string | undefined; readonly flags?: number | undefined },
): DnsText {
  const rcode = packet.rcode ?? 'NOERROR';
  const flags = packet.flags ?? 0;
  const names = [[0x8000, 'qr'], [0x400, 'aa'], [0x200, 'tc'], [0x100, 'rd'], [0x80, 'ra'], [0x20, 'ad'], [0x10, 'cd']] as const; // prettier-ignore
  const [answers, authorities, additionals] = [
    section(packet.answers),
    section(packet.authorities),
    section(packet.additionals),
  ];
  const questions = (packet.questions ?? []).map(
    item => `;${dot(item.name)}\t${item.class ?? 'IN'}\t ${item.type}`,
  );
  const head = `;; opcode: QUERY, status: ${rcode}, id: ${packet.id ?? 0}\n;; flags:${names.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => ` ${name}`).join('')}; QUERY: ${questions.length}, ANSWER: ${answers.length}, AUTHORITY: ${authorities.length}, ADDITIONAL: ${additionals.length}\n`; // prettier-ignore
  const block = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : `\n;; ${title} SECTION:\n${lines.join('\n')}\n`;
  return {
    rcode,
    question: questions.join('\n'),
    answer: answers.join('\n'),
    ns: authorities.join('\n'),
    extra: additionals.join('\n'),
    raw:
      head +
      block('QUESTION', questions) +
      block('ANSWER', answers) +
      block('AUTHORITY', authorities) +
      block('ADDITIONAL', additionals),
  };
}
