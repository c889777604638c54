import { assetKind } from '@glacis/contract';
import { z } from 'zod';
import { scannerIds } from '../world/world.ts';

const foundBy = z.array(z.enum(scannerIds)).max(scannerIds.length);

/** An asset that exists. `foundBy` names the scanners that are meant to reveal it; others may as well. */
export const truthAsset = z.object({
  kind: assetKind,
  key: z.string().min(1).max(2048),
  inScope: z.boolean(),
  foundBy,
  /** A scan may report it or not: it counts neither way. */
  isOptional: z.literal(true).optional(),
  attributes: z.record(z.string().max(100), z.json()).optional(),
});
export type TruthAsset = z.infer<typeof truthAsset>;

/** A weakness that exists; with an empty `foundBy` no scanner claims to find it, and it counts neither way. */
export const truthFinding = z.object({
  ruleId: z.string().min(1).max(100),
  assetKind,
  assetKey: z.string().min(1).max(2048),
  parameter: z.string().max(500),
  foundBy,
});
export type TruthFinding = z.infer<typeof truthFinding>;

/** Everything that is true about one practice network. */
export const truth = z.object({
  version: z.literal(1),
  seed: z.string().max(100),
  hosts: z.number().int().min(1),
  domains: z.array(z.string().max(253)).max(100),
  ranges: z.array(z.string().max(50)).max(100),
  /** Labels that a list of common ones holds, and that nothing else but such a list reveals. */
  words: z.array(z.string().max(63)).max(1000),
  /** From which version on a product counts as kept up. */
  products: z.array(z.object({ product: z.string().max(100), maintainedFrom: z.string().max(50) })).max(1000),
  /** Paths that prove an exposure. */
  exposurePaths: z.array(z.string().max(200)).max(100),
  /** Paths that exist on some sites and that a crawl may report or not. */
  optionalPaths: z.array(z.string().max(200)).max(1000),
  bystanders: z
    .array(
      z.object({ name: z.string().max(253), address: z.string().max(45), mentionedIn: z.string().max(200) }),
    )
    .max(1000),
  assets: z.array(truthAsset).max(5_000_000),
  findings: z.array(truthFinding).max(5_000_000),
});
export type Truth = z.infer<typeof truth>;
