/** What every match of a pattern is: at least `length` bytes in a row, each of them in the set. */
export interface RequiredRun {
  /** 1 for each byte value that a match may hold. */
  readonly set: Uint8Array;
  /** The set as a key. */
  readonly key: string;
  readonly length: number;
}

/** Shorter runs are in every page. */
const MIN_LENGTH = 8;
const MAX_DEPTH = 30;
/** Kelvin sign and long s, which RE2 takes for `k` and `s` under (?i), as UTF-8. */
const FOLDED_BYTES = [0xe2, 0x84, 0xaa, 0xc5, 0xbf];
const CONTROL: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7 };
const isOf = (pattern: RegExp): number[] =>
  Array.from({ length: 128 }, (_, code) => code).filter(code => pattern.test(String.fromCharCode(code)));
const CLASSES: Readonly<Record<string, readonly number[]>> = {
  d: isOf(/[0-9]/),
  w: isOf(/\w/),
  s: isOf(/[\t\n\f\r ]/),
};

/** Reads patterns of plain characters, positive ASCII classes, groups and repetitions; throws RangeError for all others. */
class RunReader {
  readonly set = new Uint8Array(256);
  private readonly source: string;
  private readonly isFolded: boolean;
  private index = 0;

  constructor(source: string) {
    this.source = source;
    this.isFolded = /\(\?[a-zA-Z-]*i/.test(source);
  }

  read(): number {
    const length = this.alternation(0);
    if (this.index < this.source.length) throw new RangeError('unbalanced');
    return length;
  }

  /** The shortest length of a match of what follows, up to `)` or the end. */
  private alternation(depth: number): number {
    let shortest = Number.POSITIVE_INFINITY;
    for (;;) {
      shortest = Math.min(shortest, this.sequence(depth));
      if (this.source[this.index] !== '|') return shortest;
      this.index += 1;
    }
  }

  private sequence(depth: number): number {
    let length = 0;
    while (this.index < this.source.length && !'|)'.includes(this.source[this.index] ?? ''))
      length += this.atom(depth) * this.repeats();
    return length;
  }

  private atom(depth: number): number {
    const char = this.source[this.index] ?? '';
    this.index += 1;
    if (char === '(') return this.group(depth);
    if (char === '[') return this.characterClass();
    if (char === '^' || char === '$') return 0;
    if (char === '\\') return this.escape();
    if (char === '.') throw new RangeError('any character');
    this.add(char.charCodeAt(0));
    return 1;
  }

  private group(depth: number): number {
    const flags = /^\?(?:[ims-]*:|P?<\w+>|([ims-]+)\))/.exec(this.source.slice(this.index, this.index + 60));
    if (this.source[this.index] === '?' && flags === null) throw new RangeError('unknown group');
    this.index += flags?.[0].length ?? 0;
    if (flags?.[1] !== undefined) return 0;
    if (depth > MAX_DEPTH) throw new RangeError('nested too deeply');
    const length = this.alternation(depth + 1);
    if (this.source[this.index] !== ')') throw new RangeError('unclosed group');
    this.index += 1;
    return length;
  }

  private escape(): number {
    const char = this.source[this.index] ?? '';
    this.index += 1;
    if ('bAz'.includes(char)) return 0;
    this.addEscape(char);
    return 1;
  }

  /** Adds what an escape stands for; gives its code when it is one character. */
  private addEscape(char: string): number | undefined {
    const known = CLASSES[char];
    if (known !== undefined) {
      for (const code of known) this.add(code);
      return undefined;
    }
    const code = CONTROL[char] ?? char.charCodeAt(0);
    if (CONTROL[char] === undefined && /[A-Za-z0-9]/.test(char)) throw new RangeError('unusual escape');
    this.add(code);
    return code;
  }

  private characterClass(): number {
    if (this.source[this.index] === '^') throw new RangeError('negated class');
    for (let isFirst = true; ; isFirst = false) {
      const char = this.source[this.index] ?? '';
      if (char === '' || this.source.startsWith('[:', this.index)) throw new RangeError('unusual class');
      this.index += 1;
      if (char === ']' && !isFirst) return 1;
      const from = this.classMember(char);
      if (this.source[this.index] !== '-' || this.source[this.index + 1] === ']') continue;
      const end = this.source[this.index + 1] ?? '';
      this.index += 2;
      const to = end === '\\' ? this.classMember(end) : end.charCodeAt(0);
      if (from === undefined || to === undefined || !(to >= from)) throw new RangeError('unusual range');
      for (let code = from; code <= to; code += 1) this.add(code);
    }
  }

  private classMember(char: string): number | undefined {
    if (char !== '\\') {
      this.add(char.charCodeAt(0));
      return char.charCodeAt(0);
    }
    const escaped = this.source[this.index] ?? '';
    this.index += 1;
    return this.addEscape(escaped);
  }

  private add(code: number): void {
    if (!(code < 128)) throw new RangeError('not ASCII');
    this.set[code] = 1;
    const char = String.fromCharCode(code);
    if (!this.isFolded || !/[a-z]/i.test(char)) return;
    this.set[char.toLowerCase().charCodeAt(0)] = 1;
    this.set[char.toUpperCase().charCodeAt(0)] = 1;
    if (/[ks]/i.test(char)) for (const byte of FOLDED_BYTES) this.set[byte] = 1;
  }

  /** How often an atom occurs at least. */
  private repeats(): number {
    const match = /^(?:[*+?]|\{(\d{1,4})(?:,\d{0,4})?\})\??/.exec(
      this.source.slice(this.index, this.index + 16),
    );
    if (match === null) return 1;
    this.index += match[0].length;
    if (match[0].startsWith('+')) return 1;
    return match[1] === undefined ? 0 : Number(match[1]);
  }
}

/** The run of bytes that any match of an RE2 pattern (a byte string) is; undefined when none is certain or it is short. */
export function requiredRun(source: string): RequiredRun | undefined {
  const reader = new RunReader(source);
  let length: number;
  try {
    length = reader.read();
  } catch {
    return undefined;
  }
  if (!(length >= MIN_LENGTH) || !Number.isFinite(length)) return undefined;
  return { set: reader.set, key: reader.set.join(''), length };
}

/** The longest run of bytes of a set in a byte string; stops at `enough`. */
export function longestRun(text: string, set: Uint8Array, enough: number): number {
  let longest = 0;
  let current = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (set[text.charCodeAt(index)] === 1) {
      current += 1;
      if (current > longest) longest = current;
      if (longest >= enough) return longest;
    } else current = 0;
  }
  return longest;
}
