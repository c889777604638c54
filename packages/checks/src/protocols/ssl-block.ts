import type { PeerCertificate, TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import type { Duplex } from 'node:stream';
import { isIP } from 'node:net';
import { bytesOfText } from '../bytes.ts';
import type { DslValue } from '../dsl/values.ts';
import { messageOf } from '../errors.ts';
import { parseTarget, portOf } from '../http/target.ts';
import { remoteAddressOf } from '../http/transport.ts';
import { EventData } from '../match/event-data.ts';
import { operate } from '../match/operate.ts';
import type { PayloadSet } from '../run/payload-sets.ts';
import type { OastName, TemplateRun } from '../run/template-run.ts';
import type { SslBlock } from '../template/model.ts';
import { enumerateTls } from './tls-enumeration.ts';
import type { SuitesByStrength, TlsEnumeration } from './tls-enumeration.ts';

type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
const VERSIONS: Readonly<Record<string, TlsVersion>> = {
  tls10: 'TLSv1',
  tls11: 'TLSv1.1',
  tls12: 'TLSv1.2',
  tls13: 'TLSv1.3',
};
const NAMES: Readonly<Record<string, string>> = {
  TLSv1: 'tls10',
  'TLSv1.1': 'tls11',
  'TLSv1.2': 'tls12',
  'TLSv1.3': 'tls13',
};
const DN_ORDER = ['CN', 'SERIALNUMBER', 'OU', 'O', 'L', 'ST', 'STREET', 'C'];

type Subject = Readonly<Record<string, string | string[] | undefined>>;

/** A distinguished name as text, e.g. `CN=a.example, O=Example, C=DE`. */
function distinguishedName(subject: Subject): string {
  const known = DN_ORDER.filter(key => subject[key] !== undefined);
  const other = Object.keys(subject).filter(key => !DN_ORDER.includes(key));
  return [...known, ...other]
    .flatMap(key => [subject[key] ?? []].flat().map(value => `${key}=${value}`))
    .join(', ');
}

const firstOf = (value: string | string[] | undefined): string => [value ?? ''].flat()[0] ?? '';

function altNames(certificate: PeerCertificate): string[] {
  return (certificate.subjectaltname ?? '').split(/,\s*/).filter(name => name.startsWith('DNS:')).map(name => name.slice(4)); // prettier-ignore
}

function isNameCovered(host: string, names: readonly string[]): boolean {
  const lower = host.toLowerCase();
  return names.some(
    name =>
      name.toLowerCase() === lower ||
      (name.startsWith('*.') && lower.slice(lower.indexOf('.')) === name.slice(1).toLowerCase()),
  );
}

/** What a TLS handshake showed, under the names that templates use. */
export function certificateFacts(socket: TLSSocket, host: string): Record<string, DslValue> {
  const certificate = socket.getPeerCertificate(true);
  const subject: Subject = { ...certificate.subject };
  const issuer: Subject = { ...certificate.issuer };
  const names = altNames(certificate);
  const seconds = (text: string | undefined): number => Math.floor(Date.parse(text ?? '') / 1000);
  const isSelfSigned = distinguishedName(subject) === distinguishedName(issuer);
  const notAfter = seconds(certificate.valid_to);
  return {
    tls_version: NAMES[socket.getProtocol() ?? ''] ?? '',
    cipher: socket.getCipher().standardName,
    subject_cn: firstOf(subject['CN']),
    subject_dn: distinguishedName(subject),
    subject_org: [subject['O'] ?? []].flat(),
    subject_an: names,
    domains: names,
    issuer_cn: firstOf(issuer['CN']),
    issuer_dn: distinguishedName(issuer),
    issuer_org: [issuer['O'] ?? []].flat(),
    serial: (certificate.serialNumber ?? '').replace(/(..)(?=.)/g, '$1:'),
    not_before: seconds(certificate.valid_from),
    not_after: notAfter,
    expired: notAfter * 1000 < Date.now(),
    self_signed: isSelfSigned,
    mismatched: !isNameCovered(host, [...names, firstOf(subject['CN'])]),
    untrusted: !socket.authorized,
    revoked: false,
    wildcard_certificate: [...names, firstOf(subject['CN'])].some(name => name.startsWith('*.')),
    fingerprint_md5: '',
    fingerprint_sha1: (certificate.fingerprint ?? '').replaceAll(':', '').toLowerCase(),
    fingerprint_sha256: (certificate.fingerprint256 ?? '').replaceAll(':', '').toLowerCase(),
  };
}

function handshake(
  stream: Duplex,
  host: string,
  block: SslBlock,
  sni: string | undefined,
  timeoutMs: number,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const name = sni ?? (isIP(host) === 0 ? host : undefined);
    const [min, max] = [VERSIONS[block.minVersion], VERSIONS[block.maxVersion]];
    const socket = connectTls({
      socket: stream,
      rejectUnauthorized: false,
      ciphers:
        block.ciphers.length > 0
          ? `${block.ciphers.join(':')}:@SECLEVEL=0`
          : 'ALL:COMPLEMENTOFALL:@SECLEVEL=0',
      minVersion: min ?? 'TLSv1',
      ...(max === undefined ? {} : { maxVersion: max }),
      ...(name === undefined ? {} : { servername: name }),
    });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no TLS handshake within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.once('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}

async function enumeration(
  block: SslBlock,
  { services }: TemplateRun,
  host: string,
  port: number,
): Promise<TlsEnumeration | undefined> {
  if (block.enumeration === 'none') return undefined;
  const { transport, settings, signal } = services;
  return enumerateTls({
    transport, host, port, sni: settings.sni, timeoutMs: settings.timeoutMs, signal,
    acquire: async () => {
      await services.rate.acquire(signal);
      services.counters.requests += 1;
    },
    hasSuites: block.enumeration === 'suites',
    strengths: block.strengths,
  }); // prettier-ignore
}

/** What an enumeration found, as the response shows it. */
function enumeratedJson(found: TlsEnumeration | undefined): object {
  if (found === undefined) return {};
  const listed = ({ weak, insecure, secure }: SuitesByStrength): object =>
    Object.fromEntries(Object.entries({ weak, insecure, secure }).filter(([, names]) => names.length > 0));
  return {
    version_enum: found.versions,
    ...(found.suites.length === 0
      ? {}
      : { cipher_enum: found.suites.map(({ version, suites }) => ({ version, ciphers: listed(suites) })) }),
  };
}

/** What an enumeration found, as expressions see it. */
function enumeratedValues(found: TlsEnumeration | undefined): [string, DslValue][] {
  if (found === undefined) return [];
  const list = (names: readonly string[]): string => `[${names.join(' ')}]`;
  const suites = found.suites.map(
    ({ version, suites: { weak, insecure, secure } }) =>
      `{${version} {${list(weak)} ${list(insecure)} ${list(secure)} []}}`,
  );
  return [
    ['version_enum', found.versions],
    ...(suites.length === 0 ? [] : [['cipher_enum', list(suites)] satisfies [string, DslValue]]),
  ];
}

/** Shakes hands with the address of a TLS block and runs its operators over what the handshake showed. */
export async function runSslBlock(
  block: SslBlock,
  run: TemplateRun,
  prefix: string,
  payloads: PayloadSet,
): Promise<boolean> {
  const { services } = run;
  const oastNames: OastName[] = [];
  const scope = run.scope(payloads, run.targetVariables(false), run.dynamic, oastNames);
  const rendered = parseTarget(block.address.render(scope));
  if (rendered === undefined) return false;
  // A host without a port or scheme is looked at on 443, where `{{Port}}` would say 80.
  const isBare = run.target?.port === undefined && run.target?.scheme !== 'http';
  const target = isBare && portOf(rendered) === 80 ? { ...rendered, port: 443 } : rendered;
  await services.rate.acquire(services.signal);
  services.counters.requests += 1;
  let facts: Record<string, DslValue>;
  let ip: string;
  let isConnected = false;
  let enumerated: TlsEnumeration | undefined;
  try {
    const { timeoutMs } = services.settings;
    const stream = await services.transport.connect(target.host, portOf(target), {
      isTls: false,
      timeoutMs,
      ...(services.signal === undefined ? {} : { signal: services.signal }),
    });
    ip = remoteAddressOf(stream);
    isConnected = true;
    const socket = await handshake(stream, target.host, block, services.settings.sni, timeoutMs);
    facts = certificateFacts(socket, target.host);
    socket.on('error', () => undefined);
    socket.destroy();
    enumerated = await enumeration(block, run, target.host, portOf(target));
  } catch (error) {
    // A peer that is there and refuses the handshake has answered.
    if (!isConnected) services.counters.errors += 1;
    run.failures += 1;
    services.warn(`${run.template.id}: ${messageOf(error)}`);
    return false;
  }
  const matched = `${target.host}:${portOf(target)}`;
  const {
    fingerprint_md5: md5 = '',
    fingerprint_sha1: sha1 = '',
    fingerprint_sha256: sha256 = '',
    ...plain
  } = facts;
  const asTime = (value: DslValue | undefined): string => new Date(Number(value) * 1000).toISOString();
  const shown = {
    host: target.host,
    ip,
    port: String(portOf(target)),
    ...plain,
    not_before: asTime(facts['not_before']),
    not_after: asTime(facts['not_after']),
    fingerprint_hash: { md5, sha1, sha256 },
    ...enumeratedJson(enumerated),
  };
  const response = bytesOfText(JSON.stringify(shown));
  const entries = Object.entries(facts).map(([name, value]): [string, DslValue] => [
    name,
    typeof value === 'string' ? bytesOfText(value) : value,
  ]);
  const values = new Map<string, DslValue>([
    ...entries,
    ...enumeratedValues(enumerated),
    ['response', response],
    ['body', response],
    ['all', response],
    ['host', run.target?.input ?? matched],
    ['matched', matched],
    ['type', 'ssl'],
    ['port', String(portOf(target))],
    ['ip', ip],
  ]);
  run.export(prefix, values);
  const verdict = await operate(block.operators, new EventData(values, scope.get), services);
  run.remember(verdict.internal);
  return run.report(verdict, {
    type: 'ssl',
    matchedAt: matched,
    request: '',
    response,
    ip,
    target: { ...target, scheme: '' },
    payloads: scope.payloadValues(),
  });
}
