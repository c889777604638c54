import { z } from 'zod';
import { assetKind } from '../asset.ts';
import { confidence, severity } from '../severity.ts';
import { id, instant, listOf, paging } from './primitives.ts';

/** Where a finding stands: `open` until a person or a scan says otherwise; `fixed` is set by scans alone. */
export const findingState = z.enum(['open', 'confirmed', 'accepted', 'false_positive', 'fixed']);
export type FindingState = z.infer<typeof findingState>;

/** GET findings. */
export const findingQuery = paging.extend({
  severity: listOf(severity),
  state: listOf(findingState),
  ruleId: z.string().max(100).optional(),
  assetId: id.optional(),
  scanId: id.optional(),
  targetId: id.optional(),
  organisationId: id.optional(),
  groupId: id.optional(),
  projectId: id.optional(),
  sort: z.enum(['severity', 'firstSeen', 'lastSeen']).default('severity'),
  order: z.enum(['asc', 'desc']).default('asc'),
});

/** A finding in a list. */
export const findingView = z.object({
  id,
  ruleId: z.string(),
  title: z.string(),
  severity,
  confidence,
  state: findingState,
  parameter: z.string(),
  asset: z.object({ id, kind: assetKind, key: z.string() }),
  firstSeen: instant,
  lastSeen: instant,
});
export type FindingView = z.infer<typeof findingView>;

/** GET findings/:id. Evidence is text from hostile sources: show it as text, never as markup. */
export const findingDetail = findingView.extend({
  description: z.string(),
  impact: z.string(),
  advice: z.string(),
  cwe: z.number().nullable(),
  /** Published flaws that it is about, e.g. `CVE-2021-44228`. */
  cves: z.array(z.string()),
  cvss: z.object({ score: z.number(), vector: z.string() }).nullable(),
  references: z.array(z.string()),
  evidence: z.array(z.object({ label: z.string(), text: z.string() })),
});
export type FindingDetail = z.infer<typeof findingDetail>;

/** PATCH findings/:id. */
export const triageRequest = z.strictObject({ state: findingState.exclude(['fixed']) });
