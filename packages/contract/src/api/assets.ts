import { z } from 'zod';
import { assetAttributes, assetKind, relation } from '../asset.ts';
import { severity } from '../severity.ts';
import { id, instant, listOf, paging } from './primitives.ts';

/** GET assets. */
export const assetQuery = paging.extend({
  kind: listOf(assetKind),
  scope: z.enum(['in', 'out', 'all']).default('in'),
  scanId: id.optional(),
  targetId: id.optional(),
  organisationId: id.optional(),
  groupId: id.optional(),
  projectId: id.optional(),
  sort: z.enum(['key', 'kind', 'firstSeen', 'lastSeen']).default('key'),
  order: z.enum(['asc', 'desc']).default('asc'),
});

/** An asset in a list. */
export const assetView = z.object({
  id,
  kind: assetKind,
  key: z.string(),
  inScope: z.boolean(),
  attributes: assetAttributes,
  firstSeen: instant,
  lastSeen: instant,
  findingCount: z.number(),
  worstSeverity: severity.nullable(),
  hasScreenshot: z.boolean(),
});
export type AssetView = z.infer<typeof assetView>;

const assetSummary = z.object({ id, kind: assetKind, key: z.string(), inScope: z.boolean() });

/** GET assets/:id: the asset with how it was found, what it is connected to and who looked at it. */
export const assetDetail = assetView.extend({
  /** From the seed to the asset: each step's asset, the scanner that took it and why. */
  discovery: z.array(z.object({ asset: assetSummary, scanner: z.string(), reason: z.string() })),
  edges: z.array(z.object({ direction: z.enum(['out', 'in']), relation, asset: assetSummary })),
  coverage: z.array(
    z.object({
      scanner: z.string(),
      title: z.string(),
      outcome: z.enum(['looked', 'unreachable', 'limited', 'skipped']),
      detail: z.string().nullable(),
    }),
  ),
});
export type AssetDetail = z.infer<typeof assetDetail>;

/** GET assets/counts: how many assets in scope there are of each kind. */
export const assetCounts = z.partialRecord(assetKind, z.number());
