import { bufferOfBytes } from '../../bytes.ts';
import { DslError } from '../values.ts';
import type { DslValue } from '../values.ts';
import { define, defineText, numberAt, textAt } from './signature.ts';

function inBase(text: string, base: number, prefix: RegExp): number {
  const digits = text.replace(prefix, '');
  const allowed = base === 16 ? /^[0-9a-f]+$/i : base === 8 ? /^[0-7]+$/ : /^[01]+$/;
  if (!allowed.test(digits)) throw new DslError(`not a number of base ${base}`);
  return Number.parseInt(digits, base);
}

function toNumber(args: readonly DslValue[]): number {
  const text = textAt(args, 0).trim();
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text))
    throw new DslError('to_number cannot read the value');
  return Number(text);
}

/** Reads one value with a Python struct format such as `>I` or `<H`. */
function unpack(args: readonly DslValue[]): number {
  const match = /^([<>!=@]?)([bBhHiIlLqQ])$/.exec(textAt(args, 0));
  if (match === null) throw new DslError('unpack reads one integer, e.g. ">I"');
  const [, order = '', code = ''] = match;
  const size = { b: 1, h: 2, i: 4, l: 4, q: 8 }[code.toLowerCase()] ?? 4;
  const bytes = bufferOfBytes(textAt(args, 1));
  if (bytes.length < size) throw new DslError('unpack needs more bytes');
  const isBig = order === '>' || order === '!';
  const isSigned = code === code.toLowerCase();
  const digits = (isBig ? bytes.subarray(0, size) : Buffer.from(bytes.subarray(0, size)).reverse()).toString(
    'hex',
  );
  const value = BigInt(`0x${digits}`);
  return Number(isSigned ? BigInt.asIntN(size * 8, value) : value);
}

/** Numbers. */
export const NUMBER_FUNCTIONS = [
  define('to_number', 1, 1, toNumber),
  defineText('hex_to_dec', 1, (text = '') => inBase(text, 16, /^0x/i)),
  defineText('oct_to_dec', 1, (text = '') => inBase(text, 8, /^0o?/i)),
  defineText('bin_to_dec', 1, (text = '') => inBase(text, 2, /^0b/i)),
  define('dec_to_hex', 1, 1, args => Math.trunc(numberAt(args, 0)).toString(16)),
  define('unpack', 2, 2, unpack),
];
