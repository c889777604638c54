/** A parsed jq program. */
export type JqNode =
  | { readonly kind: 'identity' | 'recurse' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'field'; readonly from: JqNode; readonly name: JqNode }
  | {
      readonly kind: 'slice';
      readonly from: JqNode;
      readonly start: JqNode | undefined;
      readonly end: JqNode | undefined;
    }
  | { readonly kind: 'iterate'; readonly from: JqNode }
  | { readonly kind: 'negate' | 'array'; readonly from: JqNode }
  | {
      readonly kind: 'pipe' | 'comma' | 'alternative' | 'and' | 'or';
      readonly left: JqNode;
      readonly right: JqNode;
    }
  | { readonly kind: 'operator'; readonly operator: string; readonly left: JqNode; readonly right: JqNode }
  | { readonly kind: 'try'; readonly body: JqNode; readonly handler: JqNode | undefined }
  | { readonly kind: 'if'; readonly test: JqNode; readonly yes: JqNode; readonly no: JqNode }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly JqNode[] }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'bind'; readonly source: JqNode; readonly name: string; readonly body: JqNode }
  | {
      readonly kind: 'reduce';
      readonly source: JqNode;
      readonly name: string;
      readonly start: JqNode;
      readonly update: JqNode;
    }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: JqNode, value: JqNode])[] }
  | { readonly kind: 'text'; readonly parts: readonly (string | JqNode)[]; readonly format: string };

const TOKEN = /\s+|#[^\n]*|(?<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\.\d+)|(?<field>\.[A-Za-z_]\w*)|(?<format>@\w+)|(?<name>\$?[A-Za-z_]\w*(?:::\w+)*)|(?<operator>\.\.|\?\/\/|\/\/|==|!=|<=|>=|[.[\]{}()|,:;?+\-*/%<>=])|(?<quote>")/y; // prettier-ignore
const MAX_DEPTH = 100;
const PRECEDENCE: readonly (readonly string[])[] = [
  ['or'], ['and'], ['==', '!=', '<', '<=', '>', '>='], ['+', '-'], ['*', '/', '%'],
]; // prettier-ignore

interface JqToken {
  readonly kind: 'number' | 'field' | 'format' | 'name' | 'operator' | 'text';
  readonly value: string;
  readonly parts?: readonly (string | JqNode)[];
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

function closingParenthesis(source: string, from: number): number {
  let depth = 0;
  for (let index = from; index < source.length; index += 1) {
    const char = source[index];
    if (char === '"')
      for (index += 1; index < source.length && source[index] !== '"'; index += 1)
        if (source[index] === '\\') index += 1;
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (depth === 0) return index;
  }
  throw new Error('unclosed interpolation');
}

function readText(source: string, from: number, depth: number): { parts: (string | JqNode)[]; end: number } {
  const parts: (string | JqNode)[] = [];
  let text = '';
  for (let index = from; index < source.length; index += 1) {
    const char = source[index] ?? '';
    if (char === '"') return { parts: [...parts, text], end: index + 1 };
    if (char !== '\\') {
      text += char;
      continue;
    }
    index += 1;
    const next = source[index] ?? '';
    if (next === 'u') {
      text += String.fromCharCode(Number.parseInt(source.slice(index + 1, index + 5), 16));
      index += 4;
    } else if (next === '(') {
      const close = closingParenthesis(source, index);
      parts.push(text, parseJq(source.slice(index + 1, close), depth + 1));
      text = '';
      index = close;
    } else text += ESCAPES[next] ?? next;
  }
  throw new Error('unclosed string');
}

function tokenize(source: string, depth: number): JqToken[] {
  const tokens: JqToken[] = [];
  for (let offset = 0; offset < source.length;) {
    TOKEN.lastIndex = offset;
    const match = TOKEN.exec(source);
    if (match === null) throw new Error(`unexpected ${JSON.stringify(source[offset])}`);
    offset = TOKEN.lastIndex;
    const groups = match.groups ?? {};
    if (groups['quote'] !== undefined) {
      const { parts, end } = readText(source, offset, depth);
      tokens.push({ kind: 'text', value: '', parts });
      offset = end;
      continue;
    }
    for (const kind of ['number', 'field', 'format', 'name', 'operator'] as const) {
      const value = groups[kind];
      if (value !== undefined) tokens.push({ kind, value });
    }
  }
  return tokens;
}

const IDENTITY: JqNode = { kind: 'identity' };
const literal = (value: string | number | boolean | null): JqNode => ({ kind: 'literal', value });

class JqParser {
  private readonly tokens: readonly JqToken[];
  private index = 0;
  private depth: number;

