import { bytesOfText, textOfBytes } from '../bytes.ts';
import { suspensionOf } from '../dsl/functions.ts';
import { DslError, Suspension, toText } from '../dsl/values.ts';
import type { DslValue, EffectReach } from '../dsl/values.ts';
import type { Extractor, Join, Matcher, Operators } from '../template/model.ts';
import { HeavyWork, charge, withAllowance } from './allowance.ts';
import type { EventData } from './event-data.ts';
import type { Json } from './jq-builtins.ts';
import type { MatchingPool } from './matching-pool.ts';
import { namesRead } from './names-read.ts';
import { viewOf } from './part-view.ts';
import type { PartView } from './part-view.ts';

/** What the operators of a block made of one event. */
export interface Verdict {
  /** True when the matchers matched, or there are none and something was extracted. */
  readonly isMatched: boolean;
  /** Names of matchers that matched, when they join by `or`. */
  readonly matcherNames: readonly string[];
  /** Output of named extractors. */
  readonly extracts: ReadonlyMap<string, readonly string[]>;
  /** Output of all extractors, first seen first, without doubles. */
  readonly output: readonly string[];
  /** Values of internal extractors. */
  readonly internal: ReadonlyMap<string, readonly string[]>;
  /** True when every matcher is internal: there is a match, and no result of it. */
  readonly isHidden: boolean;
}

const MAX_EXTRACTED = 1_000;
const MAX_JSON = 4_000_000;
const MAX_EFFECTS = 8;

const lowered = (bytes: string): string => bytesOfText(textOfBytes(bytes).toLowerCase());

/** The text of a part; undefined when the event has no such part. */
function partOf(data: EventData, part: string): string | undefined {
  if (part === 'all') {
    const [body, headers] = [data.get('body'), data.get('all_headers')];
    return body === undefined && headers === undefined
      ? undefined
      : toText(body ?? '') + toText(headers ?? '');
  }
  const value = data.get(part === 'header' ? 'all_headers' : part);
  return value === undefined ? undefined : toText(value);
}

function joined(join: Join, count: number, test: (index: number) => boolean): boolean {
  for (let index = 0; index < count; index += 1) {
    if (test(index) === (join === 'or')) return join === 'or';
  }
  return join === 'and' && count > 0;
}

function matchWords(matcher: Matcher & { type: 'word' }, view: PartView, data: EventData): boolean {
  const seen = matcher.isCaseInsensitive ? view.lowerCase(lowered) : view;
  return joined(matcher.join, matcher.words.length, index =>
    seen.includes(matcher.words[index]?.render(data) ?? ''),
  );
}

/** Evaluates DSL expressions; an error counts as false under `and` and is passed over under `or`. */
function matchExpressions(matcher: Matcher & { type: 'dsl' }, data: EventData): boolean {
  for (const [index, expression] of matcher.expressions.entries()) {
    let value: DslValue;
    try {
      value = expression.get().evaluate(data);
    } catch (error) {
      if (!(error instanceof DslError)) throw error;
      if (matcher.join === 'and') return false;
      continue;
    }
    if (value === false && matcher.join === 'and') return false;
    if (value !== true) continue;
    if (matcher.join === 'or' || index === matcher.expressions.length - 1) return true;
  }
  return false;
}

function matchPart(matcher: Matcher, text: string, data: EventData): boolean {
  switch (matcher.type) {
    case 'word':
      return matchWords(matcher, viewOf(text), data);
    case 'regex':
      return joined(
        matcher.join,
        matcher.regexes.length,
        index => matcher.regexes[index]?.test(text) === true,
      );
    case 'binary':
      return joined(matcher.join, matcher.binaries.length, index =>
        viewOf(text).includes(matcher.binaries[index] ?? ''),
      );
    case 'size':
      return matcher.sizes.includes(text.length);
    case 'xpath':
      return joined(
        matcher.join,
        matcher.queries.length,
        index => (matcher.queries[index]?.select(text, '').length ?? 0) > 0,
      );
    default:
      return false;
  }
}

