import { bytesOfText } from '../bytes.ts';
import { compileRegex } from './regex.ts';

/** A value jq works on. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A failure inside a jq program, e.g. a field of a number. */
export class JqError extends Error {
  override readonly name = 'JqError';
}

/** The fields of an object by name, as gojq goes through them: its objects have no order of their own. */
export function fieldsOf(value: { readonly [key: string]: Json }): [string, Json][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** A value as JSON text, objects by name of their fields. */
export function jsonText(value: Json): string {
  return JSON.stringify(value, (_, item: Json) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(fieldsOf(item))
      : item,
  );
}

const RANK: Readonly<Record<string, number>> = {
  null: 0,
  false: 1,
  true: 2,
  number: 3,
  string: 4,
  array: 5,
  object: 6,
};

/** The name jq gives to the type of a value. */
export function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

const rankOf = (value: Json): number => RANK[typeof value === 'boolean' ? String(value) : typeOf(value)] ?? 0;

/** True for a JSON object. */
export function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** jq's total order of values. */
export function compareJson(left: Json, right: Json): number {
  const order = rankOf(left) - rankOf(right);
  if (order !== 0) return order;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
      const item = compareJson(left[index] ?? null, right[index] ?? null);
      if (item !== 0) return item;
    }
    return left.length - right.length;
  }
  if (isObject(left) && isObject(right)) {
    const [a, b] = [Object.keys(left).sort(), Object.keys(right).sort()];
    const keys = compareJson(a, b);
    if (keys !== 0) return keys;
    return a.map(key => compareJson(left[key] ?? null, right[key] ?? null)).find(item => item !== 0) ?? 0;
  }
  return 0;
}

function contains(left: Json, right: Json): boolean {
  if (isObject(left) && isObject(right)) {
    return Object.entries(right).every(
      ([key, item]) => Object.hasOwn(left, key) && contains(left[key] ?? null, item),
    );
  }
  if (Array.isArray(left) && Array.isArray(right))
    return right.every(item => left.some(own => contains(own, item)));
  if (typeof left === 'string' && typeof right === 'string') return left.includes(right);
  if (typeOf(left) !== typeOf(right)) throw new JqError('contains needs two values of one type');
  return compareJson(left, right) === 0;
}

function lengthOf(value: Json): number {
  if (value === null) return 0;
  if (typeof value === 'string') return [...value].length;
  if (typeof value === 'number') return Math.abs(value);
  if (typeof value === 'boolean') throw new JqError('a boolean has no length');
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));
const needText = (value: Json): string => {
  if (typeof value !== 'string') throw new JqError('needs a string');
  return value;
};
const needArray = (value: Json): Json[] => {
  if (!Array.isArray(value)) throw new JqError('needs an array');
  return value;
};

/** Adds two values as jq's `+` does. */
export function addJson(left: Json, right: Json): Json {
  if (left === null) return right;
  if (right === null) return left;
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (isObject(left) && isObject(right)) return { ...left, ...right };
  throw new JqError(`cannot add ${typeOf(left)} and ${typeOf(right)}`);
}

function toEntries(value: Json): Json {
  if (!isObject(value)) throw new JqError('to_entries needs an object');
  return fieldsOf(value).map(([key, item]) => ({ key, value: item }));
}

function fromEntries(value: Json): Json {
  return Object.fromEntries(
    needArray(value).map(item => {
      if (!isObject(item)) throw new JqError('from_entries needs objects');
      return [textOf(item['key'] ?? item['name'] ?? item['k'] ?? null), item['value'] ?? item['v'] ?? null];
    }),
  );
}

function flatten(value: Json, depth: number): Json[] {
  return needArray(value).flatMap(item =>
    Array.isArray(item) && depth > 0 ? flatten(item, depth - 1) : [item],
  );
}

function keysOf(value: Json): Json {
  return Array.isArray(value)
    ? value.map((_, index) => index)
    : isObject(value)
      ? Object.keys(value).sort()
      : needArray(value);
}

function parseText(value: Json): Json {
  try {
    return JSON.parse(needText(value)) as Json;
  } catch {
    throw new JqError('fromjson needs JSON');
  }
}

function toNumber(value: Json): number {
  const number = typeof value === 'number' ? value : Number(needText(value));
  if (Number.isNaN(number)) throw new JqError('tonumber needs a number');
  return number;
}

const unique = (sorted: Json[]): Json[] =>
  sorted.filter((item, index) => index === 0 || compareJson(item, sorted[index - 1] ?? null) !== 0);
const only =
  (test: (value: Json) => boolean) =>
  (value: Json): Json[] =>
    test(value) ? [value] : [];
const one =
  (work: (value: Json) => Json) =>
  (value: Json): Json[] => [work(value)];

