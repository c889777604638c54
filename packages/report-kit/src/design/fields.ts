import { z } from 'zod';
import { fieldsSchema, sectionsSchema } from '../fields/index.ts';

/** `fields.json` of a design's folder: what a project of the design holds, for forms, checks, and outputs without pages. */
export const designFields = z.strictObject({
  report_sections: sectionsSchema,
  finding_fields: fieldsSchema,
  finding_ordering: z
    .array(z.strictObject({ field: z.string().max(255), order: z.enum(['asc', 'desc']) }))
    .max(20)
    .default([]),
});

/** The field definitions of a design. */
export type DesignFields = z.output<typeof designFields>;
