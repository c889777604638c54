import { bytesOfText } from '../bytes.ts';
import { TemplateError, messageOf } from '../errors.ts';
import {
  JQ_PLAIN,
  JQ_VALUED,
  JqError,
  addJson,
  compareJson,
  fieldsOf,
  isObject,
  jsonText,
  typeOf,
} from './jq-builtins.ts';
import type { Json } from './jq-builtins.ts';
import { parseJq } from './jq-parser.ts';
import type { JqNode } from './jq-parser.ts';

/** A compiled jq program. */
export interface JqProgram {
  readonly source: string;
  /** Results as byte strings: scalars as text, objects and lists as JSON. A failing program gives what came before. */
  readonly run: (value: Json) => string[];
}

const MAX_STEPS = 200_000;
const MAX_RESULTS = 5_000;

interface Context {
  steps: number;
  readonly variables: ReadonlyMap<string, Json>;
}
type Filter = (input: Json, context: Context) => Generator<Json>;

const isTrue = (value: Json): boolean => value !== null && value !== false;

function step(context: Context): void {
  context.steps -= 1;
  if (context.steps < 0) throw new JqError(`more than ${MAX_STEPS} steps`);
}

function fieldOf(value: Json, key: Json): Json {
  if (value === null) return null;
  if (typeof key === 'string' && isObject(value))
    return Object.hasOwn(value, key) ? (value[key] ?? null) : null;
  if (typeof key === 'number' && Array.isArray(value)) return value.at(Math.trunc(key)) ?? null;
  throw new JqError(`cannot index ${typeOf(value)} with ${typeOf(key)}`);
}

function itemsOf(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  if (isObject(value)) return fieldsOf(value).map(([, item]) => item);
  throw new JqError(`cannot iterate over ${typeOf(value)}`);
}

function* recurse(value: Json, context: Context): Generator<Json> {
  step(context);
  yield value;
  if (typeof value === 'object' && value !== null)
    for (const item of itemsOf(value)) yield* recurse(item, context);
}

function subtract(left: Json, right: Json): Json {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (Array.isArray(left) && Array.isArray(right))
    return left.filter(item => !right.some(other => compareJson(item, other) === 0));
  throw new JqError('cannot subtract');
}

function divide(left: Json, right: Json): Json {
  if (typeof left === 'string' && typeof right === 'string') return left.split(right);
  if (typeof left !== 'number' || typeof right !== 'number' || right === 0)
    throw new JqError('cannot divide');
  return left / right;
}

function apply(operator: string, left: Json, right: Json): Json {
  if (operator === '+') return addJson(left, right);
  if (operator === '-') return subtract(left, right);
  if (operator === '/') return divide(left, right);
  if (operator === '*' || operator === '%') {
    if (typeof left !== 'number' || typeof right !== 'number') throw new JqError('needs numbers');
    return operator === '*' ? left * right : Math.trunc(left) % Math.trunc(right);
  }
  const order = compareJson(left, right);
  const verdicts: Readonly<Record<string, boolean>> = {
    '==': order === 0, '!=': order !== 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0,
  }; // prettier-ignore
  return verdicts[operator] ?? false;
}

