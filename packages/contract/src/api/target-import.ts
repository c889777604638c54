import { z } from 'zod';
import { id } from './primitives.ts';

/** Most lines, and most bytes, of one import. */
export const MAX_IMPORT_LINES = 100_000;
/** See {@link MAX_IMPORT_LINES}. */
export const MAX_IMPORT_BYTES = 32 * 1024 * 1024;

/** POST targets/import: `preview` changes nothing, `all` adds all lines or none, `valid` leaves out the wrong ones. */
export const importQuery = z.object({
  mode: z.enum(['preview', 'all', 'valid']).default('preview'),
  projectId: id.optional(),
});

/** What an import adds, or would add. */
export const importReport = z.object({
  isStored: z.boolean(),
  lines: z.number().int(),
  /** Targets that are new, with the first of them. */
  added: z.number().int(),
  sample: z.array(
    z.object({
      line: z.number().int(),
      domain: z.string(),
      organisation: z.string(),
      group: z.string(),
      note: z.string(),
    }),
  ),
  /** Targets that are there already, and lines that name a domain a second time; both are left out. */
  known: z.number().int(),
  repeated: z.number().int(),
  /** Lines that cannot be read, with the first of them. */
  wrong: z.number().int(),
  errors: z.array(z.object({ line: z.number().int(), text: z.string(), message: z.string() })),
  newOrganisations: z.array(z.string()),
  newGroups: z.array(z.string()),
});
export type ImportReport = z.infer<typeof importReport>;
