import { UnsupportedError } from '../errors.ts';
import { findFunction, isRefusedFunction } from './functions.ts';
import type { DslFunction } from './functions/signature.ts';
import { isRegexMatch } from './functions/regex.ts';
import { parseExpression } from './parser.ts';
import type { Node } from './parser.ts';
import { DslError, formattedText, isSame, spend, toText } from './values.ts';
import type { DslScope, DslValue } from './values.ts';

/** A compiled expression. Evaluation throws DslError, or a Suspension when it has to wait for an effect. */
export interface Expression {
  readonly source: string;
  readonly evaluate: (scope: DslScope) => DslValue;
  /** How a value of it is shown. */
  readonly show: (value: DslValue) => string;
  /** Names of the variables it reads. */
  readonly variables: ReadonlySet<string>;
  /** Names of the functions it calls. */
  readonly functions: ReadonlySet<string>;
}

/** A text with `{{…}}` placeholders, compiled. */
export interface TextTemplate {
  readonly source: string;
  /** Renders as a byte string; what cannot be resolved stays as written. Throws a Suspension when it has to wait. */
  readonly render: (scope: DslScope) => string;
  readonly variables: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  /** True when the text holds no placeholder at all. */
  readonly isConstant: boolean;
}

type Evaluate = (scope: DslScope) => DslValue;
interface Uses {
  readonly variables: Set<string>;
  readonly functions: Set<string>;
}

const MAX_PLACEHOLDERS = 250;
const MAX_ENDS_TRIED = 40;
const NUMERIC = /^-?\d+(?:\.\d+)?$/;
const SIMPLE_NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
/** The `§` marker as UTF-8 bytes. */
const SECTION = '\xc2\xa7';

function numberOf(value: DslValue, operator: string): number {
  if (typeof value !== 'number')
    throw new DslError(`${operator} needs numbers, not ${JSON.stringify(value)?.slice(0, 40)}`);
  return value;
}

function booleanOf(value: DslValue, operator: string): boolean {
  if (typeof value !== 'boolean') throw new DslError(`${operator} needs true or false`);
  return value;
}

/** The 64-bit integer of a number; what is none becomes the smallest, as on amd64. */
function integerOf(value: DslValue, operator: string): bigint {
  const number = numberOf(value, operator);
  return Number.isFinite(number) ? BigInt.asIntN(64, BigInt(Math.trunc(number))) : -(2n ** 63n);
}

function integerOp(left: DslValue, right: DslValue, operator: string): number {
  const [a, b] = [integerOf(left, operator), integerOf(right, operator)];
  if ((operator === '<<' || operator === '>>') && (b < 0n || b > 63n))
    throw new DslError('a shift is out of range');
  const result =
    operator === '&'
      ? a & b
      : operator === '|'
        ? a | b
        : operator === '^'
          ? a ^ b
          : operator === '<<'
            ? a << b
            : a >> b;
  return Number(BigInt.asIntN(64, result));
}

