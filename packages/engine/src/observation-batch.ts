import {
  checkRule,
  isCheckRuleId,
  MAX_ATTRIBUTES_BYTES,
  rules,
  type AssetAttributes,
  type AssetKind,
  type AssetRef,
  type Rule,
} from '@glacis/contract';
import { canonicalAddress, canonicalHostName } from '@glacis/foundation';
import type { AssetObservation, CoverageObservation, FindingObservation, Observation } from './scanner.ts';

/** `kind|key`, the name of an asset within a batch. */
export type RefId = string;

/** An asset of a batch with all that the batch says of it. */
export interface BatchAsset extends AssetRef {
  attributes: AssetAttributes;
}

/** Observations sorted out: each asset once, merged attributes, canonical keys. */
export interface ObservationBatch {
  readonly assets: ReadonlyMap<RefId, BatchAsset>;
  readonly links: readonly AssetObservation[];
  readonly findings: readonly FindingObservation[];
  readonly coverage: readonly CoverageObservation[];
  /** What was dropped because it was malformed, for the log. */
  readonly rejected: readonly string[];
}

/** Names an asset within a batch. */
export function refId(ref: AssetRef): RefId {
  return `${ref.kind}|${ref.key}`;
}

const HOST_KINDS: ReadonlySet<AssetKind> = new Set(['domain', 'hostname']);
/** Bytes: PostgreSQL's B-tree refuses index entries above some 2,700. */
const MAX_KEY_BYTES = 2048;
const MAX_PARAMETER_LENGTH = 500;
/** Evidence of one finding: entries, and characters of one entry's label and text. */
const MAX_EVIDENCE_ENTRIES = 50;
const MAX_LABEL_LENGTH = 200;
const MAX_EVIDENCE_LENGTH = 20_000;
// PostgreSQL's text and jsonb cannot hold NUL; it and lone surrogates come from hostile banners.
const UNSTORABLE = /\u0000/g;

/** The canonical form of a reference, or undefined when it names nothing (a scanner's mistake or a hostile answer). */
export function canonicalRef(ref: AssetRef): AssetRef | undefined {
  if (HOST_KINDS.has(ref.kind)) {
    const key = canonicalHostName(ref.key);
    return key === undefined ? undefined : { kind: ref.kind, key };
  }
  if (ref.kind === 'ip') {
    const key = canonicalAddress(ref.key);
    return key === undefined ? undefined : { kind: 'ip', key };
  }
  const key = storableText(ref.key);
  return key.length === 0 || Buffer.byteLength(key) > MAX_KEY_BYTES ? undefined : { kind: ref.kind, key };
}

/** Parses what a scanner yielded. Blob observations are handled apart and not part of a batch. */
export function sortObservations(
  observations: readonly Exclude<Observation, { type: 'blob' }>[],
): ObservationBatch {
  const assets = new Map<RefId, BatchAsset>();
  const links: AssetObservation[] = [];
  const findings: FindingObservation[] = [];
  const coverage: CoverageObservation[] = [];
  const rejected: string[] = [];

  function note(ref: AssetRef, attributes?: AssetAttributes): AssetRef | undefined {
    const canonical = canonicalRef(ref);
    if (!canonical) {
      rejected.push(`${ref.kind} ${JSON.stringify(ref.key.slice(0, 100))}`);
      return undefined;
    }
    const id = refId(canonical);
    const known = assets.get(id) ?? { ...canonical, attributes: {} };
    if (attributes) Object.assign(known.attributes, storable(attributes));
    assets.set(id, known);
    return canonical;
  }

  for (const observation of observations) {
    if (observation.type === 'asset') {
      const from = note(observation.from);
      const asset = note(observation.asset, observation.asset.attributes);
      if (from && asset) links.push({ ...observation, from, asset });
    } else if (observation.type === 'finding') {
      const asset = note(observation.asset);
      if (!isKnownRule(observation)) rejected.push(`rule ${String(observation.ruleId).slice(0, 100)}`);
      else if (asset) findings.push({ ...bounded(observation), asset });
    } else {
      const asset = note(observation.asset);
      if (asset) coverage.push({ ...observation, asset });
    }
  }
  return { assets, links, findings, coverage, rejected };
}

/** A built-in rule, or a template's own with all that it has to say within its limits. */
function isKnownRule({ ruleId, rule }: FindingObservation): boolean {
  if (Object.hasOwn(rules, ruleId)) return true;
  return isCheckRuleId(ruleId) && checkRule.safeParse(rule).success;
}

/** A finding whose texts are within their limits; what is cut says so. */
function bounded(finding: FindingObservation): FindingObservation {
  const kept = finding.evidence.slice(0, MAX_EVIDENCE_ENTRIES).map(({ label, text }) => ({
    label: cutText(label, MAX_LABEL_LENGTH),
    text:
      text.length > MAX_EVIDENCE_LENGTH
        ? `${cutText(text, MAX_EVIDENCE_LENGTH)}\n… ${text.length - MAX_EVIDENCE_LENGTH} more characters`
        : cutText(text, MAX_EVIDENCE_LENGTH),
  }));
  const dropped = finding.evidence.length - kept.length;
  if (dropped > 0) kept.push({ label: 'More', text: `${dropped} more pieces of evidence were left out.` });
  const parameter = cutText(finding.parameter ?? '', MAX_PARAMETER_LENGTH);
  const { rule, ...rest } = finding;
  const texts = rule ? { rule: storableRule(rule) } : {};
  return { ...rest, ...texts, parameter, evidence: kept };
}

/** The rule of a template with texts that PostgreSQL can hold. */
function storableRule(rule: Rule): Rule {
  const { references, cves, cvss, ...rest } = rule;
  return {
    ...rest,
    title: storableText(rule.title),
    description: storableText(rule.description),
    impact: storableText(rule.impact),
    advice: storableText(rule.advice),
    ...(references ? { references: references.map(storableText) } : {}),
    ...(cves ? { cves: cves.map(storableText) } : {}),
    ...(cvss ? { cvss: { ...cvss, vector: storableText(cvss.vector) } } : {}),
  };
}

/** Attributes that PostgreSQL can hold, dropped whole when over the limit. */
function storable(attributes: AssetAttributes): AssetAttributes {
  if (JSON.stringify(attributes).length > MAX_ATTRIBUTES_BYTES) {
    return { attributesDropped: `over ${MAX_ATTRIBUTES_BYTES} bytes` };
  }
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [storableText(name), storableValue(value)]),
  );
}

function storableValue(value: AssetAttributes[string]): AssetAttributes[string] {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storableValue);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [storableText(name), storableValue(inner)]),
    );
  }
  return value;
}

/** Text without what PostgreSQL refuses: NUL is dropped, lone surrogates become the replacement character. */
export function storableText(text: string): string {
  return text.toWellFormed().replace(UNSTORABLE, '');
}

/** The first `length` characters of a text as PostgreSQL can hold them; a character cut in half is replaced. */
export function cutText(text: string, length: number): string {
  return storableText(text.slice(0, length));
}
