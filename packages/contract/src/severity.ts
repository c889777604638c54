import { z } from 'zod';

/** Severities, worst first. */
export const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
/** One of {@link severities}. */
export const severity = z.enum(severities);
export type Severity = z.infer<typeof severity>;

/** How sure the rule is: `confirmed` was demonstrated, `firm` rests on exact evidence, `tentative` on a version or a heuristic. */
export const confidences = ['confirmed', 'firm', 'tentative'] as const;
/** One of {@link confidences}. */
export const confidence = z.enum(confidences);
export type Confidence = z.infer<typeof confidence>;