function compare(left: DslValue, right: DslValue, operator: string): boolean {
  const isComparable =
    (typeof left === 'number' && typeof right === 'number') ||
    (typeof left === 'string' && typeof right === 'string');
  if (!isComparable) throw new DslError(`${operator} needs two numbers or two strings`);
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

/** Functions whose numbers are integers in Go, which prints them without an exponent. */
const INTEGER_FUNCTIONS = new Set(['rand_int', 'unix_time', 'to_unix_time', 'unpack']);

/** The text of what a node gave, as `+` and output show it. */
function textOf(node: Node, value: DslValue): string {
  const isInteger = node.kind === 'call' && INTEGER_FUNCTIONS.has(findFunction(node.name)?.name ?? '');
  return isInteger ? toText(value) : formattedText(value);
}

/** `+` over two operands: a sum, or a text when either is one. */
function compileSum(nodes: readonly [Node, Node], left: Evaluate, right: Evaluate): Evaluate {
  return scope => {
    const values = [left(scope), right(scope)] as const;
    if (typeof values[0] === 'string' || typeof values[1] === 'string') {
      const sum = textOf(nodes[0], values[0]) + textOf(nodes[1], values[1]);
      spend(scope, sum.length);
      return sum;
    }
    return add(values[0], values[1]);
  };
}

function add(left: DslValue, right: DslValue): DslValue {
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  throw new DslError('+ needs numbers or a string');
}

function arithmetic(left: DslValue, right: DslValue, operator: string): number {
  const [a, b] = [numberOf(left, operator), numberOf(right, operator)];
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  if (operator === '/') return a / b;
  return operator === '%' ? a % b : a ** b;
}

function applyBinary(operator: string, left: DslValue, right: DslValue): DslValue {
  switch (operator) {
    case '==':
      return isSame(left, right);
    case '!=':
      return !isSame(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(left, right, operator);
    case '=~':
    case '!~': {
      if (typeof left !== 'string' || typeof right !== 'string')
        throw new DslError(`${operator} needs two strings`);
      return isRegexMatch(right, left) === (operator === '=~');
    }
    case 'in':
      if (!Array.isArray(right)) throw new DslError('in needs a list on its right');
      return right.some(item => isSame(left, item));
    case '&':
    case '|':
    case '^':
    case '<<':
    case '>>':
      return integerOp(left, right, operator);
    default:
      return arithmetic(left, right, operator);
  }
}

function compileBinary(operator: string, left: Evaluate, right: Evaluate): Evaluate {
  if (operator === '&&' || operator === '||') {
    const decided = operator === '||';
    return scope =>
      booleanOf(left(scope), operator) === decided ? decided : booleanOf(right(scope), operator);
  }
  if (operator === '??' || operator === ':') return scope => left(scope) ?? right(scope);
  return scope => applyBinary(operator, left(scope), right(scope));
}

function compileUnary(operator: '!' | '-' | '~', operand: Evaluate): Evaluate {
  if (operator === '!') return scope => !booleanOf(operand(scope), '!');
  if (operator === '-') return scope => -numberOf(operand(scope), '-');
  return scope => Number(~integerOf(operand(scope), '~'));
}

function compileLiteral(value: string | number | boolean, uses: Uses): Evaluate {
  if (typeof value !== 'string' || !value.includes('{{')) return () => value;
  const text = compileText(value);
  for (const name of text.variables) uses.variables.add(name);
  for (const name of text.functions) uses.functions.add(name);
  return text.isConstant ? () => value : scope => text.render(scope);
}

function readVariable(scope: DslScope, name: string): DslValue {
  const value = scope.get(name);
  if (value === undefined) throw new DslError(`No parameter '${name}' found.`);
  return value;
}

/** A bare `{{name}}` inside an expression: its text takes part as if it had been written there. */
function compilePlaceholder(name: string): Evaluate {
  return scope => {
    const value = readVariable(scope, name);
    if (typeof value !== 'string') return value;
    if (NUMERIC.test(value)) return Number(value);
    return value === 'true' || value === 'false' ? value === 'true' : value;
  };
}

/** Functions that many templates apply to the same body. */
const PURE_ON_BODIES = new Set([
  'to_lower',
  'to_upper',
  'md5',
  'sha1',
  'sha256',
  'mmh3',
  'base64_py',
  'base64',
]);
const MIN_REMEMBERED = 1024;
const MAX_REMEMBERED = 24;
const memory: { readonly name: string; readonly input: string; readonly result: DslValue }[] = [];

function remembered(called: DslFunction, [input]: readonly DslValue[]): DslValue | undefined {
  if (typeof input !== 'string' || input.length < MIN_REMEMBERED || !PURE_ON_BODIES.has(called.name))
    return undefined;
  return memory.find(
    item => item.name === called.name && item.input.length === input.length && item.input === input,
  )?.result;
}

function remember(called: DslFunction, values: readonly DslValue[], result: DslValue): void {
  const [input] = values;
  if (typeof input !== 'string' || input.length < MIN_REMEMBERED || remembered(called, values) !== undefined)
    return;
  memory.unshift({ name: called.name, input, result });
  if (memory.length > MAX_REMEMBERED) memory.pop();
}

function compileCall(name: string, args: readonly Evaluate[], uses: Uses): Evaluate {
  const found = findFunction(name);
  if (found === undefined) {
    if (isRefusedFunction(name)) throw new UnsupportedError(`function ${name}`);
    throw new DslError(`unknown function ${name}`);
  }
  uses.functions.add(found.name);
  if (args.length < found.min || args.length > found.max) {
    const takes = found.min === found.max ? found.min : `${found.min} or more`;
    return () => {
      throw new DslError(`${name} takes ${takes} arguments, not ${args.length}`);
    };
  }
  return scope => {
    const values = args.map(argument => argument(scope));
    const result = remembered(found, values) ?? found.call(values, scope);
    if (PURE_ON_BODIES.has(found.name)) remember(found, values, result);
    if (typeof result === 'string') spend(scope, result.length);
    return result;
  };
}

function compileNode(node: Node, uses: Uses): Evaluate {
  switch (node.kind) {
    case 'literal':
      return compileLiteral(node.value, uses);
    case 'variable': {
      const { name } = node;
      uses.variables.add(name);
      return scope => readVariable(scope, name);
    }
    case 'placeholder':
      uses.variables.add(node.name);
      return compilePlaceholder(node.name);
    case 'unary':
      return compileUnary(node.operator, compileNode(node.operand, uses));
    case 'binary': {
      const [left, right] = [compileNode(node.left, uses), compileNode(node.right, uses)];
      return node.operator === '+'
        ? compileSum([node.left, node.right], left, right)
        : compileBinary(node.operator, left, right);
    }
    case 'choice': {
      const [test, yes] = [compileNode(node.test, uses), compileNode(node.yes, uses)];
      return scope => (booleanOf(test(scope), '?') ? yes(scope) : null);
    }
    case 'list': {
      const items = node.items.map(item => compileNode(item, uses));
      return scope => items.map(item => item(scope));
    }
    case 'call':
      return compileCall(
        node.name,
        node.args.map(argument => compileNode(argument, uses)),
        uses,
      );
  }
}

/** Compiles an expression given as a byte string; throws DslError (or UnsupportedError for a refused function). */
export function compileExpression(source: string): Expression {
  const uses: Uses = { variables: new Set(), functions: new Set() };
  const node = parseExpression(source);
  const evaluate = compileNode(node, uses);
  return {
    source,
    evaluate,
    show: value => textOf(node, value),
    variables: uses.variables,
    functions: uses.functions,
  };
}

type Segment =
  | string
  | { readonly source: string; readonly name: string }
  | { readonly source: string; readonly expression: Expression };

function tryExpression(inner: string): Expression | undefined {
  try {
    const expression = compileExpression(inner);
    return expression.functions.size + expression.variables.size > 0 ? expression : undefined;
  } catch (error) {
    if (error instanceof DslError) return undefined;
    throw error;
  }
}

/** The placeholder that starts at `start`: the shortest text up to a `}}` that is a name or an expression. */
function placeholderAt(text: string, start: number): { segment: Segment; end: number } | undefined {
  let close = text.indexOf('}}', start + 2);
  for (let tried = 0; close !== -1 && tried < MAX_ENDS_TRIED; tried += 1) {
    const inner = text.slice(start + 2, close);
    const source = text.slice(start, close + 2);
    const trimmed = inner.trim();
    if (SIMPLE_NAME.test(trimmed)) return { segment: { source, name: trimmed }, end: close + 2 };
    const expression = tryExpression(inner);
    if (expression !== undefined) return { segment: { source, expression }, end: close + 2 };
    close = text.indexOf('}}', close + 1);
  }
  return undefined;
}

function sectionAt(text: string, start: number): { segment: Segment; end: number } | undefined {
  const close = text.indexOf(SECTION, start + 2);
  const name = close === -1 ? '' : text.slice(start + 2, close);
  return SIMPLE_NAME.test(name)
    ? { segment: { source: text.slice(start, close + 2), name }, end: close + 2 }
    : undefined;
}

function nextMarker(text: string, from: number): number {
  const brace = text.indexOf('{{', from);
  const section = text.indexOf(SECTION, from);
  if (brace === -1) return section;
  return section === -1 ? brace : Math.min(brace, section);
}

function splitText(text: string): Segment[] {
  const segments: Segment[] = [];
  let literalFrom = 0;
  let at = nextMarker(text, 0);
  for (let found = 0; at !== -1 && found < MAX_PLACEHOLDERS;) {
    const hit = text[at] === '{' ? placeholderAt(text, at) : sectionAt(text, at);
    if (hit === undefined) {
      at = nextMarker(text, at + 1);
      continue;
    }
    if (at > literalFrom) segments.push(text.slice(literalFrom, at));
    segments.push(hit.segment);
    literalFrom = hit.end;
    found += 1;
    at = nextMarker(text, hit.end);
  }
  if (literalFrom < text.length) segments.push(text.slice(literalFrom));
  return segments;
}

function renderExpression(expression: Expression, source: string, scope: DslScope): string {
  const isCandidate =
    expression.functions.size > 0 || [...expression.variables].some(name => scope.get(name) !== undefined);
  if (!isCandidate) return source;
  try {
    const value = expression.evaluate(scope);
    return toText(value);
  } catch (error) {
    if (error instanceof DslError) return source;
    throw error;
  }
}

function renderSegment(segment: Segment, scope: DslScope): string {
  if (typeof segment === 'string') return segment;
  if ('expression' in segment) return renderExpression(segment.expression, segment.source, scope);
  const value = scope.get(segment.name);
  return value === undefined || value === null ? segment.source : toText(value);
}

/** Compiles a byte-string text with `{{name}}`, `{{expression}}` and `§name§` placeholders. */
export function compileText(source: string): TextTemplate {
  const segments = source.includes('{{') || source.includes(SECTION) ? splitText(source) : [source];
  const variables = new Set<string>();
  const functions = new Set<string>();
  for (const segment of segments) {
    if (typeof segment === 'string') continue;
    if ('name' in segment) variables.add(segment.name);
    else {
      for (const name of segment.expression.variables) variables.add(name);
      for (const name of segment.expression.functions) functions.add(name);
    }
  }
  const isConstant = segments.every(segment => typeof segment === 'string');
  const render = isConstant
    ? (): string => source
    : (scope: DslScope): string => {
        const text = segments.map(segment => renderSegment(segment, scope)).join('');
        spend(scope, text.length);
        return text;
      };
  return { source, render, variables, functions, isConstant };
}
