import { compileExpression, compileText } from '../dsl/compile.ts';
import type { Expression } from '../dsl/compile.ts';
import { TemplateError, UnsupportedError, messageOf } from '../errors.ts';
import { compileJq } from '../match/jq.ts';
import { compileRegex } from '../match/regex.ts';
import type { ByteRegex } from '../match/regex.ts';
import { compileXPath } from '../match/xpath.ts';
import type { FieldReader } from './field-reader.ts';
import type { Extractor, Join, LazyExpression, Matcher, Operators } from './model.ts';

const MATCHER_KEYS: Readonly<Record<string, readonly string[]>> = {
  word: ['words', 'part', 'encoding', 'case-insensitive'],
  regex: ['regex', 'part', 'encoding', 'case-insensitive'],
  binary: ['binary', 'part', 'encoding', 'case-insensitive'],
  status: ['status', 'part'],
  size: ['size', 'part'],
  dsl: ['dsl'],
  xpath: ['xpath', 'part'],
};
const TYPED_KEYS = [...new Set(Object.values(MATCHER_KEYS).flat())];
const HISTORY_NAME = /_\d+$/;
const HISTORY_USE = /[a-z]_\d+\b/;

/** Defers compilation to first use; with `isChecked` it happens now, so that a bad expression refuses the template. */
export function lazyExpression(source: string, isChecked: boolean): LazyExpression {
  let compiled: Expression | undefined;
  const get = (): Expression => {
    compiled ??= compileExpression(source);
    return compiled;
  };
  if (isChecked) checkExpression(source, get);
  return { source, get };
}

function checkExpression(source: string, get: () => Expression): void {
  try {
    get();
  } catch (error) {
    if (error instanceof UnsupportedError) throw error;
    throw new TemplateError(
      `the expression ${JSON.stringify(source.slice(0, 120))} does not compile: ${messageOf(error)}`,
    );
  }
}

function regexOf(source: string, isChecked: boolean): ByteRegex {
  try {
    return compileRegex(source, isChecked);
  } catch (error) {
    throw new TemplateError(
      `the regular expression ${JSON.stringify(source.slice(0, 120))} does not compile: ${messageOf(error)}`,
    );
  }
}

function joinOf(reader: FieldReader, where: string): Join {
  const condition = reader.text('condition').trim().toLowerCase();
  if (condition === '' || condition === 'or') return 'or';
  if (condition === 'and') return 'and';
  throw new TemplateError(`${where}: unknown condition ${condition}`);
}

/** A hex word; one that is not hex stays as it is. */
function decodeHexWord(word: string): string {
  const isHex = word.length > 0 && word.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(word);
  return isHex ? Buffer.from(word, 'hex').toString('latin1') : word;
}

function decodeBinary(text: string): string {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text))
    throw new TemplateError(`the binary ${text.slice(0, 60)} is not hex`);
  return Buffer.from(text, 'hex').toString('latin1');
}

function refuseForeignKeys(reader: FieldReader, type: string): void {
  const allowed = MATCHER_KEYS[type] ?? [];
  for (const key of TYPED_KEYS) {
    const value = reader.raw(key);
    if (allowed.includes(key)) continue;
    const isEmpty =
      value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
    if (!isEmpty && reader.json(key) !== false)
      throw new TemplateError(`a ${type} matcher cannot have ${key}`);
  }
}