/** One matcher. A part that is not there is no match, whatever `negative` says. */
export function isMatch(matcher: Matcher, data: EventData): boolean {
  if (matcher.type === 'dsl') return matchExpressions(matcher, data) !== matcher.isNegative;
  if (matcher.type === 'status') {
    const status = data.get('status_code');
    return status === undefined
      ? false
      : matcher.statuses.includes(Number(toText(status))) !== matcher.isNegative;
  }
  const text = partOf(data, matcher.part);
  return text === undefined ? false : matchPart(matcher, text, data) !== matcher.isNegative;
}

function parseJson(text: string): Json | undefined {
  if (text.length > MAX_JSON) return undefined;
  try {
    return JSON.parse(textOfBytes(text)) as Json;
  } catch {
    return undefined;
  }
}

function evaluated(extractor: Extractor & { type: 'dsl' }, data: EventData): string[] {
  return extractor.expressions.flatMap(expression => {
    try {
      const compiled = expression.get();
      const value = compiled.evaluate(data);
      const text = value === null ? '' : compiled.show(value);
      return text === '' ? [] : [text];
    } catch (error) {
      if (error instanceof DslError) return [];
      throw error;
    }
  });
}

function keyValues(extractor: Extractor & { type: 'kval' }, data: EventData): string[] {
  return extractor.keys.flatMap(key => {
    const value = data.values.get(key) ?? data.get(key);
    if (value === undefined) return [];
    return [extractor.isCaseInsensitive ? lowered(toText(value)) : toText(value)];
  });
}

function extractedBy(extractor: Extractor, data: EventData): string[] {
  if (extractor.type === 'dsl') return evaluated(extractor, data);
  if (extractor.type === 'kval') return keyValues(extractor, data);
  const text = partOf(data, extractor.part);
  if (text === undefined) return [];
  switch (extractor.type) {
    case 'regex':
      return extractor.regexes.flatMap(regex => regex.matches(text, extractor.group, MAX_EXTRACTED));
    case 'xpath':
      return extractor.queries.flatMap(query => query.select(text, extractor.attribute));
    case 'json': {
      charge(text.length);
      const value = parseJson(text);
      return value === undefined ? [] : extractor.programs.flatMap(program => program.run(value));
    }
  }
}

/** The distinct values an extractor finds, first seen first. */
export function extract(extractor: Extractor, data: EventData): string[] {
  return [...new Set(extractedBy(extractor, data))].slice(0, MAX_EXTRACTED);
}

function runExtractors(
  extractors: readonly Extractor[],
  data: EventData,
): Pick<Verdict, 'extracts' | 'output' | 'internal'> {
  const extracts = new Map<string, string[]>();
  const internal = new Map<string, string[]>();
  const output = new Set<string>();
  for (const extractor of extractors) {
    const found = extract(extractor, data);
    const { name } = extractor;
    if (found.length === 0) continue;
    if (extractor.isInternal) {
      if (name !== '') internal.set(name, [...(internal.get(name) ?? []), ...found]);
    } else {
      for (const value of found) output.add(value);
      if (name !== '') extracts.set(name, [...(extracts.get(name) ?? []), ...found]);
    }
    if (name === '') continue;
    data.values.set(name, found.length === 1 ? (found[0] ?? '') : found);
    if (found.length > 1) found.forEach((value, index) => data.values.set(`${name}${index}`, value));
  }
  return { extracts, output: [...output], internal };
}

/** Whether a matcher or another extractor may read what an extractor finds. */
function isRead({ name }: Extractor, operators: Operators): boolean {
  const readsIt = (variable: string): boolean => variable.startsWith(name);
  return [...operators.matchers, ...operators.extractors].some(each => {
    if (readsIt(each.part)) return true;
    if (each.type === 'word') return each.words.some(word => [...word.variables].some(readsIt));
    if (each.type === 'kval') return each.keys.some(readsIt);
    if (each.type !== 'dsl') return false;
    return each.expressions.some(({ source }) => source.includes(name));
  });
}

const earlyExtractors = new WeakMap<Operators, readonly Extractor[]>();

