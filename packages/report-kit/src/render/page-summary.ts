import { z } from 'zod';
import type { Message, MessageLocation } from '../message.ts';

const pageLocation = z
  .object({
    file: z.string().max(300),
    line: z.int().min(0),
    column: z.int().min(0),
    path: z.string().max(1_000),
    url: z.string().max(1_000),
  })
  .partial()
  .transform(
    location =>
      Object.fromEntries(
        Object.entries(location).filter(([, value]) => value !== undefined),
      ) as MessageLocation,
  );

const pageMessage = z
  .object({
    level: z.enum(['error', 'warning', 'info']),
    code: z.string().max(100),
    text: z.string().transform(text => text.slice(0, 2_000)),
    location: pageLocation.optional(),
  })
  .transform(({ location, ...message }): Message => (location ? { ...message, location } : message));

/** What the page says of itself once the template is rendered; the page runs the design's code, so it is not trusted. */
export const pageSummary = z.object({
  messages: z.array(pageMessage).max(600),
  elements: z.number(),
  /** Whether something has to be laid over the pages' margins. */
  needsPositions: z.boolean(),
});