  constructor(tokens: readonly JqToken[], depth: number) {
    this.tokens = tokens;
    this.depth = depth;
  }

  private is(value: string): boolean {
    const token = this.tokens[this.index];
    return token !== undefined && token.kind !== 'text' && token.value === value;
  }

  private accept(value: string): boolean {
    if (!this.is(value)) return false;
    this.index += 1;
    return true;
  }

  private expect(value: string): void {
    if (!this.accept(value)) throw new Error(`expected ${value}`);
  }

  whole(): JqNode {
    const node = this.pipe();
    if (this.index < this.tokens.length)
      throw new Error(`unexpected ${this.tokens[this.index]?.value ?? ''}`);
    return node;
  }

  private pipe(): JqNode {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new Error('nested too deeply');
    const left = this.comma();
    let node = left;
    if (this.accept('as')) {
      const name = this.name();
      this.expect('|');
      node = { kind: 'bind', source: left, name, body: this.pipe() };
    } else if (this.accept('|')) node = { kind: 'pipe', left, right: this.pipe() };
    this.depth -= 1;
    return node;
  }

  private comma(): JqNode {
    let node = this.alternative();
    while (this.accept(',')) node = { kind: 'comma', left: node, right: this.alternative() };
    return node;
  }

  private alternative(): JqNode {
    const left = this.binary(0);
    return this.accept('//') ? { kind: 'alternative', left, right: this.alternative() } : left;
  }

  private binary(level: number): JqNode {
    const operators = PRECEDENCE[level];
    if (operators === undefined) return this.postfix();
    let left = this.binary(level + 1);
    for (;;) {
      const operator = operators.find(candidate => this.is(candidate));
      if (operator === undefined) return left;
      this.index += 1;
      const right = this.binary(level + 1);
      left =
        operator === 'and' || operator === 'or'
          ? { kind: operator, left, right }
          : { kind: 'operator', operator, left, right };
    }
  }

  private postfix(): JqNode {
    let node = this.term();
    for (;;) {
      const token = this.tokens[this.index];
      if (token?.kind === 'field') {
        this.index += 1;
        node = { kind: 'field', from: node, name: literal(token.value.slice(1)) };
      } else if (this.accept('?')) node = { kind: 'try', body: node, handler: undefined };
      else if (this.is('.') && this.tokens[this.index + 1]?.kind === 'text') {
        this.index += 1;
        node = { kind: 'field', from: node, name: this.term() };
      } else if (this.is('.') && this.tokens[this.index + 1]?.value === '[') this.index += 1;
      else if (this.accept('[')) node = this.bracket(node);
      else return node;
    }
  }

  private bracket(from: JqNode): JqNode {
    if (this.accept(']')) return { kind: 'iterate', from };
    if (this.accept(':')) {
      const end = this.pipe();
      this.expect(']');
      return { kind: 'slice', from, start: undefined, end };
    }
    const start = this.pipe();
    if (this.accept(':')) {
      const end = this.is(']') ? undefined : this.pipe();
      this.expect(']');
      return { kind: 'slice', from, start, end };
    }
    this.expect(']');
    return { kind: 'field', from, name: start };
  }

  private name(): string {
    const token = this.tokens[this.index];
    if (token?.kind !== 'name') throw new Error('expected a name');
    this.index += 1;
    return token.value;
  }

