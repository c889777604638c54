import type { EnumDefinition, FieldDefinition } from './definition.ts';
import { isJsonObject, isSameJson, ownValue } from './json.ts';
import type { Json, JsonObject } from './json.ts';

/** What a new field holds: its default, or what is empty for its type. */
export function initialValue(definition: FieldDefinition): Json {
  if (definition.type === 'object') return initialValues(definition.properties);
  if (definition.type === 'user') return null;
  if (definition.type === 'list')
    return ((definition.default ?? []) as readonly Json[]).map(item => coerceValue(definition.items, item));
  return definition.default ?? null;
}

/** What a new set of fields holds. */
export function initialValues(definitions: readonly FieldDefinition[]): JsonObject {
  return Object.fromEntries(definitions.map(definition => [definition.id, initialValue(definition)]));
}

function toText(value: Json): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** Whether a text is a day of the calendar as `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(text);
}

function toDay(value: Json): string | null {
  const text = typeof value === 'string' ? value.trim() : '';
  const day = text.slice(0, 10);
  return isDay(day) && (text.length === 10 || text[10] === 'T' || text[10] === ' ') ? day : null;
}

function toNumber(value: Json): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (
    typeof value !== 'string' ||
    !/^\s*[+-]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:e[+-]?\d{1,3})?\s*$/i.test(value)
  )
    return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

function toBoolean(value: Json): boolean | null {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 1) return true;
  return value === 'false' || value === 0 ? false : null;
}

function toChoice({ choices }: EnumDefinition, value: Json): string | null {
  const text = toText(value);
  if (text === null || choices.some(choice => choice.value === text)) return text;
  // A value that is no choice any more stays, so that the check can name it.
  return choices.find(choice => choice.label === text)?.value ?? text;
}

function toWeakness(value: Json): string | null {
  const text = toText(value)?.trim() ?? null;
  return text !== null && /^\d{1,6}$/.test(text) ? `CWE-${Number(text)}` : text;
}

function coerceScalar(definition: Exclude<FieldDefinition, { type: 'list' | 'object' }>, value: Json): Json {
  if (Array.isArray(value)) return value.length > 0 ? coerceScalar(definition, value[0]) : null;
  if (isJsonObject(value)) {
    const inner = definition.type === 'user' ? ownValue(value, 'id') : ownValue(value, 'value');
    return typeof inner === 'string' ? coerceScalar(definition, inner) : null;
  }
  switch (definition.type) {
    case 'number':
      return toNumber(value);
    case 'boolean':
      return toBoolean(value);
    case 'date':
      return toDay(value);
    case 'enum':
      return toChoice(definition, value);
    case 'cwe':
      return toWeakness(value);
    case 'string':
    case 'markdown':
    case 'cvss':
    case 'combobox':
    case 'user':
      return toText(value);
  }
}

/**
 * A stored value in the shape of its field: a scalar becomes a list of one, a list its first item, what was never set the
 * default. Keys of objects that are no fields stay.
 */
export function coerceValue(definition: FieldDefinition, value: Json | undefined): Json {
  if (value === undefined) return initialValue(definition);
  if (definition.type === 'list') {
    if (value === null) return [];
    return (Array.isArray(value) ? (value as readonly Json[]) : [value]).map(item =>
      coerceValue(definition.items, item),
    );
  }
  if (definition.type !== 'object') return value === null ? null : coerceScalar(definition, value);
  const source = Array.isArray(value) ? (value as readonly Json[])[0] : value;
  return coerceValues(definition.properties, isJsonObject(source) ? source : {});
}

/** Stored values in the shape of their fields; keys that are no fields stay. */
export function coerceValues(definitions: readonly FieldDefinition[], values: JsonObject): JsonObject {
  const shaped: [string, Json][] = definitions.map(definition => [
    definition.id,
    coerceValue(definition, ownValue(values, definition.id)),
  ]);
  // fromEntries makes own keys, also of `__proto__`.
  return Object.fromEntries([...Object.entries(values), ...shaped]);
}

/** A value that a change of design could not carry over unchanged. */
export interface AsideValue {
  readonly original: Json;
  /** What the field showed instead. While it still shows that, a later design takes the original up again. */
  readonly became: Json;
}

/** The fields of a finding or a report as they are stored. */
export interface StoredFields {
  readonly values: JsonObject;
  /** By field id, oldest first. */
  readonly aside: Readonly<Record<string, readonly AsideValue[]>>;
}

/**
 * Fits stored fields to a changed design. Nothing is lost: fields that the design no longer has stay in `values`, and a value
 * that had to change its type is kept in `aside`, from where the old design, or one that can hold it, takes it up again.
 */
export function adaptFields(definitions: readonly FieldDefinition[], stored: StoredFields): StoredFields {
  const values: [string, Json][] = Object.entries(stored.values);
  const aside = new Map(Object.entries(stored.aside));
  for (const definition of definitions) {
    const { id } = definition;
    const current = ownValue(stored.values, id);
    const kept = aside.get(id) ?? [];
    const last = kept.at(-1);
    const isUntouched = last !== undefined && isSameJson(last.became, current);
    const source = isUntouched ? last.original : current;
    const value = coerceValue(definition, source);
    const rest = isUntouched ? kept.slice(0, -1) : kept;
    const isCarried = source === undefined || isSameJson(source, value);
    const next = isCarried ? rest : [...rest, { original: source, became: value }];
    if (next.length > 0) aside.set(id, next);
    else aside.delete(id);
    values.push([id, value]);
  }
  return { values: Object.fromEntries(values), aside: Object.fromEntries(aside) };
}
