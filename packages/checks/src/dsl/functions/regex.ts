import { compileRegex } from '../../match/regex.ts';
import type { ByteRegex } from '../../match/regex.ts';
import { DEFAULT_DSL_LIMITS, DslError } from '../values.ts';
import { ANY_COUNT, defineText, define, textAt } from './signature.ts';
import { toText } from '../values.ts';

function regexOf(pattern: string): ByteRegex {
  try {
    return compileRegex(pattern);
  } catch (error) {
    throw new DslError(`invalid regular expression: ${error instanceof Error ? error.message : ''}`);
  }
}

/** True when the RE2 pattern matches somewhere in the byte string. */
export function isRegexMatch(pattern: string, input: string): boolean {
  return regexOf(pattern).test(input);
}

/** Regular expressions; the pattern comes first. */
export const REGEX_FUNCTIONS = [
  defineText('regex', 2, (pattern = '', input = '') => isRegexMatch(pattern, input)),
  define('regex_all', 2, ANY_COUNT, args =>
    args.slice(0, -1).every(item => isRegexMatch(toText(item), textAt(args, args.length - 1))),
  ),
  define('regex_any', 2, ANY_COUNT, args =>
    args.slice(0, -1).some(item => isRegexMatch(toText(item), textAt(args, args.length - 1))),
  ),
  defineText('replace_regex', 3, (text = '', pattern = '', replacement = '') => {
    const replaced = regexOf(pattern).replaceAll(text, replacement, DEFAULT_DSL_LIMITS.maxString);
    if (replaced === undefined) throw new DslError('replace_regex makes too long a string');
    return replaced;
  }),
];
