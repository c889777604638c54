import { findCwe, scoreCvss } from '../scores/index.ts';
import type { CvssValue, CweValue } from '../scores/index.ts';
import { coerceValue, coerceValues } from './coerce.ts';
import { holds } from './condition.ts';
import type { FieldDefinition } from './definition.ts';
import { isJsonObject, ownValue } from './json.ts';
import type { Json, JsonObject } from './json.ts';

/** A person of a project. */
export interface Person {
  readonly id: string;
  readonly name?: string | null | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly [key: string]: unknown;
}

/** The value of a field as a design's template sees it. */
export type FieldView =
  | string
  | number
  | boolean
  | null
  | CvssValue
  | CweValue
  | Person
  | { readonly value: string; readonly label: string }
  | readonly FieldView[]
  | { readonly [key: string]: FieldView };

/** What the values of a view are looked up in. */
export interface ViewOptions {
  readonly people?: ReadonlyMap<string, Person>;
}

function viewValue(definition: FieldDefinition, value: Json | undefined, options: ViewOptions): FieldView {
  const shaped = coerceValue(definition, value);
  switch (definition.type) {
    case 'object':
      return viewFields(definition.properties, isJsonObject(shaped) ? shaped : {}, options);
    case 'list':
      return Array.isArray(shaped)
        ? (shaped as readonly Json[]).map(item => viewValue(definition.items, item, options))
        : [];
    case 'cvss':
      return scoreCvss(typeof shaped === 'string' ? shaped : null);
    case 'cwe':
      return typeof shaped === 'string' ? (findCwe(shaped) ?? null) : null;
    case 'enum': {
      const choice = definition.choices.find(({ value: known }) => known === shaped);
      if (choice) return { value: choice.value, label: choice.label ?? choice.value };
      return {
        value: typeof shaped === 'string' ? shaped : '',
        label: typeof shaped === 'string' ? shaped : '',
      };
    }
    case 'user':
      return typeof shaped === 'string' ? (options.people?.get(shaped) ?? null) : null;
    default:
      return typeof shaped === 'object' ? null : shaped;
  }
}

/** Stored values as a design's template sees them: only its own fields, those whose condition does not hold as if empty. */
export function viewFields(
  definitions: readonly FieldDefinition[],
  values: JsonObject,
  options: ViewOptions = {},
): { readonly [key: string]: FieldView } {
  // A condition asks about what is shown: a default where nothing is stored, `3` where "3" is.
  const shaped = definitions.some(({ condition }) => condition !== undefined)
    ? coerceValues(definitions, values)
    : values;
  return Object.fromEntries(
    definitions.map(definition => {
      const isShown = holds(definition.condition, shaped);
      return [
        definition.id,
        viewValue(definition, isShown ? ownValue(values, definition.id) : null, options),
      ];
    }),
  );
}
