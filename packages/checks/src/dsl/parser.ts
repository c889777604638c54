import { tokenize } from './tokenizer.ts';
import type { Token } from './tokenizer.ts';
import { DslError } from './values.ts';

/** A parsed expression. */
export type Node =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'placeholder'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: '!' | '-' | '~'; readonly operand: Node }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Node; readonly right: Node }
  | { readonly kind: 'choice'; readonly test: Node; readonly yes: Node }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] };

const MAX_DEPTH = 120;
const MAX_TOKENS = 50_000;
/** Binary operators from the loosest to the tightest; ternary and `??` lie below the first row. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!=', '>', '>=', '<', '<=', '=~', '!~', 'in'],
  ['&', '|', '^'],
  ['>>', '<<'],
  ['+', '-'],
  ['*', '/', '%'],
  ['**'],
];

class Parser {
  private readonly tokens: readonly Token[];
  private index = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  private isOperator(value: string): boolean {
    const token = this.tokens[this.index];
    return token?.kind === 'operator' && token.value === value;
  }

  private accept(value: string): boolean {
    if (!this.isOperator(value)) return false;
    this.index += 1;
    return true;
  }

  private expect(value: string): void {
    if (!this.accept(value)) throw new DslError(`expected ${value}`);
  }

  whole(): Node {
    const node = this.list();
    if (this.tokens[this.index]?.kind !== 'end')
      throw new DslError('two values without an operator between them');
    return node;
  }

  private list(): Node {
    const first = this.ternary();
    if (!this.isOperator(',')) return first;
    const items = [first];
    while (this.accept(',')) items.push(this.ternary());
    return { kind: 'list', items };
  }

  private ternary(): Node {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new DslError(`nested deeper than ${MAX_DEPTH} levels`);
    let node = this.binary(0);
    for (;;) {
      // As in govaluate, `?` gives its right side or nothing, and `:` gives its left side unless that is nothing.
      if (this.accept('??')) node = { kind: 'binary', operator: '??', left: node, right: this.binary(0) };
      else if (this.accept('?')) node = { kind: 'choice', test: node, yes: this.binary(0) };
      else if (this.accept(':')) node = { kind: 'binary', operator: ':', left: node, right: this.binary(0) };
      else break;
    }
    this.depth -= 1;
    return node;
  }

  private binary(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.prefix();
    let left = this.binary(level + 1);
    for (;;) {
      const token = this.tokens[this.index];
      if (token?.kind !== 'operator' || !operators.includes(token.value)) return left;
      this.index += 1;
      left = { kind: 'binary', operator: token.value, left, right: this.binary(level + 1) };
    }
  }

  private prefix(): Node {
    for (const operator of ['!', '-', '~'] as const) {
      if (!this.accept(operator)) continue;
      this.depth += 1;
      if (this.depth > MAX_DEPTH) throw new DslError(`nested deeper than ${MAX_DEPTH} levels`);
      const operand = this.prefix();
      this.depth -= 1;
      return { kind: 'unary', operator, operand };
    }
    return this.primary();
  }

  private primary(): Node {
    const token = this.tokens[this.index];
    if (token === undefined || token.kind === 'end') throw new DslError('unexpected end of the expression');
    this.index += 1;
    switch (token.kind) {
      case 'number':
      case 'string':
      case 'boolean':
        return { kind: 'literal', value: token.value };
      case 'placeholder':
        return { kind: 'placeholder', name: token.value };
      case 'name':
        return this.isOperator('(') ? this.call(token.value) : { kind: 'variable', name: token.value };
      case 'operator':
        return this.group(token.value);
    }
  }

  private group(operator: string): Node {
    if (operator !== '(') throw new DslError(`unexpected ${operator}`);
    const node = this.list();
    this.expect(')');
    return node;
  }

  private call(name: string): Node {
    this.expect('(');
    if (this.accept(')')) return { kind: 'call', name, args: [] };
    const args = [this.ternary()];
    while (this.accept(',')) args.push(this.ternary());
    this.expect(')');
    return { kind: 'call', name, args };
  }
}

/** Parses an expression; throws DslError with the reason when it is none. */
export function parseExpression(source: string): Node {
  const tokens = tokenize(source);
  if (tokens.length > MAX_TOKENS) throw new DslError(`longer than ${MAX_TOKENS} tokens`);
  return new Parser(tokens).whole();
}
