import { z } from 'zod';
import { role } from '../permission.ts';
import { id, instant } from './primitives.ts';
import { projectLevel } from './projects.ts';

/** A group that the identity provider sent, and what its people get. */
export const provisionedGroup = z.object({
  id,
  name: z.string(),
  memberCount: z.number().int(),
  role: role.nullable(),
  project: z.object({ id, name: z.string() }).nullable(),
  level: projectLevel.nullable(),
});
export type ProvisionedGroup = z.infer<typeof provisionedGroup>;

/** GET provisioning: where the identity provider sends people and groups, and what came. */
export const provisioningView = z.object({
  baseUrl: z.string(),
  /** Domains whose addresses can be provisioned. */
  domains: z.array(z.string()),
  people: z.object({ active: z.number().int(), inactive: z.number().int(), changedAt: instant.nullable() }),
  groups: z.array(provisionedGroup),
});
export type ProvisioningView = z.infer<typeof provisioningView>;

/** PUT provisioning/groups/:id: a role in the tenant, a level in a project, or neither. */
export const mapGroupRequest = z.strictObject({
  role: role.nullable(),
  project: z.strictObject({ id, level: projectLevel }).nullable(),
});
export type MapGroupRequest = z.infer<typeof mapGroupRequest>;
