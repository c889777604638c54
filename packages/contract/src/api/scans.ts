import { z } from 'zod';
import { assetKind } from '../asset.ts';
import { severity } from '../severity.ts';
import { id, instant } from './primitives.ts';

/** `closing`: all jobs have ended, changes and risk are being worked out. The last three are final. */
export const scanState = z.enum(['running', 'closing', 'completed', 'cancelled', 'failed']);
export type ScanState = z.infer<typeof scanState>;

/** What one scanner of a scan has done and still has to do. */
export const scannerProgress = z.object({
  scanner: z.string(),
  title: z.string(),
  jobs: z.object({ queued: z.number(), done: z.number(), failed: z.number() }),
  assets: z.object({
    queued: z.number(),
    looked: z.number(),
    unreachable: z.number(),
    limited: z.number(),
    skipped: z.number(),
  }),
  found: z.object({ assets: z.number(), findings: z.number() }),
});
export type ScannerProgress = z.infer<typeof scannerProgress>;

const bySeverity = z.record(severity, z.number());

/** What a finished scan says in short. */
export const scanSummary = z.object({
  assets: z.partialRecord(assetKind, z.number()),
  findings: bySeverity,
  /** Assets met for the first time ever, and findings opened or gone since the scan before. */
  changes: z.object({ newAssets: z.number(), newFindings: z.number(), goneFindings: z.number() }),
  risk: z.object({ score: z.number().min(0).max(100), grade: z.string(), reasons: z.array(z.string()) }),
});
export type ScanSummary = z.infer<typeof scanSummary>;

/** A scan in a list. */
export const scanView = z.object({
  id,
  targetId: id,
  /** The first of its domains. */
  domain: z.string(),
  domains: z.array(z.string()),
  state: scanState,
  /** False when ownership was not proven: passive scanners only. */
  isActive: z.boolean(),
  startedAt: instant,
  finishedAt: instant.nullable(),
  assetCount: z.number(),
  findings: bySeverity,
  summary: scanSummary.nullable(),
  error: z.string().nullable(),
});
export type ScanView = z.infer<typeof scanView>;

/** One line of the live log of a scan. */
export const scanNews = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('asset'),
    seq: z.number(),
    id,
    kind: assetKind,
    key: z.string(),
    inScope: z.boolean(),
    scanner: z.string(),
  }),
  z.object({
    type: z.literal('finding'),
    seq: z.number(),
    id,
    ruleId: z.string(),
    title: z.string(),
    severity,
    assetKey: z.string(),
    /** What on the asset it is about, such as a product or a cookie; may be empty. */
    parameter: z.string(),
  }),
]);
export type ScanNews = z.infer<typeof scanNews>;

/** GET scans/:id, and each message of the WebSocket scans/:id/live: the state now and what came since the last message. */
export const scanProgress = z.object({
  scan: scanView,
  scanners: z.array(scannerProgress),
  elapsedMs: z.number(),
  news: z.array(scanNews),
});
export type ScanProgress = z.infer<typeof scanProgress>;

/** POST scans. `engine` chooses scanners and their options; left out: all with their defaults. */
export const startScanRequest = z.strictObject({
  targetId: id,
  /** Further targets to scan together with it: names and addresses that they share are looked at once. */
  alsoTargetIds: z.array(id).max(100).default([]),
  engine: z
    .strictObject({
      scanners: z.array(z.string().max(60)).max(200).optional(),
      options: z.record(z.string().max(60), z.record(z.string().max(60), z.json())).optional(),
    })
    .optional(),
});
