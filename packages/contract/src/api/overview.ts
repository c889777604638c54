import { z } from 'zod';
import { assetKind } from '../asset.ts';
import { severity } from '../severity.ts';
import { findingView } from './findings.ts';
import { scanSummary, scanView } from './scans.ts';
import { instant } from './primitives.ts';

/** GET overview: what the dashboard of a tenant shows. */
export const overviewView = z.object({
  assets: z.partialRecord(assetKind, z.number()),
  findings: z.record(severity, z.number()),
  risk: scanSummary.shape.risk.nullable(),
  /** Open findings by severity after each of the last scans, oldest first. */
  trend: z.array(z.object({ at: instant, assets: z.number(), findings: z.record(severity, z.number()) })),
  latestFindings: z.array(findingView),
  latestScans: z.array(scanView),
  technologies: z.array(z.object({ name: z.string(), count: z.number() })),
  certificatesExpiringSoon: z.array(z.object({ id: z.string(), subject: z.string(), notAfter: z.string() })),
});
export type OverviewView = z.infer<typeof overviewView>;
