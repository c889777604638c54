import type { Extractor, LazyExpression, Matcher, Operators } from '../template/model.ts';

function namesOfPart(part: string): string[] {
  if (part === 'all') return ['body', 'all_headers'];
  return [part === 'header' ? 'all_headers' : part];
}

function namesOfExpression(expression: LazyExpression): string[] {
  try {
    return [...expression.get().variables];
  } catch {
    // It reads nothing: evaluating it fails in the same way.
    return [];
  }
}

function namesOf(item: Matcher | Extractor): string[] {
  switch (item.type) {
    case 'dsl':
      return item.expressions.flatMap(namesOfExpression);
    case 'kval':
      return [...item.keys];
    case 'status':
      return ['status_code'];
    case 'word':
      return [...namesOfPart(item.part), ...item.words.flatMap(word => [...word.variables])];
    default:
      return namesOfPart(item.part);
  }
}

const known = new WeakMap<Operators, readonly string[]>();

/** The names of all values that matchers and extractors may read. */
export function namesRead(operators: Operators): readonly string[] {
  let names = known.get(operators);
  if (names === undefined) {
    names = [...new Set([...operators.matchers, ...operators.extractors].flatMap(namesOf))];
    known.set(operators, names);
  }
  return names;
}
