import { randomInt } from 'node:crypto';
import { DslError } from '../values.ts';
import type { DslValue } from '../values.ts';
import { define, numberAt, textAt } from './signature.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DIGITS = '0123456789';
const MAX_LENGTH = 1_000_000;

function randomText(length: number, charset: string): string {
  if (length < 0 || length > MAX_LENGTH || charset === '')
    throw new DslError('the random text cannot have that length');
  let text = '';
  for (let index = 0; index < length; index += 1) text += charset[randomInt(charset.length)] ?? '';
  return text;
}

const without = (charset: string, unwanted: string): string =>
  [...charset].filter(char => !unwanted.includes(char)).join('');

function randomBase(args: readonly DslValue[]): string {
  return randomText(numberAt(args, 0), textAt(args, 1) || LETTERS + DIGITS);
}

function randomNumber(args: readonly DslValue[]): number {
  const min = Math.trunc(numberAt(args, 0, 0));
  const max = Math.trunc(numberAt(args, 1, 2_147_483_647));
  if (max <= min) throw new DslError('rand_int needs a maximum above its minimum');
  return max - min < 2 ** 47 ? randomInt(min, max) : min + Math.floor(Math.random() * (max - min));
}

function randomCharacter(args: readonly DslValue[]): string {
  return randomText(1, textAt(args, 0) || LETTERS + DIGITS);
}

/** An address inside one of the given IPv4 networks. */
function randomAddress(args: readonly DslValue[]): string {
  const network = textAt(args, randomInt(args.length));
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(network);
  const bits = Number(match?.[5] ?? '32');
  const octets = match?.slice(1, 5).map(Number) ?? [];
  if (match === null || bits > 32 || octets.some(octet => octet > 255))
    throw new DslError('rand_ip needs an IPv4 network');
  const base = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - bits);
  const address = base - (base % size) + randomInt(size);
  return [24, 16, 8, 0].map(shift => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Random values from the system's generator. */
export const RANDOM_FUNCTIONS = [
  define('rand_base', 1, 2, randomBase),
  define('rand_char', 0, 1, randomCharacter),
  define('rand_text_alphanumeric', 1, 2, args =>
    randomText(numberAt(args, 0), without(LETTERS + DIGITS, textAt(args, 1))),
  ),
  define('rand_text_alpha', 1, 2, args => randomText(numberAt(args, 0), without(LETTERS, textAt(args, 1)))),
  define('rand_text_numeric', 1, 2, args => randomText(numberAt(args, 0), without(DIGITS, textAt(args, 1)))),
  define('rand_int', 0, 2, randomNumber),
  define('rand_ip', 1, 100, randomAddress),
];