  private term(): JqNode {
    const token = this.tokens[this.index];
    if (token === undefined) throw new Error('unexpected end');
    this.index += 1;
    switch (token.kind) {
      case 'number':
        return literal(Number(token.value));
      case 'text':
        return this.textNode(token, '');
      case 'field':
        return { kind: 'field', from: IDENTITY, name: literal(token.value.slice(1)) };
      case 'format': {
        const next = this.tokens[this.index];
        if (next?.kind !== 'text') return { kind: 'text', parts: [IDENTITY], format: token.value };
        this.index += 1;
        return this.textNode(next, token.value);
      }
      case 'name':
        return this.word(token.value);
      case 'operator':
        return this.symbol(token.value);
    }
  }

  private textNode(token: JqToken, format: string): JqNode {
    const parts = token.parts ?? [];
    const [only] = parts;
    return parts.length === 1 && typeof only === 'string' ? literal(only) : { kind: 'text', parts, format };
  }

  private symbol(value: string): JqNode {
    if (value === '.') {
      return this.tokens[this.index]?.kind === 'text'
        ? { kind: 'field', from: IDENTITY, name: this.term() }
        : IDENTITY;
    }
    if (value === '..') return { kind: 'recurse' };
    if (value === '-') return { kind: 'negate', from: this.postfix() };
    if (value === '(') {
      const node = this.pipe();
      this.expect(')');
      return node;
    }
    if (value === '[') {
      if (this.accept(']')) return { kind: 'array', from: { kind: 'call', name: 'empty', args: [] } };
      const from = this.pipe();
      this.expect(']');
      return { kind: 'array', from };
    }
    if (value === '{') return this.object();
    throw new Error(`unexpected ${value}`);
  }

  private word(value: string): JqNode {
    if (value === 'true' || value === 'false') return literal(value === 'true');
    if (value === 'null') return literal(null);
    if (value === 'if') return this.condition();
    if (value === 'try') {
      const body = this.postfix();
      return { kind: 'try', body, handler: this.accept('catch') ? this.postfix() : undefined };
    }
    if (value === 'reduce') return this.reduce();
    if (value.startsWith('$')) return { kind: 'variable', name: value };
    const args: JqNode[] = [];
    if (this.accept('(')) {
      do args.push(this.pipe());
      while (this.accept(';'));
      this.expect(')');
    }
    return { kind: 'call', name: value, args };
  }

  private condition(): JqNode {
    const test = this.pipe();
    this.expect('then');
    const yes = this.pipe();
    let no: JqNode = IDENTITY;
    if (this.accept('elif')) return { kind: 'if', test, yes, no: this.condition() };
    if (this.accept('else')) no = this.pipe();
    this.expect('end');
    return { kind: 'if', test, yes, no };
  }

  private reduce(): JqNode {
    const source = this.postfix();
    this.expect('as');
    const name = this.name();
    this.expect('(');
    const start = this.pipe();
    this.expect(';');
    const update = this.pipe();
    this.expect(')');
    return { kind: 'reduce', source, name, start, update };
  }

  private object(): JqNode {
    const entries: [JqNode, JqNode][] = [];
    while (!this.accept('}')) {
      entries.push(this.entry());
      if (!this.is('}')) this.expect(',');
    }
    return { kind: 'object', entries };
  }

  private entry(): [JqNode, JqNode] {
    const token = this.tokens[this.index];
    if (token === undefined) throw new Error('unclosed object');
    this.index += 1;
    if (token.kind === 'name' && token.value.startsWith('$')) {
      return [literal(token.value.slice(1)), { kind: 'variable', name: token.value }];
    }
    let key: JqNode;
    if (token.kind === 'name') key = literal(token.value);
    else if (token.kind === 'text') key = this.textNode(token, '');
    else if (token.value === '(') {
      key = this.pipe();
      this.expect(')');
    } else throw new Error(`unexpected ${token.value}`);
    return this.accept(':') ? [key, this.alternative()] : [key, { kind: 'field', from: IDENTITY, name: key }];
  }
}

/** Parses a jq program; throws an Error with the reason when it is none. */
export function parseJq(source: string, depth = 0): JqNode {
  if (depth > 20) throw new Error('interpolations are nested too deeply');
  return new JqParser(tokenize(source, depth), depth).whole();
}
