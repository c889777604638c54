import type {
  AssetAttributes,
  AssetKind,
  AnyRuleId,
  AssetRef,
  Confidence,
  Relation,
  Rule,
  RuleId,
  Severity,
} from '@glacis/contract';
import type { z } from 'zod';
import type { Capabilities } from './capabilities.ts';

/** An asset as a scanner gets it: canonical key, attributes as known when the job was made. */
export interface InputAsset extends AssetRef {
  readonly attributes: AssetAttributes;
}

/** A new or better known asset. `from` is the input asset that led to it; the edge from→asset is `relation`. */
export interface AssetObservation {
  readonly type: 'asset';
  readonly asset: AssetRef & { readonly attributes?: AssetAttributes };
  readonly from: AssetRef;
  /** Left out when the observation only adds attributes to `from` itself. */
  readonly relation?: Relation;
  /** Why it is ours, as a half sentence: "listed in the certificate of www.example.org". */
  readonly reason: string;
}

/** One labelled piece of proof, as text; hostile bytes are kept as they came (replacement character for invalid UTF-8). */
export interface Evidence {
  readonly label: string;
  readonly text: string;
}

/** A weakness of an asset. Identity is (ruleId, asset, parameter); severity and texts default to the rule's. */
export interface FindingObservation {
  readonly type: 'finding';
  readonly ruleId: AnyRuleId;
  /** What the rule says, for one that comes with a template; built-in rules are in the contract. */
  readonly rule?: Rule;
  readonly asset: AssetRef;
  readonly parameter?: string;
  readonly severity?: Severity;
  readonly confidence: Confidence;
  readonly evidence: readonly Evidence[];
}

/** What came of looking at one input asset. A scanner yields exactly one for each asset it was given. */
export interface CoverageObservation {
  readonly type: 'coverage';
  readonly asset: AssetRef;
  /** `looked`: seen in full · `unreachable`: no answer · `limited`: a limit cut it short · `skipped`: not applicable or not allowed. */
  readonly outcome: 'looked' | 'unreachable' | 'limited' | 'skipped';
  readonly detail?: string;
  /** The rules of templates that were looked for, where that depends on the asset; without them a finding of one stays open. */
  readonly rules?: readonly AnyRuleId[];
}

/** A file that belongs to an asset, such as a screenshot. Stored encrypted. */
export interface BlobObservation {
  readonly type: 'blob';
  readonly asset: AssetRef;
  readonly name: 'screenshot' | 'favicon';
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** All that a scanner may yield. */
export type Observation = AssetObservation | FindingObservation | CoverageObservation | BlobObservation;

/** The kind and the id of everything that is inside the scan's scope, asked by name. */
export interface ScopeView {
  /** True when the host name or address may be named in observations as ours and be probed. */
  isInScope(hostOrAddress: string): boolean;
}

/** What a run gets beside its assets: options, capabilities, scope, cancellation. */
export interface ScanContext<Options> extends Capabilities {
  readonly options: Options;
  readonly scope: ScopeView;
  readonly signal: AbortSignal;
}

/** A scanner: plain data and one async generator. It imports no network, database or sibling. */
export interface Scanner<Schema extends z.ZodObject = z.ZodObject> {
  /** Kebab-case, stable: it is stored with what the scanner finds. */
  readonly id: string;
  readonly title: string;
  /** One sentence: what it looks at and what it reports. */
  readonly description: string;
  readonly consumes: readonly AssetKind[];
  readonly produces: readonly AssetKind[];
  readonly reports: readonly RuleId[];
  /** True when it also reports rules that come with templates. */
  readonly hasTemplates?: boolean;
  /** `passive` sends nothing to the target's own machines (public DNS resolvers and third-party services only). */
  readonly mode: 'passive' | 'active';
  readonly risk: 'safe' | 'loud' | 'intrusive';
  readonly needsBrowser?: boolean;
  /** Bounded options, each with a default. */
  readonly options: Schema;
  /** Most assets per job. */
  readonly batchSize: number;
  /** Longest a job may run, ms. */
  readonly timeoutMs: number;
  /** Whether a consumed asset is worth a look; pure, decided at dispatch from the asset alone. */
  accepts?(asset: InputAsset): boolean;
  run(
    context: ScanContext<z.output<Schema>>,
    assets: readonly InputAsset[],
  ): AsyncGenerator<Observation, void, void>;
}

/** Keeps the options schema's type while checking the shape. */
export function defineScanner<Schema extends z.ZodObject>(scanner: Scanner<Schema>): Scanner<Schema> {
  return scanner;
}