/** Functions without arguments: a value in, any number of values out. */
export const JQ_PLAIN: Readonly<Record<string, (value: Json) => Json[]>> = {
  empty: () => [],
  not: one(value => value === null || value === false),
  length: one(lengthOf),
  utf8bytelength: one(value => Buffer.byteLength(needText(value))),
  keys: one(keysOf),
  keys_unsorted: one(value => (isObject(value) ? Object.keys(value) : keysOf(value))),
  values: only(value => value !== null),
  objects: only(isObject),
  arrays: only(Array.isArray),
  strings: only(value => typeof value === 'string'),
  numbers: only(value => typeof value === 'number'),
  booleans: only(value => typeof value === 'boolean'),
  nulls: only(value => value === null),
  scalars: only(value => typeof value !== 'object' || value === null),
  iterables: only(value => typeof value === 'object' && value !== null),
  type: one(typeOf),
  add: one(value =>
    (isObject(value) ? fieldsOf(value).map(([, item]) => item) : needArray(value)).reduce(addJson, null),
  ),
  any: one(value => needArray(value).some(item => item !== null && item !== false)),
  all: one(value => needArray(value).every(item => item !== null && item !== false)),
  flatten: one(value => flatten(value, 50)),
  floor: one(value => Math.floor(toNumber(value))),
  ceil: one(value => Math.ceil(toNumber(value))),
  round: one(value => Math.round(toNumber(value))),
  sqrt: one(value => Math.sqrt(toNumber(value))),
  tostring: one(textOf),
  tonumber: one(toNumber),
  tojson: one(jsonText),
  fromjson: one(parseText),
  ascii_downcase: one(value => needText(value).toLowerCase()),
  ascii_upcase: one(value => needText(value).toUpperCase()),
  trim: one(value => needText(value).trim()),
  explode: one(value => [...needText(value)].map(char => char.codePointAt(0) ?? 0)),
  sort: one(value => [...needArray(value)].sort(compareJson)),
  unique: one(value => unique([...needArray(value)].sort(compareJson))),
  reverse: one(value =>
    typeof value === 'string' ? [...value].reverse().join('') : [...needArray(value ?? [])].reverse(),
  ),
  min: one(value => [...needArray(value)].sort(compareJson)[0] ?? null),
  max: one(value => [...needArray(value)].sort(compareJson).at(-1) ?? null),
  first: one(value => needArray(value)[0] ?? null),
  last: one(value => needArray(value).at(-1) ?? null),
  to_entries: one(toEntries),
  from_entries: one(fromEntries),
  halt: () => [],
};

const matches = (value: Json, pattern: Json, flags: Json): boolean => {
  const prefix = typeof flags === 'string' && flags.includes('i') ? '(?i)' : '';
  return compileRegex(bytesOfText(prefix + needText(pattern))).test(bytesOfText(needText(value)));
};

/** Functions whose arguments are values: input and arguments in, one value out. */
export const JQ_VALUED: Readonly<Record<string, (value: Json, ...args: Json[]) => Json>> = {
  'has/1': (value, key) =>
    Array.isArray(value)
      ? typeof key === 'number' && key < value.length
      : isObject(value) && Object.hasOwn(value, textOf(key ?? null)),
  'contains/1': (value, other) => contains(value, other ?? null),
  'inside/1': (value, other) => contains(other ?? null, value),
  'startswith/1': (value, prefix) => needText(value).startsWith(needText(prefix ?? null)),
  'endswith/1': (value, suffix) => needText(value).endsWith(needText(suffix ?? null)),
  'ltrimstr/1': (value, prefix) =>
    typeof value === 'string' && typeof prefix === 'string' && value.startsWith(prefix)
      ? value.slice(prefix.length)
      : value,
  'rtrimstr/1': (value, suffix) =>
    typeof value === 'string' && typeof suffix === 'string' && suffix !== '' && value.endsWith(suffix)
      ? value.slice(0, -suffix.length)
      : value,
  'split/1': (value, separator) => needText(value).split(needText(separator ?? null)),
  'join/1': (value, separator) =>
    needArray(value)
      .map(item => (item === null ? '' : textOf(item)))
      .join(needText(separator ?? null)),
  'test/1': (value, pattern) => matches(value, pattern ?? null, null),
  'test/2': (value, pattern, flags) => matches(value, pattern ?? null, flags ?? null),
  'flatten/1': (value, depth) => flatten(value, Math.min(toNumber(depth ?? null), 50)),
  'nth/1': (value, index) => needArray(value)[toNumber(index ?? null)] ?? null,
  'index/1': (value, other) => {
    const at =
      typeof value === 'string'
        ? value.indexOf(needText(other ?? null))
        : needArray(value).findIndex(item => compareJson(item, other ?? null) === 0);
    return at === -1 ? null : at;
  },
};
