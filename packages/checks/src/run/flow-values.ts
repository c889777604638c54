/** A value inside a flow script. Objects are maps, so that no script reaches a prototype. */
export type FlowValue =
  string | number | boolean | null | undefined | FlowValue[] | Map<string, FlowValue> | FlowFunction;

/** Anything a script can call. */
export interface FlowFunction {
  readonly call: (args: readonly FlowValue[]) => Promise<FlowValue>;
}

/** A script that fails or exceeds its limits. */
export class FlowError extends Error {
  override readonly name = 'FlowError';
}

const MAX_TEXT = 4_000_000;
const MAX_ITEMS = 1_000_000;

/** True for something callable. */
export function isFunction(value: FlowValue): value is FlowFunction {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

/** Truth as JavaScript has it. */
export function isTruthy(value: FlowValue): boolean {
  return Boolean(value);
}

/** The text JavaScript would make of the value. */
export function flowText(value: FlowValue): string {
  if (Array.isArray(value))
    return value.map(item => (item === null || item === undefined ? '' : flowText(item))).join(',');
  return value instanceof Map || isFunction(value) ? '[object]' : String(value);
}

function bounded<T extends FlowValue>(value: T): T {
  if (typeof value === 'string' && value.length > MAX_TEXT) throw new FlowError('a text grows too long');
  if (Array.isArray(value) && value.length > MAX_ITEMS) throw new FlowError('a list grows too long');
  return value;
}

const native = (call: (...args: FlowValue[]) => FlowValue | Promise<FlowValue>): FlowFunction => ({
  call: async args => bounded(await call(...args)),
});
const number = (value: FlowValue, fallback: number): number =>
  value === undefined ? fallback : Math.trunc(Number(flowText(value)));
const optional = (value: FlowValue): number | undefined =>
  value === undefined ? undefined : number(value, 0);

/** Makes a script function of a host function. */
export { native as hostFunction };

const TEXT_METHODS: Readonly<Record<string, (text: string, ...args: FlowValue[]) => FlowValue>> = {
  includes: (text, other) => text.includes(flowText(other)),
  indexOf: (text, other) => text.indexOf(flowText(other)),
  lastIndexOf: (text, other) => text.lastIndexOf(flowText(other)),
  startsWith: (text, other) => text.startsWith(flowText(other)),
  endsWith: (text, other) => text.endsWith(flowText(other)),
  slice: (text, from, to) => text.slice(number(from, 0), optional(to)),
  substring: (text, from, to) => text.substring(number(from, 0), optional(to)),
  substr: (text, from, size) =>
    text.slice(number(from, 0), size === undefined ? undefined : number(from, 0) + number(size, 0)),
  split: (text, separator) => text.split(flowText(separator)),
  trim: text => text.trim(),
  toLowerCase: text => text.toLowerCase(),
  toUpperCase: text => text.toUpperCase(),
  toString: (text: string) => text,
  charAt: (text, index) => text.charAt(number(index, 0)),
  charCodeAt: (text, index) => text.charCodeAt(number(index, 0)),
  concat: (text, ...others) => text + others.map(flowText).join(''),
  replace: (text, from, to) => text.replace(flowText(from), () => flowText(to)),
  replaceAll: (text, from, to) => {
    if (text.length * Math.max(flowText(to).length, 1) > MAX_TEXT * 4)
      throw new FlowError('a text grows too long');
    return text.replaceAll(flowText(from), () => flowText(to));
  },
  repeat: (text, count) => {
    if (text.length * number(count, 0) > MAX_TEXT || number(count, 0) < 0)
      throw new FlowError('a text grows too long');
    return text.repeat(number(count, 0));
  },
};

type ListMethod = (list: FlowValue[], ...args: FlowValue[]) => FlowValue | Promise<FlowValue>;

const needFunction = (value: FlowValue): FlowFunction => {
  if (!isFunction(value)) throw new FlowError('a function is needed here');
  return value;
};

async function filterList(list: FlowValue[], test: FlowValue): Promise<FlowValue[]> {
  const kept: FlowValue[] = [];
  for (const [index, item] of list.entries())
    if (isTruthy(await needFunction(test).call([item, index]))) kept.push(item);
  return kept;
}

const LIST_METHODS: Readonly<Record<string, ListMethod>> = {
  push: (list, ...items) => {
    for (const item of items) list.push(item);
    return bounded(list).length;
  },
  pop: list => list.pop(),
  shift: list => list.shift(),
  unshift: (list, ...items) => list.unshift(...items),
  includes: (list, item) => list.includes(item),
  indexOf: (list, item) => list.indexOf(item),
  join: (list, separator) =>
    list.map(item => flowText(item ?? '')).join(separator === undefined ? ',' : flowText(separator)),
  slice: (list, from, to) => list.slice(number(from, 0), optional(to)),
  concat: (list, ...others) => list.concat(...others.map(other => (Array.isArray(other) ? other : [other]))),
  reverse: list => list.reverse(),
  sort: list => list.sort((left, right) => (flowText(left) < flowText(right) ? -1 : 1)),
  map: async (list, work) => {
    const made: FlowValue[] = [];
    for (const [index, item] of list.entries()) made.push(await needFunction(work).call([item, index]));
    return made;
  },
  forEach: async (list, work) => {
    for (const [index, item] of list.entries()) await needFunction(work).call([item, index]);
    return undefined;
  },
  filter: filterList,
  find: async (list, test) => (await filterList(list, test))[0],
  some: async (list, test) => (await filterList(list, test)).length > 0,
  every: async (list, test) => (await filterList(list, test)).length === list.length,
};

/** A property or method of a value; undefined when there is none. */
export function memberOf(value: FlowValue, key: FlowValue): FlowValue {
  const name = flowText(key);
  if (value instanceof Map) return value.get(name);
  if (value === undefined || value === null) throw new FlowError(`cannot read ${name} of ${String(value)}`);
  if (typeof value === 'string') {
    if (name === 'length') return value.length;
    const method = Object.hasOwn(TEXT_METHODS, name) ? TEXT_METHODS[name] : undefined;
    return method === undefined ? value[Number(name)] : native((...args) => method(value, ...args));
  }
  if (Array.isArray(value)) {
    if (name === 'length') return value.length;
    const method = Object.hasOwn(LIST_METHODS, name) ? LIST_METHODS[name] : undefined;
    return method === undefined ? value[Number(name)] : native((...args) => method(value, ...args));
  }
  if ((typeof value === 'number' || typeof value === 'boolean') && name === 'toString')
    return native(() => String(value));
  return undefined;
}

/** Sets an element or property. */
export function setMember(target: FlowValue, key: FlowValue, value: FlowValue): void {
  if (target instanceof Map) target.set(flowText(key), value);
  else if (Array.isArray(target)) {
    const index = Number(flowText(key));
    if (!Number.isInteger(index) || index < 0 || index > MAX_ITEMS)
      throw new FlowError('an index is out of range');
    target[index] = value;
  } else throw new FlowError('cannot set a property here');
}

/** A plain JavaScript value as a script value. */
export function fromPlain(value: unknown): FlowValue {
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([key, item]) => [key, fromPlain(item)]));
  return typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    value === null
    ? value
    : undefined;
}

/** A script value as plain JSON. */
export function toPlain(value: FlowValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, toPlain(item)]));
  if (Array.isArray(value)) return value.map(toPlain);
  return isFunction(value) ? undefined : value;
}
