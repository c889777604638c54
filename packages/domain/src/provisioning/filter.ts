import { UserError } from '@glacis/foundation';

/** What may be compared, each once and in lower case. */
export const filterOperators = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
/** One of {@link filterOperators}. */
export type FilterOperator = (typeof filterOperators)[number];

/** A filter of SCIM (RFC 7644, 3.4.2.2) as a tree. Paths are in lower case; `emails[type eq "x"]` is `emails.type eq "x"`. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | { readonly kind: 'present'; readonly path: string }
  | {
      readonly kind: 'compare';
      readonly path: string;
      readonly operator: FilterOperator;
      readonly value: string | number | boolean | null;
    };

const MAX_LENGTH = 1000;
const MAX_TERMS = 30;
const MAX_DEPTH = 8;

/** A bracket, a text, or a word: attribute, operator, number or literal. */
const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|([^\s()[\]"]+))/y;
const PATH = /^[a-z$][\w$:.-]*$/i;
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;

/** Reads a filter. @throws UserError when it cannot be read, or is longer or deeper than anybody needs. */
export function parseFilter(text: string): Filter {
  if (text.length > MAX_LENGTH) throw invalid(`it has more than ${MAX_LENGTH} characters`);
  const reader = new Reader(tokensOf(text));
  const filter = reader.alternatives('', 0);
  if (reader.peek() !== undefined) throw invalid(`“${reader.peek()}” comes too late`);
  return filter;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const trimmed = text.trimEnd();
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (!match) throw invalid('a text is not closed');
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return tokens;
}

/** Reads tokens from left to right; `or` binds less than `and`. */
class Reader {
  readonly #tokens: readonly string[];
  #at = 0;
  #terms = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #next(): string {
    const token = this.peek();
    if (token === undefined) throw invalid('it ends too early');
    this.#at += 1;
    return token;
  }

  #takes(word: string): boolean {
    if (this.peek()?.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #expects(token: string): void {
    if (this.#next() !== token) throw invalid(`“${token}” is missing`);
  }

  alternatives(prefix: string, depth: number): Filter {
    if (depth > MAX_DEPTH) throw invalid(`it is nested more than ${MAX_DEPTH} levels deep`);
    const parts = [this.#conjunction(prefix, depth)];
    while (this.#takes('or')) parts.push(this.#conjunction(prefix, depth));
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'or', parts };
  }

  #conjunction(prefix: string, depth: number): Filter {
    const parts = [this.#term(prefix, depth)];
    while (this.#takes('and')) parts.push(this.#term(prefix, depth));
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'and', parts };
  }

  #term(prefix: string, depth: number): Filter {
    this.#terms += 1;
    if (this.#terms > MAX_TERMS) throw invalid(`it has more than ${MAX_TERMS} terms`);
    if (this.#takes('not')) {
      this.#expects('(');
      const part = this.alternatives(prefix, depth + 1);
      this.#expects(')');
      return { kind: 'not', part };
    }
    if (this.#takes('(')) {
      const inner = this.alternatives(prefix, depth + 1);
      this.#expects(')');
      return inner;
    }
    return this.#comparison(prefix, depth);
  }

  #comparison(prefix: string, depth: number): Filter {
    const name = this.#next();
    if (!PATH.test(name)) throw invalid(`“${name}” is no attribute`);
    const path = prefix + name.toLowerCase().replace(CORE, '');
    if (this.#takes('[')) {
      if (prefix !== '') throw invalid('brackets stand in brackets');
      const inner = this.alternatives(`${path}.`, depth + 1);
      this.#expects(']');
      return inner;
    }
    const word = this.#next().toLowerCase();
    if (word === 'pr') return { kind: 'present', path };
    const operator = filterOperators.find(one => one === word);
    if (!operator) throw invalid(`“${word}” is no operator`);
    return { kind: 'compare', path, operator, value: valueOf(this.#next()) };
  }
}

function valueOf(token: string): string | number | boolean | null {
  const literal = token.startsWith('"') ? token : token.toLowerCase();
  try {
    const value: unknown = JSON.parse(literal);
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
      return value as string | number | boolean | null;
  } catch {
    // Said below.
  }
  throw invalid(`${token} is no value: write texts in double quotes`);
}

function invalid(why: string): UserError {
  return new UserError('scim.invalid-filter', `The filter cannot be read: ${why}.`);
}
