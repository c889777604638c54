import { z } from 'zod';
import { ownValue } from './json.ts';
import type { FieldDefinition } from './definition.ts';
import type { Json, JsonObject } from './json.ts';

/** When a field is shown: it compares fields beside it. */
export type Condition =
  | {
      readonly field: string;
      readonly equals: string | number | boolean | readonly (string | number | boolean)[];
    }
  | { readonly field: string; readonly is_empty: boolean }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

const MAX_TERMS = 50;
const scalar = z.union([z.string().max(1000), z.number(), z.boolean()]);
const field = z.string().max(255);

/** Parses the `condition` of a field. */
export const conditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.union(
    [
      z.strictObject({ field, equals: z.union([scalar, z.array(scalar).max(200)]) }),
      z.strictObject({ field, is_empty: z.boolean() }),
      z.strictObject({ all: z.array(conditionSchema).max(MAX_TERMS) }),
      z.strictObject({ any: z.array(conditionSchema).max(MAX_TERMS) }),
      z.strictObject({ not: conditionSchema }),
    ],
    'a condition is {"field", "equals"}, {"field", "is_empty"}, {"all"}, {"any"} or {"not"}',
  ),
);

/** Whether a stored value counts as not filled in. A CVSS of `n/a` is filled in by nobody. */
export function isEmptyValue(value: Json | undefined): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '' || value === 'n/a';
  if (typeof value !== 'object') return false;
  return (Array.isArray(value) ? value : Object.values(value)).every(isEmptyValue);
}

/** Whether a field counts as not filled in: `n/a` is no score, and in any other field it is what somebody wrote. */
export function isEmptyField(definition: FieldDefinition, value: Json | undefined): boolean {
  if (value === 'n/a' && definition.type !== 'cvss') return false;
  if (definition.type === 'list' && Array.isArray(value))
    return (value as readonly Json[]).every(item => isEmptyField(definition.items, item));
  return isEmptyValue(value);
}

/** Whether a condition holds for the fields around it; no condition always holds. */
export function holds(condition: Condition | undefined, fields: JsonObject): boolean {
  if (condition === undefined) return true;
  if ('all' in condition) return condition.all.every(part => holds(part, fields));
  if ('any' in condition) return condition.any.some(part => holds(part, fields));
  if ('not' in condition) return !holds(condition.not, fields);
  const value = ownValue(fields, condition.field);
  if ('is_empty' in condition) return isEmptyValue(value) === condition.is_empty;
  const wanted = [condition.equals].flat();
  const given = Array.isArray(value) ? value : [value];
  return given.some(item => wanted.some(one => one === item));
}

/** The fields that a condition asks about. */
export function fieldsOf(condition: Condition): string[] {
  if ('all' in condition) return condition.all.flatMap(fieldsOf);
  if ('any' in condition) return condition.any.flatMap(fieldsOf);
  return 'not' in condition ? fieldsOf(condition.not) : [condition.field];
}
