/** Deepest nesting of a body that is read: more is no honest request, and would exhaust the stack of whoever walks it. */
const MAX_DEPTH = 32;

/** A part of a request that must not go further, with the reason as a sentence. */
export interface Unstorable {
  readonly path: string;
  readonly reason: string;
}

/**
 * Finds what no schema speaks of and nothing behind the edge can hold: text with NUL or half a surrogate pair (PostgreSQL
 * refuses both) and values nested too deep. Does not recurse.
 */
export function findUnstorable(value: unknown): Unstorable | undefined {
  const open: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }];
  for (let entry = open.pop(); entry; entry = open.pop()) {
    const { value: current, path, depth } = entry;
    if (typeof current === 'string' && !isStorable(current)) {
      return { path, reason: 'The text holds characters that cannot be stored (NUL or half a character).' };
    }
    if (typeof current !== 'object' || current === null) continue;
    if (depth >= MAX_DEPTH) return { path: '', reason: `It is nested more than ${MAX_DEPTH} levels deep.` };
    for (const [name, inner] of Object.entries(current)) {
      if (!isStorable(name)) return { path, reason: 'A name holds characters that cannot be stored.' };
      open.push({ value: inner, path: path === '' ? name : `${path}.${name}`, depth: depth + 1 });
    }
  }
  return undefined;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}
