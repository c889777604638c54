/** Texts of which any match of a pattern holds at least one; all in lower case when `isFolded`. */
export interface RequiredLiteral {
  readonly anyOf: readonly string[];
  readonly isFolded: boolean;
}

const MIN_LENGTH = 1;
const MAX_ALTERNATIVES = 64;
/** Escapes that stand for one plain character. */
const CONTROL: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', a: '\x07' };

/** Literal alternatives of a piece; undefined when a match need not hold any. */
type Alternatives = readonly string[] | undefined;

/** Reads just enough of RE2 syntax to find literals; anything unusual makes the piece unknown, never wrong. */
class LiteralReader {
  private readonly source: string;
  private index = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** The whole pattern; undefined when nothing certain is known. */
  read(): Alternatives {
    const found = this.alternation(0);
    return this.index < this.source.length ? undefined : found;
  }

  private alternation(depth: number): Alternatives {
    let all: string[] | undefined = [];
    for (;;) {
      const branch = this.sequence(depth);
      if (branch === undefined || all === undefined || all.length + branch.length > MAX_ALTERNATIVES)
        all = undefined;
      else all.push(...branch);
      if (this.source[this.index] !== '|') return all;
      this.index += 1;
    }
  }

  private sequence(depth: number): Alternatives {
    let best: Alternatives;
    let run = '';
    const offer = (candidate: Alternatives): void => {
      if (candidate === undefined || candidate.length === 0) return;
      const shortest = (texts: readonly string[]): number => Math.min(...texts.map(text => text.length));
      if (shortest(candidate) >= MIN_LENGTH && (best === undefined || shortest(candidate) > shortest(best)))
        best = candidate;
    };
    while (
      this.index < this.source.length &&
      this.source[this.index] !== '|' &&
      this.source[this.index] !== ')'
    ) {
      const atom = this.atom(depth);
      const repeat = this.quantifier();
      if (typeof atom === 'string' && repeat === 'once') {
        run += atom;
        continue;
      }
      if (typeof atom === 'string' && repeat === 'some') run += atom;
      offer([run]);
      run = '';
      if (typeof atom !== 'string' && repeat !== 'maybe') offer(atom);
    }
    offer([run]);
    return best;
  }

  /** One character as text, or the alternatives of a group, or undefined for anything else. */
  private atom(depth: number): string | Alternatives {
    const char = this.source[this.index] ?? '';
    this.index += 1;
    if (char === '(') return this.group(depth);
    if (char === '[') return this.skipClass();
    if (char === '\\') return this.escape();
    return '.^$'.includes(char) ? undefined : char;
  }

  private group(depth: number): Alternatives {
    const flags = /^\?(?:[imsU-]*:|P?<\w+>|([imsU-]+)\))/.exec(
      this.source.slice(this.index, this.index + 60),
    );
    if (this.source[this.index] === '?' && flags === null) throw new RangeError('unknown group');
    this.index += flags?.[0].length ?? 0;
    if (flags?.[1] !== undefined) return undefined;
    if (depth > 30) throw new RangeError('nested too deeply');
    const inner = this.alternation(depth + 1);
    if (this.source[this.index] !== ')') throw new RangeError('unclosed group');
    this.index += 1;
    return inner;
  }

  private skipClass(): undefined {
    if (this.source[this.index] === '^') this.index += 1;
    if (this.source[this.index] === ']') this.index += 1;
    while (this.index < this.source.length && this.source[this.index] !== ']') {
      if (this.source[this.index] === '\\') this.index += 1;
      else if (this.source.startsWith('[:', this.index))
        this.index = Math.max(this.source.indexOf(':]', this.index) + 1, this.index);
      this.index += 1;
    }
    this.index += 1;
    return undefined;
  }

  private escape(): string | undefined {
    const char = this.source[this.index] ?? '';
    this.index += 1;
    if (char === 'Q') throw new RangeError('quoted text');
    if (CONTROL[char] !== undefined) return CONTROL[char];
    if (char === 'x' || char === 'p' || char === 'P') {
      const rest = /^(?:\{[^}]*\}|[0-9a-fA-F]{2}|\w)/.exec(this.source.slice(this.index, this.index + 40));
      this.index += rest?.[0].length ?? 0;
      return undefined;
    }
    if (/[0-9]/.test(char)) throw new RangeError('octal escape');
    return /[A-Za-z]/.test(char) ? undefined : char;
  }

  private quantifier(): 'once' | 'some' | 'maybe' {
    const match = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(this.source.slice(this.index, this.index + 24));
    if (match === null) return 'once';
    this.index += match[0].length;
    if (match[0].startsWith('+')) return 'some';
    return match[1] !== undefined && Number(match[1]) > 0 ? 'some' : 'maybe';
  }
}

/** Finds texts that any match of an RE2 pattern (a byte string) must hold; undefined when none is certain. */
export function requiredLiteral(source: string): RequiredLiteral | undefined {
  let anyOf: Alternatives;
  try {
    anyOf = new LiteralReader(source).read();
  } catch {
    return undefined;
  }
  if (anyOf === undefined || anyOf.length === 0) return undefined;
  const isFolded = /\(\?[a-zA-Z-]*i/.test(source);
  return { anyOf: isFolded ? anyOf.map(text => text.toLowerCase()) : anyOf, isFolded };
}
