import { compileExpression } from '../dsl/compile.ts';

const MARKER = /(?:%7[Bb]|\{){2}([^}]{1,2000}?)(?:%7[Dd]|\}){2}/g;
const HARMLESS = /^[0-9+\-/\W]+$/;
const MAX_MARKERS = 200;

/** True when the expression holds literals only, such as `7*7`: those are sent as written. */
function isLiteral(text: string): boolean {
  try {
    const expression = compileExpression(text);
    return expression.variables.size === 0 && expression.functions.size === 0;
  } catch {
    return false;
  }
}

/** The first placeholder that is left in a rendered request and stands for no value; undefined when there is none. */
export function unresolvedIn(request: string): string | undefined {
  if (!request.includes('{{') && !/%7b/i.test(request)) return undefined;
  let seen = 0;
  for (const match of request.matchAll(MARKER)) {
    const inner = match[1] ?? '';
    seen += 1;
    if (seen > MAX_MARKERS) return undefined;
    if (!HARMLESS.test(inner) && !isLiteral(inner)) return inner;
  }
  return undefined;
}
