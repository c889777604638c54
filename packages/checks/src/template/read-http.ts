import { bytesOfText } from '../bytes.ts';
import { compileText } from '../dsl/compile.ts';
import { TemplateError, UnsupportedError } from '../errors.ts';
import { scalarText, type FieldReader } from './field-reader.ts';
import type { HttpBlock, RawAnnotations, RawRequest, RequestPath } from './model.ts';
import { readOperators } from './read-operators.ts';
import { readPayloads } from './read-payloads.ts';
import type { PayloadFiles } from './read-payloads.ts';

const ANNOTATION = /^@(timeout|host|tls-sni|once)(?::[ \t]*(.*))?$/i;
const MAX_TIMEOUT_MS = 300_000;
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
/** Keys that change what is sent or matched in a way that is not built: present and on means refused. */
const REFUSED_KEYS = [
  'fuzzing',
  'analyzer',
  'signature',
  'race',
  'pipeline',
  'global-matchers',
  'filters',
  'pre-condition',
] as const;

/** Milliseconds of a Go duration such as `1m30s`; a bare number is seconds. */
export function durationMs(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== text) return undefined;
  return parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS[part[2] ?? 's'] ?? 0), 0);
}

function readAnnotations(lines: readonly string[]): RawAnnotations {
  let annotations: RawAnnotations = { isOnce: false };
  for (const line of lines) {
    const match = ANNOTATION.exec(line.trim());
    const value = (match?.[2] ?? '').trim();
    switch (match?.[1]?.toLowerCase()) {
      case 'timeout': {
        const timeoutMs = durationMs(value);
        if (timeoutMs !== undefined)
          annotations = { ...annotations, timeoutMs: Math.min(timeoutMs, MAX_TIMEOUT_MS) };
        break;
      }
      case 'host':
        annotations = { ...annotations, host: compileText(value) };
        break;
      case 'tls-sni':
        annotations = {
          ...annotations,
          sni: compileText(value === 'interactsh-url' ? '{{interactsh-url}}' : value),
        };
        break;
      case 'once':
        annotations = { ...annotations, isOnce: true };
        break;
      default:
    }
  }
  return annotations;
}

const OWN_PORT = /^(\{\{(?:BaseURL|RootURL)\}\}):(\d{1,5})(?!\d)/;

function readPath(path: string): RequestPath {
  const port = Number(OWN_PORT.exec(path)?.[2] ?? '0');
  const text = compileText(port === 0 ? path : path.replace(OWN_PORT, '$1'));
  return {
    text,
    port: port > 0 && port < 65_536 ? port : undefined,
    trimsSlash: /^\{\{[a-zA-Z]+\}\}\//.test(text.source),
  };
}

/** Bare newlines become CRLF when the text has no CRLF at all, in the body too. */
function withCrLf(text: string): string {
  return text.includes('\r\n') ? text : text.replaceAll('\n', '\r\n');
}

function readRaw(text: string): RawRequest {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const firstLine = lines.findIndex(line => line.trim() !== '' && !line.trim().startsWith('@'));
  const above = lines.slice(0, Math.max(firstLine, 0));
  const separator = text.includes('\r\n') ? '\r\n' : '\n';
  const rest = lines.slice(Math.max(firstLine, 0)).join(separator);
  return { text: compileText(withCrLf(rest)), annotations: readAnnotations(above) };
}

function refuseUnsupported(reader: FieldReader): void {
  for (const key of REFUSED_KEYS) {
    const value = reader.json(key);
    const isOff =
      value === undefined ||
      value === false ||
      value === null ||
      (Array.isArray(value) && value.length === 0);
    if (!isOff) throw new UnsupportedError(key);
  }
  for (const key of [
    'race_count',
    'pipeline-concurrent-connections',
    'pipeline-requests-per-connection',
    'filters-condition',
  ])
    reader.raw(key);
}

function redirectsOf(reader: FieldReader): HttpBlock['redirects'] {
  const [isAny, isHost] = [reader.flag('redirects'), reader.flag('host-redirects')];
  if (isAny && isHost) throw new TemplateError('redirects and host-redirects exclude each other');
  return isAny ? 'any' : isHost ? 'host' : 'none';
}

function headersOf(reader: FieldReader): { name: string; value: ReturnType<typeof compileText> }[] {
  return reader.entries('headers').map(([name, value]) => ({
    name: bytesOfText(name),
    value: compileText(bytesOfText(scalarText(value) ?? '')),
  }));
}

function digestOf(reader: FieldReader): HttpBlock['digest'] {
  const [username, password] = [reader.bytes('digest-username'), reader.bytes('digest-password')];
  if (username === '' && password === '') return undefined;
  if (username === '' || password === '')
    throw new TemplateError('digest-username and digest-password go together');
  return { username: compileText(username), password: compileText(password) };
}

/** Reads one HTTP block. */
export function readHttpBlock(
  reader: FieldReader,
  files: PayloadFiles,
  isChecked: boolean,
  usedElsewhere: string,
): HttpBlock {
  refuseUnsupported(reader);
  const [paths, raws] = [reader.byteList('path', true), reader.byteList('raw', true)];
  if (paths.length === 0 && raws.length === 0) throw new TemplateError('an http block needs path or raw');
  const isUnsafe = reader.flag('unsafe');
  const body = reader.bytes('body');
  const used = `${usedElsewhere}${JSON.stringify([paths, raws, body, reader.json('headers'), reader.json('matchers'), reader.json('extractors')])}`;
  const block: HttpBlock = {
    protocol: 'http',
    id: reader.text('id'),
    operators: readOperators(reader, isChecked),
    payloads: readPayloads(reader, files, used),
    method: reader.bytes('method').trim().toUpperCase() || 'GET',
    paths: paths.map(readPath),
    raws: raws.filter(raw => raw.trim() !== '').map(readRaw),
    headers: headersOf(reader),
    body: body === '' ? undefined : compileText(isUnsafe ? body : withCrLf(body)),
    redirects: redirectsOf(reader),
    maxRedirects: reader.count('max-redirects', 0),
    maxSize: reader.has('max-size') ? reader.count('max-size', 0) : undefined,
    digest: digestOf(reader),
    isUnsafe,
    isCookieJarOff: reader.flag('disable-cookie'),
    isStopAtFirstMatch: reader.flag('stop-at-first-match'),
    skipsVariablesCheck: reader.flag('skip-variables-check'),
    iteratesAll: reader.flag('iterate-all'),
    isPathAutomergeOff: reader.flag('disable-path-automerge'),
    threads: reader.count('threads', 0),
  };
  for (const key of ['name', 'cookie-reuse', 'req-condition', 'read-all', 'self-contained']) reader.raw(key);
  reader.refuseUnknown();
  return block;
}
