import { z } from 'zod';
import { id, instant } from './primitives.ts';

/** A report of a scan. */
export const reportView = z.object({
  id,
  scanId: id,
  domain: z.string(),
  design: z.string(),
  state: z.enum(['queued', 'rendering', 'ready', 'failed']),
  pageCount: z.number().nullable(),
  sizeBytes: z.number().nullable(),
  error: z.string().nullable(),
  createdAt: instant,
  finishedAt: instant.nullable(),
});
export type ReportView = z.infer<typeof reportView>;

/** POST reports. */
export const createReportRequest = z.strictObject({
  scanId: id,
  design: z.enum(['attack-surface']).default('attack-surface'),
});