const FORMATS: Readonly<Record<string, (text: string) => string>> = {
  '': text => text,
  '@text': text => text,
  '@base64': text => Buffer.from(text).toString('base64'),
  '@base64d': text => Buffer.from(text, 'base64').toString(),
  '@uri': text => encodeURIComponent(text),
  '@html': text => text.replace(/[&<>'"]/g, char => `&#${char.charCodeAt(0)};`),
};

const plainText = (value: Json): string => (typeof value === 'string' ? value : jsonText(value));

function textFilter(node: JqNode & { kind: 'text' }): Filter {
  const format =
    node.format === '@json' ? (text: string): string => JSON.stringify(text) : FORMATS[node.format];
  if (format === undefined) throw new Error(`unsupported format ${node.format}`);
  const parts = node.parts.map(part => (typeof part === 'string' ? part : compile(part)));
  return function* (input, context) {
    let text = '';
    for (const part of parts) {
      if (typeof part === 'string') text += part;
      else for (const value of part(input, context)) text += format(plainText(value));
    }
    yield text;
  };
}

function objectFilter(node: JqNode & { kind: 'object' }): Filter {
  const entries = node.entries.map(([key, value]) => [compile(key), compile(value)] as const);
  function* build(
    index: number,
    input: Json,
    context: Context,
    made: { [key: string]: Json },
  ): Generator<Json> {
    const entry = entries[index];
    if (entry === undefined) return yield { ...made };
    for (const key of entry[0](input, context)) {
      for (const value of entry[1](input, context)) {
        step(context);
        yield* build(index + 1, input, context, { ...made, [plainText(key)]: value });
      }
    }
  }
  return (input, context) => build(0, input, context, {});
}

function by(name: string, filter: Filter): Filter {
  return function* (input, context) {
    const keyed = itemsOf(input).map(value => ({ value, key: [...filter(value, context)] }));
    keyed.sort((left, right) => compareJson(left.key, right.key));
    const values = keyed.map(item => item.value);
    const groups: Json[][] = [];
    keyed.forEach((item, index) => {
      const previous = keyed[index - 1];
      if (previous !== undefined && compareJson(previous.key, item.key) === 0)
        groups.at(-1)?.push(item.value);
      else groups.push([item.value]);
    });
    if (name === 'sort_by') yield values;
    else if (name === 'group_by') yield groups;
    else if (name === 'unique_by') yield groups.map(group => group[0] ?? null);
    else yield (name === 'min_by' ? values[0] : values.at(-1)) ?? null;
  };
}

/** Functions whose argument is a filter. */
function filterCall(name: string, filter: Filter): Filter | undefined {
  switch (name) {
    case 'select':
      return function* (input, context) {
        for (const verdict of filter(input, context)) if (isTrue(verdict)) yield input;
      };
    case 'map':
      return function* (input, context) {
        yield itemsOf(input).flatMap(item => [...filter(item, context)]);
      };
    case 'map_values':
      return function* (input, context) {
        if (!isObject(input)) throw new JqError('map_values needs an object');
        yield Object.fromEntries(
          fieldsOf(input).flatMap(([key, item]) =>
            [...filter(item, context)].slice(0, 1).map(value => [key, value]),
          ),
        );
      };
    case 'with_entries':
      return function* (input, context) {
        const entries = (JQ_PLAIN['to_entries']?.(input) ?? [])
          .flatMap(itemsOf)
          .flatMap(item => [...filter(item, context)]);
        yield* JQ_PLAIN['from_entries']?.(entries) ?? [];
      };
    case 'first':
      return function* (input, context) {
        for (const value of filter(input, context)) return yield value;
      };
    case 'last':
      return function* (input, context) {
        const values = [...filter(input, context)];
        if (values.length > 0) yield values.at(-1) ?? null;
      };
    case 'any':
    case 'all':
      return function* (input, context) {
        const test = (item: Json): boolean => [...filter(item, context)].some(isTrue);
        yield name === 'any' ? itemsOf(input).some(test) : itemsOf(input).every(test);
      };
    case 'recurse':
      return function* walk(input, context): Generator<Json> {
        step(context);
        yield input;
        for (const value of filter(input, context)) yield* walk(value, context);
      };
    case 'sort_by':
    case 'group_by':
    case 'unique_by':
    case 'min_by':
    case 'max_by':
      return by(name, filter);
    default:
      return undefined;
  }
}

function limitCall(count: Filter, filter: Filter): Filter {
  return function* (input, context) {
    for (const most of count(input, context)) {
      let left = typeof most === 'number' ? most : 0;
      if (left <= 0) continue;
      for (const value of filter(input, context)) {
        yield value;
        left -= 1;
        if (left <= 0) break;
      }
    }
  };
}

function rangeCall(bounds: readonly Filter[]): Filter {
  return function* (input, context) {
    const numbers = bounds.map(bound => [...bound(input, context)][0]);
    const [from, to] = numbers.length === 1 ? [0, numbers[0]] : numbers;
    if (typeof from !== 'number' || typeof to !== 'number') throw new JqError('range needs numbers');
    for (let value = from; value < to; value += 1) {
      step(context);
      yield value;
    }
  };
}

function callFilter(node: JqNode & { kind: 'call' }): Filter {
  const { name } = node;
  const args = node.args.map(compile);
  const [first, second] = args;
  if (first === undefined) {
    if (name === 'recurse') return recurse;
    if (name === 'error') return () => { throw new JqError('error'); }; // prettier-ignore
    const plain = Object.hasOwn(JQ_PLAIN, name) ? JQ_PLAIN[name] : undefined;
    if (plain === undefined) throw new Error(`unsupported function ${name}`);
    return function* (input) {
      yield* plain(input);
    };
  }
  if (name === 'range' && args.length <= 2) return rangeCall(args);
  if (name === 'limit' && second !== undefined) return limitCall(first, second);
  const filter = args.length === 1 ? filterCall(name, first) : undefined;
  if (filter !== undefined) return filter;
  const valued = JQ_VALUED[`${name}/${args.length}`];
  if (valued === undefined) throw new Error(`unsupported function ${name}/${args.length}`);
  return function* (input, context) {
    for (const value of first(input, context)) {
      step(context);
      if (second === undefined) yield valued(input, value);
      else for (const other of second(input, context)) yield valued(input, value, other);
    }
  };
}

function withVariable(context: Context, name: string, value: Json): Context {
  const variables = new Map(context.variables).set(name, value);
  return {
    variables,
    get steps() {
      return context.steps;
    },
    set steps(left: number) {
      context.steps = left;
    },
  };
}

function pathFilter(node: JqNode & { kind: 'field' | 'slice' | 'iterate' }): Filter {
  const from = compile(node.from);
  if (node.kind === 'iterate') {
    return function* (input, context) {
      for (const value of from(input, context))
        for (const item of itemsOf(value)) {
          step(context);
          yield item;
        }
    };
  }
  if (node.kind === 'field') {
    const name = compile(node.name);
    return function* (input, context) {
      for (const value of from(input, context))
        for (const key of name(input, context)) {
          step(context);
          yield fieldOf(value, key);
        }
    };
  }
  const bounds = [node.start, node.end].map(bound => (bound === undefined ? undefined : compile(bound)));
  return function* (input, context) {
    const [start, end] = bounds.map(bound =>
      bound === undefined ? undefined : [...bound(input, context)][0],
    );
    for (const value of from(input, context)) {
      if (typeof value !== 'string' && !Array.isArray(value))
        throw new JqError(`cannot slice ${typeOf(value)}`);
      yield value.slice(typeof start === 'number' ? start : 0, typeof end === 'number' ? end : undefined);
    }
  };
}

function controlFilter(node: JqNode & { kind: 'try' | 'if' | 'bind' | 'reduce' }): Filter {
  if (node.kind === 'try') {
    const [body, handler] = [
      compile(node.body),
      node.handler === undefined ? undefined : compile(node.handler),
    ];
    return function* (input, context) {
      try {
        yield* body(input, context);
      } catch (error) {
        if (!(error instanceof JqError)) throw error;
        if (handler !== undefined) yield* handler(error.message, context);
      }
    };
  }
  if (node.kind === 'if') {
    const [test, yes, no] = [compile(node.test), compile(node.yes), compile(node.no)];
    return function* (input, context) {
      for (const verdict of test(input, context)) yield* (isTrue(verdict) ? yes : no)(input, context);
    };
  }
  const { name } = node;
  const source = compile(node.source);
  if (node.kind === 'bind') {
    const body = compile(node.body);
    return function* (input, context) {
      for (const value of source(input, context)) yield* body(input, withVariable(context, name, value));
    };
  }
  const [start, update] = [compile(node.start), compile(node.update)];
  return function* (input, context) {
    let state = [...start(input, context)][0] ?? null;
    for (const value of source(input, context)) {
      step(context);
      state = [...update(state, withVariable(context, name, value))].at(-1) ?? null;
    }
    yield state;
  };
}

function joinFilter(
  node: JqNode & { kind: 'pipe' | 'comma' | 'alternative' | 'and' | 'or' | 'operator' },
): Filter {
  const [left, right] = [compile(node.left), compile(node.right)];
  if (node.kind === 'pipe') {
    return function* (input, context) {
      for (const value of left(input, context)) yield* right(value, context);
    };
  }
  if (node.kind === 'comma') {
    return function* (input, context) {
      yield* left(input, context);
      yield* right(input, context);
    };
  }
  if (node.kind === 'alternative') return alternative(left, right);
  if (node.kind === 'operator') {
    const { operator } = node;
    return function* (input, context) {
      for (const b of right(input, context))
        for (const a of left(input, context)) {
          step(context);
          yield apply(operator, a, b);
        }
    };
  }
  const decided = node.kind === 'or';
  return function* (input, context) {
    for (const a of left(input, context)) {
      if (isTrue(a) === decided) yield decided;
      else for (const b of right(input, context)) yield isTrue(b);
    }
  };
}

function alternative(left: Filter, right: Filter): Filter {
  return function* (input, context) {
    let hasAny = false;
    try {
      for (const value of left(input, context)) {
        if (!isTrue(value)) continue;
        hasAny = true;
        yield value;
      }
    } catch (error) {
      if (!(error instanceof JqError)) throw error;
    }
    if (!hasAny) yield* right(input, context);
  };
}

function compile(node: JqNode): Filter {
  switch (node.kind) {
    case 'identity':
      return function* (input) {
        yield input;
      };
    case 'recurse':
      return recurse;
    case 'literal': {
      const { value } = node;
      return function* () {
        yield value;
      };
    }
    case 'variable': {
      const { name } = node;
      return function* (_input, context) {
        const value = context.variables.get(name);
        if (value === undefined) throw new JqError(`${name} is not defined`);
        yield value;
      };
    }
    case 'array': {
      const from = compile(node.from);
      return function* (input, context) {
        yield [...from(input, context)];
      };
    }
    case 'negate': {
      const from = compile(node.from);
      return function* (input, context) {
        for (const value of from(input, context)) yield apply('-', 0, value);
      };
    }
    case 'field':
    case 'slice':
    case 'iterate':
      return pathFilter(node);
    case 'try':
    case 'if':
    case 'bind':
    case 'reduce':
      return controlFilter(node);
    case 'call':
      return callFilter(node);
    case 'object':
      return objectFilter(node);
    case 'text':
      return textFilter(node);
    default:
      return joinFilter(node);
  }
}

/** Compiles a jq program; throws TemplateError for bad syntax and for functions that are not known here. */
export function compileJq(source: string): JqProgram {
  let filter: Filter;
  try {
    filter = compile(parseJq(source));
  } catch (error) {
    throw new TemplateError(
      `the jq program ${JSON.stringify(source.slice(0, 120))} does not compile: ${messageOf(error)}`,
    );
  }
  const run = (value: Json): string[] => {
    const results: string[] = [];
    try {
      for (const result of filter(value, { steps: MAX_STEPS, variables: new Map() })) {
        results.push(result === null ? '' : bytesOfText(plainText(result)));
        if (results.length >= MAX_RESULTS) break;
      }
    } catch (error) {
      if (!(error instanceof JqError) && !(error instanceof RangeError)) throw error;
    }
    return results;
  };
  return { source, run };
}
