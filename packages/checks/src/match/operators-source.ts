import { compileText } from '../dsl/compile.ts';
import type { Extractor, Matcher, Operators } from '../template/model.ts';
import { lazyExpression } from '../template/read-operators.ts';
import { compileJq } from './jq.ts';
import { compileRegex } from './regex.ts';
import { compileXPath } from './xpath.ts';

type Of<U extends { readonly type: string }, T extends U['type']> = Extract<U, { readonly type: T }>;
type Plain<U, K extends keyof U> = Omit<U, K> & { readonly [Key in K]: readonly string[] };

/** A matcher with everything that is compiled as its source. */
export type MatcherSource =
  | Plain<Of<Matcher, 'word'>, 'words'>
  | Plain<Of<Matcher, 'regex'>, 'regexes'>
  | Plain<Of<Matcher, 'dsl'>, 'expressions'>
  | Plain<Of<Matcher, 'xpath'>, 'queries'>
  | Of<Matcher, 'binary'>
  | Of<Matcher, 'status'>
  | Of<Matcher, 'size'>;

/** An extractor with everything that is compiled as its source. */
export type ExtractorSource =
  | Plain<Of<Extractor, 'regex'>, 'regexes'>
  | Plain<Of<Extractor, 'json'>, 'programs'>
  | Plain<Of<Extractor, 'xpath'>, 'queries'>
  | Plain<Of<Extractor, 'dsl'>, 'expressions'>
  | Of<Extractor, 'kval'>;

/** Operators as plain values, which can be sent to another thread. */
export interface OperatorsSource extends Omit<Operators, 'matchers' | 'extractors'> {
  readonly matchers: readonly MatcherSource[];
  readonly extractors: readonly ExtractorSource[];
}

const sources = (compiled: readonly { readonly source: string }[]): string[] =>
  compiled.map(({ source }) => source);

function sourceOfMatcher(matcher: Matcher): MatcherSource {
  switch (matcher.type) {
    case 'word':
      return { ...matcher, words: sources(matcher.words) };
    case 'regex':
      return { ...matcher, regexes: sources(matcher.regexes) };
    case 'dsl':
      return { ...matcher, expressions: sources(matcher.expressions) };
    case 'xpath':
      return { ...matcher, queries: sources(matcher.queries) };
    default:
      return matcher;
  }
}

function sourceOfExtractor(extractor: Extractor): ExtractorSource {
  switch (extractor.type) {
    case 'regex':
      return { ...extractor, regexes: sources(extractor.regexes) };
    case 'json':
      return { ...extractor, programs: sources(extractor.programs) };
    case 'xpath':
      return { ...extractor, queries: sources(extractor.queries) };
    case 'dsl':
      return { ...extractor, expressions: sources(extractor.expressions) };
    default:
      return extractor;
  }
}

/** The plain values of compiled operators. */
export function sourceOf(operators: Operators): OperatorsSource {
  return {
    ...operators,
    matchers: operators.matchers.map(sourceOfMatcher),
    extractors: operators.extractors.map(sourceOfExtractor),
  };
}

const expressionsOf = (list: readonly string[]): ReturnType<typeof lazyExpression>[] =>
  list.map(source => lazyExpression(source, false));

function matcherOf(source: MatcherSource): Matcher {
  switch (source.type) {
    case 'word':
      return { ...source, words: source.words.map(compileText) };
    case 'regex':
      return { ...source, regexes: source.regexes.map(regex => compileRegex(regex)) };
    case 'dsl':
      return { ...source, expressions: expressionsOf(source.expressions) };
    case 'xpath':
      return { ...source, queries: source.queries.map(query => compileXPath(query, false)) };
    default:
      return source;
  }
}

function extractorOf(source: ExtractorSource): Extractor {
  switch (source.type) {
    case 'regex':
      return { ...source, regexes: source.regexes.map(regex => compileRegex(regex)) };
    case 'json':
      return { ...source, programs: source.programs.map(compileJq) };
    case 'xpath':
      return { ...source, queries: source.queries.map(query => compileXPath(query, false)) };
    case 'dsl':
      return { ...source, expressions: expressionsOf(source.expressions) };
    default:
      return source;
  }
}

/** Compiles operators that were sent. */
export function operatorsOf(source: OperatorsSource): Operators {
  return {
    ...source,
    matchers: source.matchers.map(matcherOf),
    extractors: source.extractors.map(extractorOf),
  };
}
