import { unixOfTimeLiteral } from './time-literal.ts';
import { DslError } from './values.ts';

/** One token of an expression. */
export type Token =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'name'; readonly value: string }
  | { readonly kind: 'placeholder'; readonly value: string }
  | { readonly kind: 'operator'; readonly value: string }
  | { readonly kind: 'end' };

const OPERATORS = [
  '**', '&&', '||', '??', '==', '!=', '>=', '<=', '=~', '!~', '>>', '<<',
  '>', '<', '+', '-', '*', '/', '%', '&', '|', '^', '!', '~', '?', ':', ',', '(', ')',
]; // prettier-ignore
const NUMBER = /(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}/y;
const SPACE = /\s*/y;

function matchAt(pattern: RegExp, source: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(source);
}

/** Reads a quoted string: only the same quote ends it, and a backslash stands for the character after it. */
function readString(source: string, offset: number): { value: string; end: number } {
  const quote = source[offset];
  let value = '';
  let index = offset + 1;
  for (; index < source.length; index += 1) {
    const char = source[index];
    if (char === quote) return { value, end: index + 1 };
    if (char === '\\') index += 1;
    value += source[index] ?? '';
  }
  throw new DslError('unclosed string');
}

function readBracketName(source: string, offset: number): { value: string; end: number } {
  const end = source.indexOf(']', offset);
  if (end === -1) throw new DslError('unclosed [');
  return { value: source.slice(offset + 1, end), end: end + 1 };
}

function wordToken(word: string): Token {
  if (word === 'true' || word === 'false') return { kind: 'boolean', value: word === 'true' };
  if (word === 'in' || word === 'IN') return { kind: 'operator', value: 'in' };
  if (word.includes('.')) throw new DslError(`accessors are not allowed: ${word}`);
  return { kind: 'name', value: word };
}

function stringToken(value: string): Token {
  const unix = unixOfTimeLiteral(value);
  return unix === undefined ? { kind: 'string', value } : { kind: 'number', value: unix };
}

function nextToken(source: string, start: number): { token: Token; end: number } {
  const char = source[start] ?? '';
  if (char === '"' || char === "'") {
    const { value, end } = readString(source, start);
    return { token: stringToken(value), end };
  }
  if (char >= '0' && char <= '9') {
    const text = matchAt(NUMBER, source, start)?.[0] ?? char;
    return { token: { kind: 'number', value: Number(text) }, end: start + text.length };
  }
  if (char === '[') {
    const { value, end } = readBracketName(source, start);
    return { token: { kind: 'name', value }, end };
  }
  const placeholder = char === '{' ? matchAt(PLACEHOLDER, source, start) : null;
  if (placeholder !== null) {
    return {
      token: { kind: 'placeholder', value: placeholder[1] ?? '' },
      end: start + placeholder[0].length,
    };
  }
  const name = matchAt(NAME, source, start);
  if (name !== null) return { token: wordToken(name[0]), end: start + name[0].length };
  const operator = OPERATORS.find(candidate => source.startsWith(candidate, start));
  if (operator === undefined) throw new DslError(`unexpected character ${JSON.stringify(char)}`);
  return { token: { kind: 'operator', value: operator }, end: start + operator.length };
}

/** Splits an expression into tokens; throws DslError for anything that is none. The last token is `end`. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  for (;;) {
    offset += matchAt(SPACE, source, offset)?.[0].length ?? 0;
    if (offset >= source.length) break;
    const { token, end } = nextToken(source, offset);
    tokens.push(token);
    offset = end;
  }
  tokens.push({ kind: 'end' });
  return tokens;
}
