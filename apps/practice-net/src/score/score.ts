import { z } from 'zod';
import type { Truth, TruthAsset, TruthFinding } from '../truth/schema.ts';

/** How many keys each list of the score holds at most; the counts are always of all. */
export const LONGEST_LIST = 200;

/** One line of a scan's exported assets. */
export const exportedAsset = z.object({
  kind: z.string().min(1).max(50),
  key: z.string().min(1).max(4096),
  inScope: z.boolean(),
});
export type ExportedAsset = z.infer<typeof exportedAsset>;

/** One line of a scan's exported findings. */
export const exportedFinding = z.object({
  ruleId: z.string().min(1).max(100),
  assetKind: z.string().min(1).max(50),
  assetKey: z.string().min(1).max(4096),
  parameter: z.string().max(4096).nullish(),
});
export type ExportedFinding = z.infer<typeof exportedFinding>;

/** How well one kind of asset or one rule was met. */
export interface Measure {
  /** What had to be found. */
  expected: number;
  /** What of it was found. */
  found: number;
  missed: number;
  /** What was reported and is not true, doubles included. */
  unexpected: number;
  /** found / expected; 1 when nothing was expected. */
  recall: number;
  /** found / (found + unexpected); 1 when nothing was reported. */
  precision: number;
}

/** How a scan compares with the truth. */
export interface Score {
  readonly seed: string;
  readonly hosts: number;
  readonly passed: boolean;
  readonly totals: { readonly assets: Measure; readonly findings: Measure };
  readonly assets: Readonly<Record<string, Measure>>;
  readonly findings: Readonly<Record<string, Measure>>;
  /** Connections and datagrams that reached addresses of others. */
  readonly packetsOutsideScope: number;
  /** At most {@link LONGEST_LIST} keys each. */
  readonly missed: readonly string[];
  readonly unexpected: readonly string[];
}

/** The form in which URLs are compared: without query and fragment. */
export function comparableUrl(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : url;
}

interface Tally {
  readonly expected: Map<string, string>;
  readonly allowed: ReadonlySet<string>;
  readonly found: Set<string>;
  readonly unexpected: { readonly group: string; readonly key: string }[];
}

function assetId(kind: string, key: string): string {
  return `${kind} ${kind === 'url' ? comparableUrl(key) : key}`;
}

function findingId(finding: ExportedFinding): string {
  const { ruleId, assetKind, assetKey, parameter } = finding;
  return `${ruleId} ${assetKind} ${assetKey} ${parameter ?? ''}`.trimEnd();
}

function isExpectedAsset(asset: TruthAsset): boolean {
  return asset.inScope && asset.isOptional !== true && asset.foundBy.length > 0;
}

/** True for parts of known sites that a crawl may report or leave out. */
function optionalUrl(truth: Truth): (url: string) => boolean {
  const sites = new Set(truth.assets.filter(asset => asset.kind === 'website').map(asset => asset.key));
  const paths = new Set(truth.optionalPaths);
  const catchAlls = new Set(
    truth.findings.filter(one => one.ruleId === 'http.catch-all').map(one => one.assetKey),
  );
  return url => {
    if (!URL.canParse(url)) return false;
    const { origin, pathname } = new URL(url);
    return catchAlls.has(origin) || (sites.has(origin) && paths.has(pathname));
  };
}

function tallyAssets(truth: Truth, exported: Iterable<ExportedAsset>): Tally {
  const expected = new Map<string, string>();
  const allowed = new Set<string>();
  for (const asset of truth.assets) {
    if (isExpectedAsset(asset)) expected.set(assetId(asset.kind, asset.key), asset.kind);
    else if (asset.inScope) allowed.add(assetId(asset.kind, asset.key));
  }
  const isOptionalUrl = optionalUrl(truth);
  const tally: Tally = { expected, allowed, found: new Set(), unexpected: [] };
  const seen = new Set<string>();
  for (const asset of exported) {
    if (!asset.inScope) continue;
    const id = assetId(asset.kind, asset.key);
    const exact = `${asset.kind} ${asset.key}`;
    const isDouble = seen.has(exact);
    seen.add(exact);
    if (expected.has(id) && !isDouble) tally.found.add(id);
    else if (isDouble) tally.unexpected.push({ group: asset.kind, key: `${exact} (double)` });
    else if (!allowed.has(id) && !(asset.kind === 'url' && isOptionalUrl(asset.key))) {
      tally.unexpected.push({ group: asset.kind, key: exact });
    }
  }
  return tally;
}

function tallyFindings(truth: Truth, exported: Iterable<ExportedFinding>): Tally {
  const isExpected = (finding: TruthFinding): boolean => finding.foundBy.length > 0;
  const expected = new Map(
    truth.findings.filter(isExpected).map(finding => [findingId(finding), finding.ruleId]),
  );
  const allowed = new Set(truth.findings.filter(finding => !isExpected(finding)).map(findingId));
  const tally: Tally = { expected, allowed, found: new Set(), unexpected: [] };
  const seen = new Set<string>();
  for (const finding of exported) {
    const id = findingId(finding);
    const isDouble = seen.has(id);
    seen.add(id);
    if (isDouble) tally.unexpected.push({ group: finding.ruleId, key: `${id} (double)` });
    else if (expected.has(id)) tally.found.add(id);
    else if (!allowed.has(id)) tally.unexpected.push({ group: finding.ruleId, key: id });
  }
  return tally;
}

function measure(expected: number, found: number, unexpected: number): Measure {
  return {
    expected,
    found,
    missed: expected - found,
    unexpected,
    recall: expected === 0 ? 1 : found / expected,
    precision: found + unexpected === 0 ? 1 : found / (found + unexpected),
  };
}

function measureGroups(tally: Tally): Record<string, Measure> {
  const counts = new Map<string, [expected: number, found: number, unexpected: number]>();
  const count = (group: string): [number, number, number] => {
    const known = counts.get(group) ?? [0, 0, 0];
    counts.set(group, known);
    return known;
  };
  for (const [id, group] of tally.expected) {
    count(group)[0] += 1;
    if (tally.found.has(id)) count(group)[1] += 1;
  }
  for (const { group } of tally.unexpected) count(group)[2] += 1;
  const groups = [...counts].sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(groups.map(([group, numbers]) => [group, measure(...numbers)]));
}

function missedOf(tally: Tally): readonly string[] {
  return [...tally.expected.keys()].filter(id => !tally.found.has(id));
}

/** Compares what a scan exported with the truth; `packets` is the total of the bystanders' counters. */
export function scoreScan(
  truth: Truth,
  assets: Iterable<ExportedAsset>,
  findings: Iterable<ExportedFinding>,
  packets: number,
): Score {
  const assetTally = tallyAssets(truth, assets);
  const findingTally = tallyFindings(truth, findings);
  const tallies = [assetTally, findingTally];
  const total = (tally: Tally): Measure =>
    measure(tally.expected.size, tally.found.size, tally.unexpected.length);
  const missed = tallies.flatMap(missedOf);
  const unexpected = tallies.flatMap(tally => tally.unexpected.map(({ key }) => key));
  return {
    seed: truth.seed,
    hosts: truth.hosts,
    passed: missed.length === 0 && unexpected.length === 0 && packets === 0,
    totals: { assets: total(assetTally), findings: total(findingTally) },
    assets: measureGroups(assetTally),
    findings: measureGroups(findingTally),
    packetsOutsideScope: packets,
    missed: missed.slice(0, LONGEST_LIST),
    unexpected: unexpected.slice(0, LONGEST_LIST),
  };
}
