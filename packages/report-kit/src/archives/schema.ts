import { z } from 'zod';
import { fieldSchema, fieldsSchema, sectionsSchema } from '../fields/index.ts';
import type { JsonObject } from '../fields/index.ts';

const MAX_TEXT = 50_000_000;
const MAX_ITEMS = 100_000;

/** Ids name files and folders in an archive, so they are kept to what needs no escaping. */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, 'an id of letters, digits, - and _');
const text = z.string().max(MAX_TEXT);
const short = z.string().max(1000);
const list = <Item extends z.ZodType>(item: Item) => z.array(item).max(MAX_ITEMS);
const json: z.ZodType<JsonObject> = z.record(z.string(), z.json());

const file = z.looseObject({ name: z.string().max(1000) });
const ordering = list(z.looseObject({ field: short, order: z.enum(['asc', 'desc']) }));
const note = z.looseObject({
  id,
  type: z.enum(['text', 'excalidraw']).optional(),
  title: text.nullish(),
  text: text.nullish(),
  parent: id.nullish(),
  order: z.number().optional(),
  checked: z.boolean().nullish(),
  icon_emoji: z.string().max(100).nullish(),
});

const designCommon = {
  id,
  name: short,
  language: short.optional(),
  status: short.optional(),
  tags: list(short).optional(),
  report_template: text,
  report_styles: text,
  report_preview_data: json.nullish(),
  default_notes: list(note).optional(),
  assets: list(file).optional(),
};

const design = z.looseObject({
  ...designCommon,
  report_sections: sectionsSchema,
  finding_fields: fieldsSchema,
  finding_ordering: ordering.optional(),
  finding_grouping: ordering.nullish(),
});

const designV1 = z.looseObject({
  ...designCommon,
  report_fields: z.record(z.string(), z.looseObject({})),
  report_sections: list(z.looseObject({ id: short, fields: list(short) })),
  finding_fields: z.record(z.string(), z.looseObject({})),
  finding_field_order: list(short).optional(),
});

const translation = z.looseObject({
  is_main: z.boolean(),
  language: short,
  status: short.optional(),
  data: json,
});

const template = z
  .looseObject({
    id,
    tags: list(short).optional(),
    translations: list(translation),
    images: list(file).optional(),
  })
  .superRefine(({ translations }, context) => {
    const mains = translations.filter(({ is_main: isMain }) => isMain).length;
    if (mains !== 1)
      context.addIssue({
        code: 'custom',
        path: ['translations'],
        message: `exactly one has to be the main one, and ${mains} are`,
      });
    const languages = new Set(translations.map(({ language }) => language));
    if (languages.size !== translations.length)
      context.addIssue({ code: 'custom', path: ['translations'], message: 'a language is there twice' });
  });

const templateV1 = z.looseObject({
  id,
  tags: list(short).optional(),
  language: short,
  status: short.optional(),
  data: json,
});

const person = z.looseObject({ id, name: short.nullish(), roles: list(short).optional() });
const reference = z.looseObject({ id }).nullish();
const comment = z.looseObject({ id: id.optional(), path: short, text: text.nullish() });

const project = z.looseObject({
  id,
  name: short,
  language: short.optional(),
  tags: list(short).optional(),
  override_finding_order: z.boolean().optional(),
  report_data: json,
  members: list(person).optional(),
  project_type: z.looseObject({ id, format: short.optional() }),
  sections: list(z.looseObject({ id: short, assignee: reference, status: short.optional() })).optional(),
  findings: list(
    z.looseObject({
      id,
      assignee: reference,
      status: short.optional(),
      order: z.number().optional(),
      data: json,
    }),
  ),
  notes: list(note).optional(),
  images: list(file).optional(),
  files: list(file).optional(),
  comments: list(comment).optional(),
});

const notes = z.looseObject({
  id,
  notes: list(note),
  images: list(file).optional(),
  files: list(file).optional(),
});

/** The schema of each form of object; keys that are not known are kept. */
export const SCHEMAS = {
  design,
  designV1,
  template,
  templateV1,
  project,
  notes,
  field: fieldSchema,
} as const;

export type Design = z.infer<typeof design>;
export type Template = z.infer<typeof template>;
export type Project = z.infer<typeof project>;
export type Notes = z.infer<typeof notes>;
export type DesignV1 = z.infer<typeof designV1>;
export type TemplateV1 = z.infer<typeof templateV1>;
