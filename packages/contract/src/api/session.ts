import { z } from 'zod';
import { permission, role } from '../permission.ts';
import { id } from './primitives.ts';
import { policyBreaches } from './sign-in-policy.ts';

/** GET /api/session and the answer to signing in. */
export const sessionView = z.object({
  user: z.object({
    id,
    email: z.string(),
    name: z.string(),
    hasPassword: z.boolean(),
    isPlatformAdmin: z.boolean(),
  }),
  tenants: z.array(
    z.object({
      id,
      slug: z.string(),
      name: z.string(),
      role,
      permissions: z.array(permission),
      /** What the session lacks for entering, by the tenant's policy. */ breach: z
        .enum(policyBreaches)
        .nullable(),
    }),
  ),
});
export type SessionView = z.infer<typeof sessionView>;

/** PUT /api/session/password. `current` is needed once there is a password. */
export const setPasswordRequest = z.strictObject({
  current: z.string().max(1000).optional(),
  password: z.string().min(12, 'Use at least 12 characters.').max(1000),
});
