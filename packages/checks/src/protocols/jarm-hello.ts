import { randomBytes, randomInt } from 'node:crypto';
import { isIP } from 'node:net';

/** The order in which a list is offered. */
type Order = 'forward' | 'reverse' | 'top-half' | 'bottom-half' | 'middle-out';

/** One of the ten hellos of a JARM fingerprint. */
export interface JarmProbe {
  readonly version: 'TLS 1.1' | 'TLS 1.2' | 'TLS 1.3';
  readonly hasTls13Ciphers: boolean;
  readonly cipherOrder: Order;
  /** Puts values in that no implementation knows (RFC 8701). */
  readonly isGreased: boolean;
  /** Offers protocols that hardly anybody speaks, without HTTP/1.1 and HTTP/2. */
  readonly hasRareAlpn: boolean;
  /** Highest version named by the supported_versions extension; none leaves it out of hellos below TLS 1.3. */
  readonly supports: 'none' | 'TLS 1.2' | 'TLS 1.3';
  /** Order of ALPN names and of supported versions. */
  readonly extensionOrder: 'forward' | 'reverse';
}

const probe = (
  version: JarmProbe['version'],
  cipherOrder: Order,
  supports: JarmProbe['supports'],
  extensionOrder: JarmProbe['extensionOrder'],
  rest: Partial<JarmProbe> = {},
): JarmProbe => ({
  version, cipherOrder, supports, extensionOrder, hasTls13Ciphers: true, isGreased: false, hasRareAlpn: false, ...rest,
}); // prettier-ignore

/** The ten hellos, in the order in which the fingerprint lists their answers. */
export const JARM_PROBES: readonly JarmProbe[] = [
  probe('TLS 1.2', 'forward', 'TLS 1.2', 'reverse'),
  probe('TLS 1.2', 'reverse', 'TLS 1.2', 'forward'),
  probe('TLS 1.2', 'top-half', 'none', 'forward'),
  probe('TLS 1.2', 'bottom-half', 'none', 'forward', { hasRareAlpn: true }),
  probe('TLS 1.2', 'middle-out', 'none', 'reverse', { isGreased: true, hasRareAlpn: true }),
  probe('TLS 1.1', 'forward', 'none', 'forward'),
  probe('TLS 1.3', 'forward', 'TLS 1.3', 'reverse'),
  probe('TLS 1.3', 'reverse', 'TLS 1.3', 'forward'),
  probe('TLS 1.3', 'forward', 'TLS 1.3', 'forward', { hasTls13Ciphers: false }),
  probe('TLS 1.3', 'middle-out', 'TLS 1.3', 'reverse', { isGreased: true }),
];

/** Cipher suites in the order of the public description. */
const CIPHERS =
  `0016 0033 0067 c09e c0a2 009e 0039 006b c09f c0a3 009f 0045 00be 0088 00c4 009a c008 c009 c023 c0ac c0ae
  c02b c00a c024 c0ad c0af c02c c072 c073 cca9 1302 1301 cc14 c007 c012 c013 c027 c02f c014 c028 c030 c060 c061 c076
  c077 cca8 1305 1304 1303 cc13 c011 000a 002f 003c c09c c0a0 009c 0035 003d c09d c0a1 009d 0041 00ba 0084 00c0 0007
  0004 0005`.split(/\s+/);
const RARE_ALPN = ['http/0.9', 'http/1.0', 'spdy/1', 'spdy/2', 'spdy/3', 'h2c', 'hq'];
const ALPN = ['http/0.9', 'http/1.0', 'http/1.1', 'spdy/1', 'spdy/2', 'spdy/3', 'h2', 'h2c', 'hq'];
const VERSIONS = { 'TLS 1.1': '0302', 'TLS 1.2': '0303', 'TLS 1.3': '0303' } as const;