function readMatcher(reader: FieldReader, isChecked: boolean): Matcher {
  const type = reader.text('type').trim().toLowerCase();
  if (!Object.hasOwn(MATCHER_KEYS, type))
    throw new TemplateError(`unknown matcher type ${type === '' ? '(none)' : type}`);
  const base = {
    name: reader.text('name'),
    join: joinOf(reader, 'matcher'),
    isNegative: reader.flag('negative'),
    isInternal: reader.flag('internal'),
    isMatchAll: reader.flag('match-all'),
    part: reader.text('part').trim().toLowerCase() === '' ? 'body' : reader.bytes('part'),
  };
  refuseForeignKeys(reader, type);
  const isCaseInsensitive = reader.flag('case-insensitive');
  if (isCaseInsensitive && type !== 'word')
    throw new TemplateError('case-insensitive is for word matchers only');
  const encoding = reader.text('encoding');
  if (!['', 'hex'].includes(encoding)) throw new TemplateError(`unknown encoding ${encoding}`);
  reader.refuseUnknown();
  switch (type) {
    case 'word': {
      const words = reader
        .byteList('words', true)
        .map(word => (encoding === 'hex' ? decodeHexWord(word) : word));
      const cased = isCaseInsensitive ? words.map(word => word.toLowerCase()) : words;
      return { ...base, type, isCaseInsensitive, words: cased.map(compileText) };
    }
    case 'regex':
      return {
        ...base,
        type,
        regexes: reader.byteList('regex', true).map(source => regexOf(source, isChecked)),
      };
    case 'binary':
      return { ...base, type, binaries: reader.texts('binary', true).map(decodeBinary) };
    case 'status':
      return { ...base, type, statuses: reader.numbers('status') };
    case 'size':
      return { ...base, type, sizes: reader.numbers('size') };
    case 'dsl':
      return {
        ...base,
        type,
        expressions: reader.byteList('dsl', true).map(source => lazyExpression(source, isChecked)),
      };
    default:
      return {
        ...base,
        type: 'xpath',
        queries: reader.texts('xpath', true).map(source => compileXPath(source, isChecked)),
      };
  }
}

function readExtractor(reader: FieldReader, isChecked: boolean): Extractor {
  const type = reader.text('type').trim().toLowerCase();
  const base = {
    name: reader.text('name'),
    part: reader.text('part') === '' ? 'body' : reader.bytes('part'),
    isInternal: reader.flag('internal'),
    isCaseInsensitive: reader.flag('case-insensitive'),
  };
  if (base.isCaseInsensitive && type !== 'kval')
    throw new TemplateError('case-insensitive is for kval extractors only');
  const read = {
    regex: reader.byteList('regex', true),
    group: reader.count('group', 0),
    kval: reader.byteList('kval', true),
    json: reader.texts('json', true),
    xpath: reader.texts('xpath', true),
    attribute: reader.text('attribute'),
    dsl: reader.byteList('dsl', true),
  };
  reader.refuseUnknown();
  switch (type) {
    case 'regex':
      return {
        ...base,
        type,
        group: read.group,
        regexes: read.regex.map(source => regexOf(source, isChecked)),
      };
    case 'kval':
      return { ...base, type, keys: read.kval.map(key => key.replaceAll('-', '_').toLowerCase()) };
    case 'json':
      return { ...base, type, programs: read.json.map(compileJq) };
    case 'xpath':
      return {
        ...base,
        type,
        attribute: read.attribute,
        queries: read.xpath.map(source => compileXPath(source, isChecked)),
      };
    case 'dsl':
      return { ...base, type, expressions: read.dsl.map(source => lazyExpression(source, isChecked)) };
    default:
      throw new TemplateError(`unknown extractor type ${type === '' ? '(none)' : type}`);
  }
}

function usesHistory(matchers: readonly Matcher[], extractors: readonly Extractor[]): boolean {
  return [...matchers, ...extractors].some(
    item =>
      HISTORY_NAME.test(item.part) ||
      ('expressions' in item && item.expressions.some(expression => HISTORY_USE.test(expression.source))) ||
      ('words' in item && item.words.some(word => !word.isConstant && HISTORY_USE.test(word.source))),
  );
}

/** Reads matchers and extractors; with `isChecked` every pattern and expression is compiled now. */
export function readOperators(reader: FieldReader, isChecked: boolean): Operators {
  const condition = reader.text('matchers-condition').trim().toLowerCase();
  const matchers = reader.readers('matchers').map(item => readMatcher(item, isChecked));
  const extractors = reader.readers('extractors').map(item => readExtractor(item, isChecked));
  return {
    matchers,
    join: condition === 'and' ? 'and' : 'or',
    isNameless: !['', 'and', 'or'].includes(condition),
    extractors,
    needsHistory: usesHistory(matchers, extractors),
  };
}
