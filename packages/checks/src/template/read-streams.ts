import { bytesOfText } from '../bytes.ts';
import { compileText } from '../dsl/compile.ts';
import { TemplateError, UnsupportedError } from '../errors.ts';
import { scalarText, type FieldReader } from './field-reader.ts';
import type { DnsBlock, FileBlock, SslBlock, StreamInput, TcpBlock, WebsocketBlock } from './model.ts';
import { readOperators } from './read-operators.ts';
import { readPayloads } from './read-payloads.ts';
import type { PayloadFiles } from './read-payloads.ts';

const DNS_TYPES = [
  'A',
  'NS',
  'DS',
  'CNAME',
  'SOA',
  'PTR',
  'MX',
  'TXT',
  'AAAA',
  'CAA',
  'TLSA',
  'ANY',
  'SRV',
  'NAPTR',
  'DNSKEY',
];
const DNS_CLASSES = ['INET', 'CSNET', 'CHAOS', 'HESIOD', 'NONE', 'ANY'];
const TLS_VERSIONS = ['', 'sslv3', 'tls10', 'tls11', 'tls12', 'tls13'];
const DEFAULT_EXCLUDED_PORTS = ['80', '443', '8080', '8443', '8081', '53'];

/** What every reader of a block is given. */
export interface BlockContext {
  readonly files: PayloadFiles;
  readonly isChecked: boolean;
  /** JSON of the parts of the template that may mention a payload. */
  readonly used: string;
}

function shared(reader: FieldReader, context: BlockContext): Pick<DnsBlock, 'id' | 'operators' | 'payloads'> {
  const payloads = readPayloads(reader, context.files, context.used);
  reader.raw('threads');
  return { id: reader.text('id'), operators: readOperators(reader, context.isChecked), payloads };
}

function oneOf(value: string, known: readonly string[], what: string): string {
  const found = known.find(item => item.toLowerCase() === value.trim().toLowerCase());
  if (found === undefined) throw new TemplateError(`unknown ${what} ${value}`);
  return found;
}

/** Reads a DNS block. */
export function readDnsBlock(reader: FieldReader, context: BlockContext): DnsBlock {
  if (reader.flag('trace')) throw new UnsupportedError('dns trace');
  const block: DnsBlock = {
    protocol: 'dns',
    ...shared(reader, context),
    name: compileText(reader.bytes('name') || '{{FQDN}}'),
    type: oneOf(reader.text('type') || 'A', DNS_TYPES, 'DNS type'),
    class: oneOf(reader.text('class') || 'INET', DNS_CLASSES, 'DNS class'),
    retries: Math.min(reader.count('retries', 3), 10),
    isRecursive: reader.has('recursion') ? reader.flag('recursion') : true,
    resolvers: reader.byteList('resolvers', true).map(compileText),
  };
  reader.raw('trace-max-recursion');
  reader.raw('stop-at-first-match');
  reader.refuseUnknown();
  return block;
}

function readInput(reader: FieldReader): StreamInput {
  const type = reader.text('type').toLowerCase();
  if (!['', 'hex', 'text'].includes(type)) throw new TemplateError(`unknown input type ${type}`);
  const input: StreamInput = {
    data: compileText(reader.bytes('data')),
    isHex: type === 'hex',
    read: reader.count('read', 0),
    name: reader.bytes('name'),
  };
  reader.refuseUnknown();
  return input;
}

/** Reads a TCP block (`tcp:` or `network:`). */
export function readTcpBlock(reader: FieldReader, context: BlockContext): TcpBlock {
  const excluded = reader.words('exclude-ports');
  const block: TcpBlock = {
    protocol: 'tcp',
    ...shared(reader, context),
    hosts: reader.byteList('host', true).map(compileText),
    ports: reader.words('port'),
    excludedPorts: excluded.length > 0 ? excluded : DEFAULT_EXCLUDED_PORTS,
    inputs: reader.readers('inputs').map(readInput),
    readSize: reader.count('read-size', 0) || 1024,
    readsAll: reader.flag('read-all'),
    isStopAtFirstMatch: reader.flag('stop-at-first-match'),
  };
  if (block.hosts.length === 0) throw new TemplateError('a tcp block needs host');
  const bad = block.ports.find(port => !/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535);
  if (bad !== undefined) throw new TemplateError(`${bad} is not a port`);
  reader.refuseUnknown();
  return block;
}

/** Reads a TLS block. */
export function readSslBlock(reader: FieldReader, context: BlockContext): SslBlock {
  const modes = reader.text('scan_mode').toLowerCase();
  if (!['', 'auto', 'ctls', 'ztls', 'openssl'].includes(modes))
    throw new TemplateError(`unknown scan_mode ${modes}`);
  const hasVersions = reader.flag('tls_version_enum');
  const hasSuites = reader.flag('tls_cipher_enum');
  const strengths = reader.texts('tls_cipher_types', true).map(text => text.toLowerCase());
  const strange = strengths.find(text => !['weak', 'insecure', 'secure', 'all'].includes(text));
  if (strange !== undefined) throw new TemplateError(`unknown tls_cipher_types ${strange}`);
  if (['sslv3'].includes(reader.text('max_version').toLowerCase())) throw new UnsupportedError('SSL 3.0');
  const block: SslBlock = {
    protocol: 'ssl',
    ...shared(reader, context),
    address: compileText(reader.bytes('address') || '{{Host}}:{{Port}}'),
    minVersion: oneOf(reader.text('min_version'), TLS_VERSIONS, 'TLS version'),
    maxVersion: oneOf(reader.text('max_version'), TLS_VERSIONS, 'TLS version'),
    ciphers: reader.texts('cipher_suites', true),
    enumeration: hasSuites ? 'suites' : hasVersions ? 'versions' : 'none',
    strengths,
  };
  reader.refuseUnknown();
  return block;
}

/** Reads a WebSocket block. */
export function readWebsocketBlock(reader: FieldReader, context: BlockContext): WebsocketBlock {
  const block: WebsocketBlock = {
    protocol: 'websocket',
    ...shared(reader, context),
    address: compileText(reader.bytes('address')),
    headers: reader.entries('headers').map(([name, value]) => ({
      name: bytesOfText(name),
      value: compileText(bytesOfText(scalarText(value) ?? '')),
    })),
    inputs: reader.readers('inputs').map(readInput),
  };
  if (block.address.source === '') throw new TemplateError('a websocket block needs address');
  reader.refuseUnknown();
  return block;
}

function sizeBytes(text: string): number {
  const match = /^(\d+)\s*(b|kb|mb|gb)?$/i.exec(text.trim());
  if (match === null) throw new TemplateError(`max-size ${text} is not a size`);
  return Number(match[1]) * ({ kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }[(match[2] ?? '').toLowerCase()] ?? 1);
}

/** Reads a file block. */
export function readFileBlock(reader: FieldReader, context: BlockContext): FileBlock {
  if (reader.flag('archive')) throw new UnsupportedError('file archive');
  if (reader.flag('mime-type')) throw new UnsupportedError('file mime-type');
  const block: FileBlock = {
    protocol: 'file',
    ...shared(reader, context),
    extensions: reader.texts('extensions', true).map(item => item.toLowerCase()),
    denied: reader.texts('denylist', true).map(item => item.toLowerCase()),
    maxSize: reader.has('max-size') ? sizeBytes(reader.text('max-size')) : 1024 ** 3,
    isRecursionOff: reader.flag('no-recursive'),
  };
  if (block.extensions.length === 0) throw new TemplateError('a file block needs extensions');
  reader.refuseUnknown();
  return block;
}
