import type { z } from 'zod';

/** What a URL's query holds: each name with one value or several. */
export type UrlQuery = Readonly<Record<string, string | null | readonly (string | null)[] | undefined>>;

/** A schema of a list's parameters: all of them optional or with a default. */
export type ListSchema<State> = z.ZodType<State> & { readonly shape: Readonly<Record<string, unknown>> };

/**
 * The state of a list as the URL tells it: parsed with the API's own schema, so that a link opens the same list.
 * A part that does not fit is left out rather than failing the page.
 */
export function readListState<State>(schema: ListSchema<State>, query: UrlQuery): State {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = query[name];
    const text = Array.isArray(value) ? value.filter(part => part !== null).join(',') : value;
    if (typeof text === 'string' && text !== '') given[name] = text;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) delete given[String(issue.path[0])];
  return schema.parse(given);
}

/** Puts a list's state into a URL query, leaving out what is the default. */
export function writeListState(
  schema: ListSchema<object>,
  state: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const defaults: Readonly<Record<string, unknown>> = { ...schema.parse({}) };
  const query: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = state[name];
    const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
    if (text !== '' && value !== defaults[name]) query[name] = text;
  }
  return query;
}

/** Adds a value to a list filter, or takes it out; an empty filter becomes undefined. */
export function toggled<Value extends string>(
  values: readonly Value[] | undefined,
  value: Value,
): Value[] | undefined {
  const next = values?.includes(value) ? values.filter(one => one !== value) : [...(values ?? []), value];
  return next.length > 0 ? next : undefined;
}
