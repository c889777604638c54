import { z } from 'zod';
import { id } from './primitives.ts';

const name = z.string().trim().min(1).max(200);

/** A group of targets within an organisation. */
export const groupView = z.object({ id, name: z.string(), targetCount: z.number().int() });

/** An organisation that targets belong to, with its groups. */
export const organisationView = z.object({
  id,
  name: z.string(),
  note: z.string(),
  targetCount: z.number().int(),
  groups: z.array(groupView),
});
export type OrganisationView = z.infer<typeof organisationView>;

/** POST organisations, PATCH organisations/:id. */
export const organisationRequest = z.strictObject({ name, note: z.string().max(2000).default('') });
/** POST organisations/:id/groups: adds a group. */
export const groupRequest = z.strictObject({ name });
