import { bufferOfBytes, bytesOfText, textOfBytes } from '../../bytes.ts';
import { DslError } from '../values.ts';
import type { DslValue } from '../values.ts';
import { define, defineText, textAt } from './signature.ts';

const KEPT = /[A-Za-z0-9\-_.!~*'()]/;
/** What stays when everything is to be encoded, measured beside nuclei 3.4.10. */
const KEPT_OF_ALL = /[A-Za-z0-9]/;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

const percent = (char: string): string =>
  `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

function urlEncode(args: readonly DslValue[]): string {
  const kept = args[1] === true ? KEPT_OF_ALL : KEPT;
  return textAt(args, 0).replace(/[\s\S]/g, char => (kept.test(char) ? char : percent(char)));
}

/** Turns `%XX` into bytes; `+` stays, an invalid escape is an error. */
function urlDecode(text: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw new DslError('url_decode met an invalid escape');
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function htmlEscape(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&#34;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, char => names[char] ?? char);
}

function entity(whole: string, name: string): string {
  if (!name.startsWith('#')) return ENTITIES[name] ?? whole;
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    ? String.fromCodePoint(code)
    : '\ufffd';
}

function htmlUnescape(bytes: string): string {
  return bytesOfText(textOfBytes(bytes).replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, entity));
}

/** Base64 in lines of 76 characters, each with a newline behind it, as Python's encodebytes writes it. */
function base64Lines(text: string): string {
  return bufferOfBytes(text)
    .toString('base64')
    .replace(/.{1,76}/g, line => `${line}\n`);
}

/** Standard or URL alphabet, padding optional, as far as it is one; anything else is an error. */
function base64Decode(text: string): string {
  if (!/^[A-Za-z0-9+/_\-\r\n]*={0,2}[\r\n]*$/.test(text))
    throw new DslError('base64_decode met a foreign character');
  return Buffer.from(text, 'base64').toString('latin1');
}

function hexDecode(text: string): string {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text))
    throw new DslError('hex_decode needs pairs of hex digits');
  return Buffer.from(text, 'hex').toString('latin1');
}

function reshapeJson(text: string, indent: number): string {
  try {
    return bytesOfText(JSON.stringify(JSON.parse(textOfBytes(text)), null, indent));
  } catch {
    throw new DslError('the value is not JSON');
  }
}

/** Encodings between byte strings. */
export const ENCODING_FUNCTIONS = [
  define('url_encode', 1, 2, urlEncode),
  defineText('url_decode', 1, (text = '') => urlDecode(text)),
  defineText('html_escape', 1, (text = '') => htmlEscape(text)),
  defineText('html_unescape', 1, (text = '') => htmlUnescape(text)),
  defineText('base64', 1, (text = '') => bufferOfBytes(text).toString('base64')),
  defineText('base64_py', 1, (text = '') => base64Lines(text)),
  defineText('base64_decode', 1, (text = '') => base64Decode(text)),
  defineText('hex_encode', 1, (text = '') => bufferOfBytes(text).toString('hex')),
  defineText('hex_decode', 1, (text = '') => hexDecode(text)),
  defineText('json_minify', 1, (text = '') => reshapeJson(text, 0)),
  defineText('json_prettify', 1, (text = '') => reshapeJson(text, 4)),
];
