import { DslError, toText } from '../values.ts';
import type { DslValue } from '../values.ts';
import { ANY_COUNT, define, listAt, numberAt, textAt } from './signature.ts';

/** The items of one list argument, of several arguments, or the characters of one string. */
function itemsOf(args: readonly DslValue[]): string[] {
  const [first] = args;
  if (args.length === 1 && Array.isArray(first)) return first.map(toText);
  if (args.length === 1) return [...textAt(args, 0)];
  return args.map(toText);
}

/** One string stays one string, a list stays a list. */
function likeInput(args: readonly DslValue[], items: string[]): DslValue {
  return args.length === 1 && !Array.isArray(args[0]) ? items.join('') : items;
}

function split(args: readonly DslValue[]): DslValue {
  const text = textAt(args, 0);
  const second = args[1];
  if (typeof second === 'number') {
    if (second < 1) throw new DslError('split needs a length of 1 or more');
    const parts: string[] = [];
    for (let at = 0; at < text.length; at += second) parts.push(text.slice(at, at + second));
    return parts;
  }
  const parts = text.split(toText(second ?? ','));
  const limit = args[2] === undefined ? -1 : numberAt(args, 2);
  if (limit <= 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(toText(second ?? ','))];
}

function join(args: readonly DslValue[]): string {
  const items = args.length === 2 ? listAt(args, 1) : args.slice(1);
  return items.map(toText).join(textAt(args, 0));
}

function itemAt(args: readonly DslValue[]): DslValue {
  const [subject] = args;
  const index = numberAt(args, 1);
  if (Array.isArray(subject)) {
    const item = subject[index];
    if (item === undefined) throw new DslError('index is out of range');
    return item;
  }
  const char = textAt(args, 0)[index];
  if (char === undefined) throw new DslError('index is out of range');
  return char;
}

/** Lists. */
export const COLLECTION_FUNCTIONS = [
  define('sort', 1, ANY_COUNT, args => likeInput(args, itemsOf(args).sort())),
  define('uniq', 1, ANY_COUNT, args => likeInput(args, [...new Set(itemsOf(args))])),
  define('split', 1, 3, split),
  define('join', 2, ANY_COUNT, join),
  define('index', 2, 2, itemAt),
  define('count', 2, 2, args => textAt(args, 0).split(textAt(args, 1)).length - 1),
];
