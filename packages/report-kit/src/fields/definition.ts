import { z } from 'zod';
import { conditionSchema } from './condition.ts';
import type { Condition } from './condition.ts';

interface CommonDefinition {
  /** Empty for the items of a list. */
  readonly id: string;
  readonly label?: string | undefined;
  readonly help_text?: string | null | undefined;
  readonly origin?: 'core' | 'predefined' | 'custom' | undefined;
  /** The field is shown, and required, only where this holds. */
  readonly condition?: Condition | undefined;
}

interface Required {
  readonly required?: boolean | undefined;
}

/** A field of text; `pattern` is a regular expression for the whole value. */
export interface StringDefinition extends CommonDefinition, Required {
  readonly type: 'string';
  readonly default?: string | null | undefined;
  readonly spellcheck?: boolean | undefined;
  readonly pattern?: string | null | undefined;
}

/** A field whose default and value are text of some form. */
export interface TextDefinition extends CommonDefinition, Required {
  readonly type: 'markdown' | 'cwe' | 'date';
  readonly default?: string | null | undefined;
}

/** A CVSS vector, or `n/a`. */
export interface CvssDefinition extends CommonDefinition, Required {
  readonly type: 'cvss';
  readonly default?: string | null | undefined;
  readonly cvss_version?: 'CVSS:3.1' | 'CVSS:4.0' | null | undefined;
}

/** A number, with its bounds included. */
export interface NumberDefinition extends CommonDefinition, Required {
  readonly type: 'number';
  readonly default?: number | null | undefined;
  readonly minimum?: number | null | undefined;
  readonly maximum?: number | null | undefined;
}

/** Yes or no. */
export interface BooleanDefinition extends CommonDefinition {
  readonly type: 'boolean';
  readonly default?: boolean | null | undefined;
}

/** One value out of `choices`; their order is their rank. */
export interface EnumDefinition extends CommonDefinition, Required {
  readonly type: 'enum';
  readonly choices: readonly { readonly value: string; readonly label?: string | undefined }[];
  readonly default?: string | null | undefined;
}

/** Text with suggestions. */
export interface ComboboxDefinition extends CommonDefinition, Required {
  readonly type: 'combobox';
  readonly suggestions?: readonly string[] | undefined;
  readonly default?: string | null | undefined;
}

/** The id of a person. */
export interface UserDefinition extends CommonDefinition, Required {
  readonly type: 'user';
}

/** Fields that belong together. */
export interface ObjectDefinition extends CommonDefinition {
  readonly type: 'object';
  readonly properties: readonly FieldDefinition[];
}

/** Any number of fields of one kind. */
export interface ListDefinition extends CommonDefinition, Required {
  readonly type: 'list';
  readonly items: FieldDefinition;
  readonly default?: readonly unknown[] | null | undefined;
}

/** What a design says of one field. */
export type FieldDefinition =
  | StringDefinition
  | TextDefinition
  | CvssDefinition
  | NumberDefinition
  | BooleanDefinition
  | EnumDefinition
  | ComboboxDefinition
  | UserDefinition
  | ObjectDefinition
  | ListDefinition;

/** The twelve types of field. */
export const FIELD_TYPES = [
  'string',
  'markdown',
  'cvss',
  'cwe',
  'date',
  'number',
  'boolean',
  'enum',
  'combobox',
  'user',
  'object',
  'list',
] as const satisfies readonly FieldDefinition['type'][];

/** How deep objects and lists may lie in one another. */
export const MAX_FIELD_DEPTH = 12;
const MAX_FIELDS = 500;

const text = z.string().max(100_000).nullish();
const common = {
  id: z
    .string('an id is missing: letters, digits and _, no digit first; "" for the items of a list')
    .max(255, 'an id has at most 255 characters')
    .regex(/^(?:[a-zA-Z_][a-zA-Z0-9_]*)?$/, 'letters, digits and _, no digit first'),
  label: z.string().max(1000).optional(),
  help_text: z.string().max(10_000).nullish(),
  origin: z.enum(['core', 'predefined', 'custom']).optional(),
  condition: conditionSchema.optional(),
};
const required = z.boolean().optional();
const choice = z.looseObject({
  value: z
    .string()
    .max(255)
    .regex(/^[a-zA-Z_][0-9a-zA-Z_-]*$/, 'letters, digits, _ and -, no digit first'),
  label: z.string().max(1000).optional(),
});

