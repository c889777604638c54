import { RE2JS } from 're2js';
import { bytesOfText, textOfBytes } from '../bytes.ts';
import { DslError } from '../dsl/values.ts';
import { messageOf } from '../errors.ts';
import { charge } from './allowance.ts';
import { viewOf } from './part-view.ts';
import type { PartView } from './part-view.ts';
import { requiredLiteral } from './required-literal.ts';
import type { RequiredLiteral } from './required-literal.ts';
import { requiredRun } from './required-run.ts';
import type { RequiredRun } from './required-run.ts';

/** An RE2 pattern over byte strings. The input is read as UTF-8, as Go does; results are byte strings again. */
export interface ByteRegex {
  readonly source: string;
  readonly test: (input: string) => boolean;
  /** All matches of group `group`, at most `limit`; a group that took no part gives ''. */
  readonly matches: (input: string, group: number, limit: number) => string[];
  /** Replaces every match, `$1`/`${1}`/`${name}` as in Go; undefined when the result would exceed `maxLength`. */
  readonly replaceAll: (input: string, replacement: string, maxLength: number) => string | undefined;
}

const MAX_PATTERN = 20_000;
const CACHE_SIZE = 20_000;
const cache = new Map<string, ByteRegex>();
/** The last decoded inputs: several patterns look at the same part of one response. */
const views: { bytes: string; text: string }[] = [];

function textView(bytes: string): string {
  if (bytes.length < 256) return textOfBytes(bytes);
  const known = views.find(view => view.bytes === bytes);
  if (known !== undefined) return known.text;
  const view = { bytes, text: textOfBytes(bytes) };
  views.unshift(view);
  if (views.length > 4) views.pop();
  return view.text;
}

const asciiLower = (bytes: string): string => bytes.replace(/[A-Z]+/g, letters => letters.toLowerCase());

/** Fills Go's replacement template; a group of an unknown name is empty. */
function expand(template: string, group: (name: string) => string): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) =>
    whole === '$$' ? '$' : group(braced ?? bare ?? ''),
  );
}

class CompiledRegex implements ByteRegex {
  readonly source: string;
  private compiled: RE2JS | undefined;
  private literal: RequiredLiteral | null | undefined;
  private run: RequiredRun | null | undefined;

  constructor(source: string) {
    this.source = source;
  }

  private regex(): RE2JS {
    if (this.compiled === undefined) {
      try {
        this.compiled = RE2JS.compile(textOfBytes(this.source));
      } catch (error) {
        // A pattern that an expression put together; those of templates are checked when they are loaded.
        throw new DslError(`invalid regular expression: ${messageOf(error)}`);
      }
    }
    return this.compiled;
  }

  /** Throws for a bad pattern. The automaton is not kept: most patterns of a set are never used, and they are large. */
  check(): void {
    RE2JS.compile(textOfBytes(this.source));
  }

  /** False when the input lacks a text or a run of characters that every match holds: most inputs never reach the automaton. */
  private canMatch(input: string): boolean {
    if (this.literal === undefined) {
      this.literal = requiredLiteral(this.source) ?? null;
      this.run = requiredRun(this.source) ?? null;
    }
    const { literal, run } = this;
    if (input.length < 64 || (literal === null && run === null)) return true;
    const plain = viewOf(input);
    if (literal !== null && !this.hasLiteral(plain, literal)) return false;
    return run === null || run === undefined || plain.hasRun(run);
  }

  private hasLiteral(plain: PartView, literal: RequiredLiteral): boolean {
    if (!literal.isFolded) return literal.anyOf.some(text => plain.includes(text));
    // Under (?i) RE2 also takes the Kelvin sign for k and the long s for s.
    if (plain.includes('\xe2\x84\xaa') || plain.includes('\xc5\xbf')) return true;
    const lower = plain.lowerCase(asciiLower);
    return literal.anyOf.some(text => lower.includes(text));
  }

  test(input: string): boolean {
    if (!this.canMatch(input)) return false;
    charge(input.length);
    return this.regex().test(textView(input));
  }

  matches(input: string, group: number, limit: number): string[] {
    // The automaton that only says yes or no is some ten times faster than the one that finds places.
    if (!this.test(input)) return [];
    charge(input.length);
    const matcher = this.regex().matcher(textView(input));
    if (group > matcher.groupCount()) return [];
    const found: string[] = [];
    while (found.length < limit && matcher.find()) found.push(bytesOfText(matcher.group(group) ?? ''));
    return found;
  }

  replaceAll(input: string, replacement: string, maxLength: number): string | undefined {
    charge(input.length);
    const text = textView(input);
    const template = textOfBytes(replacement);
    const matcher = this.regex().matcher(text);
    const groupText = (name: string): string => {
      if (/^\d+$/.test(name))
        return Number(name) <= matcher.groupCount() ? (matcher.group(Number(name)) ?? '') : '';
      try {
        return matcher.group(name) ?? '';
      } catch {
        return '';
      }
    };
    let result = '';
    let from = 0;
    while (matcher.find()) {
      result += text.slice(from, matcher.start()) + expand(template, groupText);
      if (result.length > maxLength) return undefined;
      from = matcher.end();
    }
    return bytesOfText(result + text.slice(from));
  }
}

/** Compiles a pattern (a byte string) when it is first used. Throws for one that is not RE2 syntax when `isChecked`. */
export function compileRegex(source: string, isChecked = false): ByteRegex {
  if (source.length > MAX_PATTERN)
    throw new Error(`a regular expression is longer than ${MAX_PATTERN} bytes`);
  const known = cache.get(source);
  if (known !== undefined) return known;
  const compiled = new CompiledRegex(source);
  if (isChecked) compiled.check();
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(source, compiled);
  return compiled;
}
