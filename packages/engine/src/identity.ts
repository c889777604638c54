import type { AssetRef } from '@glacis/contract';
import { sha256 } from '@glacis/foundation';

/**
 * Identity of a finding: rule, asset and parameter; neither severity nor evidence, so that a re-scored or re-worded finding
 * stays the same one. The version prefix lets a later scheme live beside this one.
 */
export function findingIdentity(of: { ruleId: string; asset: AssetRef; parameter: string }): string {
  return `v1:${sha256(JSON.stringify([of.ruleId, of.asset.kind, of.asset.key, of.parameter]))}`;
}