function schemaAt(depth: number): z.ZodType<FieldDefinition> {
  const inner = z.lazy(() =>
    depth < MAX_FIELD_DEPTH
      ? schemaAt(depth + 1)
      : z.never(`fields may lie ${MAX_FIELD_DEPTH} deep in one another`),
  );
  return z.discriminatedUnion(
    'type',
    [
      z.looseObject({
        ...common,
        type: z.literal('string'),
        default: text,
        required,
        spellcheck: z.boolean().optional(),
        pattern: z.string().max(1000).nullish(),
      }),
      z.looseObject({ ...common, type: z.enum(['markdown', 'cwe', 'date']), default: text, required }),
      z.looseObject({
        ...common,
        type: z.literal('cvss'),
        default: text,
        required,
        cvss_version: z.enum(['CVSS:3.1', 'CVSS:4.0']).nullish(),
      }),
      z.looseObject({
        ...common,
        type: z.literal('number'),
        default: z.number().nullish(),
        required,
        minimum: z.number().nullish(),
        maximum: z.number().nullish(),
      }),
      z.looseObject({ ...common, type: z.literal('boolean'), default: z.boolean().nullish() }),
      z.looseObject({
        ...common,
        type: z.literal('enum'),
        choices: uniqueBy(z.array(choice).max(1000), 'value'),
        default: text,
        required,
      }),
      z.looseObject({
        ...common,
        type: z.literal('combobox'),
        suggestions: z.array(z.string().max(1000)).max(1000).optional(),
        default: text,
        required,
      }),
      z.looseObject({ ...common, type: z.literal('user'), required }),
      z.looseObject({
        ...common,
        type: z.literal('object'),
        properties: withIds(uniqueBy(z.array(inner).max(MAX_FIELDS), 'id')),
      }),
      z.looseObject({
        ...common,
        type: z.literal('list'),
        items: inner,
        default: z.array(z.json()).max(1000).nullish(),
        required,
      }),
    ],
    `a field's type is one of ${FIELD_TYPES.join(', ')}`,
  );
}

function uniqueBy<Key extends string, Item extends Readonly<Record<Key, string>>>(
  schema: z.ZodType<Item[]>,
  key: Key,
): z.ZodType<Item[]> {
  return schema.superRefine((items, context) => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (seen.has(item[key]))
        context.addIssue({ code: 'custom', path: [index, key], message: `“${item[key]}” is there twice` });
      seen.add(item[key]);
    }
  });
}

/** Only the items of a list have no id. */
function withIds(schema: z.ZodType<FieldDefinition[]>): z.ZodType<FieldDefinition[]> {
  return schema.superRefine((fields, context) => {
    for (const [index, { id }] of fields.entries())
      if (id === '')
        context.addIssue({
          code: 'custom',
          path: [index, 'id'],
          message: 'a field needs an id: letters, digits and _, no digit first',
        });
  });
}

/** Parses one field's definition; keys that are not known are kept. */
export const fieldSchema: z.ZodType<FieldDefinition> = schemaAt(0);

/** Parses the fields of a finding. */
export const fieldsSchema: z.ZodType<FieldDefinition[]> = withIds(
  uniqueBy(z.array(fieldSchema).max(MAX_FIELDS), 'id'),
);

/** A chapter of a report with its fields. */
export interface SectionDefinition {
  readonly id: string;
  readonly label?: string | undefined;
  readonly fields: readonly FieldDefinition[];
}

/** Parses the sections of a report; a field's id is unique over all of them. */
export const sectionsSchema: z.ZodType<SectionDefinition[]> = z
  .array(
    z.looseObject({
      id: z
        .string()
        .max(255)
        .regex(/^[a-zA-Z0-9_-]+$/, 'letters, digits, _ and -'),
      label: z.string().max(1000).optional(),
      fields: withIds(z.array(fieldSchema).max(MAX_FIELDS)),
    }),
  )
  .max(MAX_FIELDS)
  .superRefine((sections, context) => {
    const seen = new Map<string, string>();
    const ids = new Set<string>();
    for (const [index, section] of sections.entries()) {
      if (ids.has(section.id))
        context.addIssue({
          code: 'custom',
          path: [index, 'id'],
          message: `“${section.id}” is there twice: give one of the sections another id`,
        });
      ids.add(section.id);
      for (const [place, { id }] of section.fields.entries()) {
        const other = seen.get(id);
        if (other !== undefined)
          context.addIssue({
            code: 'custom',
            path: [index, 'fields', place, 'id'],
            message: `“${id}” is also a field of section “${other}”: a field's id is unique over all sections`,
          });
        seen.set(id, section.id);
      }
    }
  });