/** The extractors whose values the matchers or later requests need; the others run once there is a match. */
function extractorsBefore(operators: Operators): readonly Extractor[] {
  const known = earlyExtractors.get(operators);
  if (known !== undefined) return known;
  const early =
    operators.matchers.length === 0
      ? operators.extractors
      : operators.extractors.filter(each => each.isInternal || (each.name !== '' && isRead(each, operators)));
  earlyExtractors.set(operators, early);
  return early;
}

/** Runs extractors, then matchers, over one event. Throws a Suspension when an expression has to wait. */
export function operateOnce(operators: Operators, data: EventData): Verdict {
  const hasMatchers = operators.matchers.length > 0;
  const early = extractorsBefore(operators);
  let extracted = runExtractors(early, data);
  const matcherNames: string[] = [];
  let isMatched = false;
  for (const matcher of operators.matchers) {
    if (isMatch(matcher, data)) {
      isMatched = true;
      if (
        operators.join === 'or' &&
        matcher.name !== '' &&
        !operators.isNameless &&
        !matcherNames.includes(matcher.name)
      )
        matcherNames.push(matcher.name);
    } else if (operators.join === 'and') {
      isMatched = false;
      break;
    }
  }
  if (isMatched && early.length < operators.extractors.length)
    extracted = runExtractors(operators.extractors, data);
  return {
    ...extracted,
    isMatched: hasMatchers ? isMatched : extracted.output.length > 0,
    matcherNames: isMatched ? matcherNames : [],
    isHidden: hasMatchers && operators.matchers.every(matcher => matcher.isInternal),
  };
}

/** Characters that automata may read on the event loop for one event: some 15 ms. */
const LIGHT = 64 * 1024;
/** Operators that read a longer value leave the event loop at once: plain searches take their time as well. */
const LONG = 256 * 1024;

const NOT_MATCHED: Verdict = {
  isMatched: false,
  matcherNames: [],
  extracts: new Map(),
  output: [],
  internal: new Map(),
  isHidden: false,
};

const isLong = (value: DslValue | undefined): boolean => typeof value === 'string' && value.length > LONG;

/** True when another thread can run the operators: all they read are values, none of which is made by reading it. */
function isMovable(operators: Operators, data: EventData): boolean {
  return namesRead(operators).every(name => !name.startsWith('interactsh-url') || data.values.has(name));
}

function readsLong(operators: Operators, data: EventData): boolean {
  for (const value of data.values.values()) {
    if (isLong(value)) return namesRead(operators).some(name => isLong(data.values.get(name)));
  }
  return false;
}

/** Runs operators on another thread. Throws a Suspension as they would here. */
async function operateElsewhere(operators: Operators, data: EventData, pool: MatchingPool): Promise<Verdict> {
  const reply = await pool.run(operators, data);
  if (reply === undefined) return NOT_MATCHED;
  if (reply.kind === 'failed') throw new Error(reply.message);
  if (reply.kind === 'waiting')
    throw suspensionOf(reply.name, reply.args) ?? new Error('nothing to wait for');
  for (const [name, value] of reply.learned) data.values.set(name, value);
  return reply.verdict;
}

/** Here as long as it is little work; as a whole on another thread when it turns out to be more. */
async function operateSomewhere(
  operators: Operators,
  data: EventData,
  pool: MatchingPool | undefined,
): Promise<Verdict> {
  if (pool === undefined) return operateOnce(operators, data);
  if (!readsLong(operators, data)) {
    try {
      return withAllowance(LIGHT, () => operateOnce(operators, data));
    } catch (error) {
      if (!(error instanceof HeavyWork)) throw error;
    }
  }
  return isMovable(operators, data) ? operateElsewhere(operators, data, pool) : operateOnce(operators, data);
}

/** Runs the operators of a block over one event, waiting where an expression has to. */
export async function operate(operators: Operators, data: EventData, reach: EffectReach): Promise<Verdict> {
  const effects = new Map<string, DslValue>();
  for (let attempt = 0; ; attempt += 1) {
    data.effects = effects;
    data.spent = 0;
    try {
      return await operateSomewhere(operators, data, reach.matching);
    } catch (error) {
      if (!(error instanceof Suspension) || attempt >= MAX_EFFECTS) throw error;
      effects.set(error.key, await error.work(reach));
    }
  }
}