/** Puts a list into the order a probe wants. */
export function inOrder<T>(list: readonly T[], order: Order): T[] {
  const middle = Math.floor(list.length / 2);
  const isOdd = list.length % 2 === 1;
  switch (order) {
    case 'forward':
      return [...list];
    case 'reverse':
      return [...list].reverse();
    case 'bottom-half':
      return list.slice(isOdd ? middle + 1 : middle);
    case 'top-half':
      return [
        ...(isOdd ? list.slice(middle, middle + 1) : []),
        ...inOrder([...list].reverse(), 'bottom-half'),
      ];
    case 'middle-out': {
      const result = isOdd ? list.slice(middle, middle + 1) : [];
      for (let step = 1; step <= middle; step += 1) {
        const above = isOdd ? middle + step : middle - 1 + step;
        result.push(...list.slice(above, above + 1), ...list.slice(middle - step, middle - step + 1));
      }
      return result;
    }
  }
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const grease = (): Buffer => Buffer.alloc(2, 0x0a + 0x10 * randomInt(16));

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** Bytes behind their own length. */
const counted = (bytes: Buffer): Buffer => Buffer.concat([uint16(bytes.length), bytes]);
const extension = (type: string, content: Buffer): Buffer => Buffer.concat([hex(type), counted(content)]);

function keyShare(isGreased: boolean): Buffer {
  const share = Buffer.concat([
    ...(isGreased ? [grease(), hex('000100')] : []),
    hex('001d0020'),
    randomBytes(32),
  ]);
  return extension('0033', counted(share));
}

function supportedVersions({ supports, extensionOrder, isGreased }: JarmProbe): Buffer {
  const known = ['0301', '0302', '0303', ...(supports === 'TLS 1.2' ? [] : ['0304'])];
  const versions = [...(isGreased ? [grease()] : []), ...inOrder(known, extensionOrder).map(hex)];
  const bytes = Buffer.concat(versions);
  return extension('002b', Buffer.concat([Buffer.from([bytes.length]), bytes]));
}

function extensionsOf(options: JarmProbe, host: string): Buffer {
  const name = Buffer.from(host, 'latin1');
  const protocols = inOrder(options.hasRareAlpn ? RARE_ALPN : ALPN, options.extensionOrder);
  const alpn = protocols.map(text => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]));
  const hasVersions = options.version === 'TLS 1.3' || options.supports === 'TLS 1.2';
  return Buffer.concat([
    ...(options.isGreased ? [grease(), hex('0000')] : []),
    extension('0000', counted(Buffer.concat([hex('00'), counted(name)]))),
    hex('00170000'),
    hex('0001000101'),
    hex('ff01000100'),
    hex('000a000a0008001d001700180019'),
    hex('000b00020100'),
    hex('00230000'),
    extension('0010', counted(Buffer.concat(alpn))),
    hex('000d00140012040308040401050308050501080606010201'),
    keyShare(options.isGreased),
    hex('002d00020101'),
    ...(hasVersions ? [supportedVersions(options)] : []),
  ]);
}

/** The bytes of a probe's ClientHello record. */
export function jarmHello(options: JarmProbe, host: string): Buffer {
  const version = VERSIONS[options.version];
  const offered = options.hasTls13Ciphers ? CIPHERS : CIPHERS.filter(cipher => !cipher.startsWith('13'));
  const ciphers = inOrder(offered, options.cipherOrder).map(hex);
  const hello = Buffer.concat([
    hex(version),
    randomBytes(32),
    hex('20'),
    randomBytes(32),
    counted(Buffer.concat([...(options.isGreased ? [grease()] : []), ...ciphers])),
    hex('0100'),
    counted(extensionsOf(options, host)),
  ]);
  const handshake = Buffer.concat([hex('0100'), counted(hello)]);
  const record = options.version === 'TLS 1.3' ? '0301' : version;
  return Buffer.concat([hex('16'), hex(record), counted(handshake)]);
}

/** A hello for one version that offers these suites (codes in hex), as an ordinary client would. */
export function enumerationHello(version: string, suites: readonly string[], host: string): Buffer {
  const isTls13 = version === '0304';
  const name = Buffer.from(host, 'latin1');
  const extensions = Buffer.concat([
    ...(isIP(host) === 0 ? [extension('0000', counted(Buffer.concat([hex('00'), counted(name)])))] : []),
    hex('ff01000100'),
    hex('000a000a0008001d001700180019'),
    hex('000b00020100'),
    // Every pairing of hash and signature, SHA-1 included, so that no suite is refused for its certificate.
    extension(
      '000d',
      counted(
        hex('0403050306030804080508060809080a080b0401050106010303030103020402050206020203020102020807'),
      ),
    ),
    ...(isTls13 ? [extension('002b', hex('020304')), keyShare(false), hex('002d00020101')] : []),
  ]);
  const hello = Buffer.concat([
    hex(isTls13 ? '0303' : version),
    randomBytes(32),
    hex('20'),
    randomBytes(32),
    counted(Buffer.concat(suites.map(hex))),
    hex('0100'),
    counted(extensions),
  ]);
  const handshake = Buffer.concat([hex('0100'), counted(hello)]);
  return Buffer.concat([hex('160301'), counted(handshake)]);
}
