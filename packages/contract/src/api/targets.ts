import { z } from 'zod';
import { id, instant } from './primitives.ts';

/** A domain that is ours to watch, and how far that is proven. */
export const targetView = z.object({
  id,
  domain: z.string(),
  proof: z.object({
    state: z.enum(['unproven', 'proven', 'expired']),
    /** The TXT record that proves ownership. */
    record: z.object({ name: z.string(), value: z.string() }),
    detail: z.string(),
    checkedAt: instant.nullable(),
    provenAt: instant.nullable(),
  }),
  createdAt: instant,
  lastScanId: id.nullable(),
});
export type TargetView = z.infer<typeof targetView>;

/** POST targets. */
export const createTargetRequest = z.strictObject({ domain: z.string().min(1).max(253) });
