import { z } from 'zod';

/** What can be switched: sign-ups for all of the platform; the others also for one tenant. */
export const features = ['sign-up', 'active-scans', 'support-access'] as const;
/** One of {@link features}. */
export const feature = z.enum(features);
export type Feature = z.infer<typeof feature>;
