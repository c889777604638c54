import { RE2JS } from 're2js';
import { bytesOfText, textOfBytes } from '../bytes.ts';

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

/** Fills Go's replacement template; a group of an unknown name is empty. */
function expand(template: string, group: (name: string) => string): string {
  return template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) =>
    whole === '$$' ? '$' : group(braced ?? bare ?? ''),
  );
}

class CompiledRegex implements ByteRegex {
  readonly source: string;
  private compiled: RE2JS | undefined;

  constructor(source: string) {
    this.source = source;
  }

  private regex(): RE2JS {
    this.compiled ??= RE2JS.compile(textOfBytes(this.source));
    return this.compiled;
  }

  /** Compiles now, so that a bad pattern throws here. */
  check(): void {
    this.regex();
  }

  test(input: string): boolean {
    return this.regex().test(textView(input));
  }

  matches(input: string, group: number, limit: number): string[] {
    const matcher = this.regex().matcher(textView(input));
    if (group > matcher.groupCount()) return [];
    const found: string[] = [];
    while (found.length < limit && matcher.find()) found.push(bytesOfText(matcher.group(group) ?? ''));
    return found;
  }

  replaceAll(input: string, replacement: string, maxLength: number): string | undefined {
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
