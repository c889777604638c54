import type { Plan, TemplateHandle } from '@glacis/checks';
import type { InputAsset } from '@glacis/engine';
import { isCheckRuleId, type CheckRuleId, type Severity } from '@glacis/contract';
import { reportedElsewhere } from '../data/reported-elsewhere.ts';
import { plainProduct, productsOfTag } from '../data/technology-tags.ts';

/** Which templates of a set run. */
export interface CheckSelection {
  readonly tags: readonly string[];
  readonly excludedTags: readonly string[];
  readonly severities: readonly Severity[];
  readonly ids: readonly string[];
  /** Also those tagged as intrusive, as denial of service, fuzzing or guessing; else they never run, whatever names them. */
  readonly isIntrusive: boolean;
  /** Leave out templates about products that were not seen. */
  readonly isMatched: boolean;
}

/** Why templates cannot run behind the egress guard, by protocol. */
const unroutable: Readonly<Record<string, string>> = {
  dns: 'its questions go to servers of its own choice',
  file: 'it reads local files',
};

/** The rule of a template's findings; undefined for an id that no rule can have. */
export function ruleIdOf(templateId: string): CheckRuleId | undefined {
  const id = `check.${templateId}`;
  return isCheckRuleId(id) ? id : undefined;
}

/** Why a template never runs in a scan of the platform, whatever is selected; undefined when it may. */
export function refusalOf({ entry }: TemplateHandle): string | undefined {
  if (ruleIdOf(entry.id) === undefined) return 'its id is too long or holds unusual characters';
  if (entry.isWorkflow) return 'workflows choose their templates by themselves';
  const protocol = entry.protocols.find(each => unroutable[each]);
  return protocol === undefined ? undefined : `${protocol}: ${unroutable[protocol] ?? ''}`;
}

/** The technologies of a website without versions, sorted. */
export function productsSeen(asset: InputAsset): string[] {
  const keys = asset.attributes['technologies'];
  const names = Array.isArray(keys) ? keys.filter(key => typeof key === 'string') : [];
  return [...new Set(names.map(key => plainProduct(key.split('/', 1)[0] ?? '')))].sort();
}

/**
 * Whether a template speaks to what was seen: one that names products wants one of them, by its tags where they name products
 * that can be seen, else by its metadata; one that names none is for everyone.
 */
export function isForProducts({ entry }: TemplateHandle, seen: ReadonlySet<string>): boolean {
  const tagged = entry.tags.flatMap(tag => productsOfTag(tag) ?? []);
  const named = tagged.length > 0 ? tagged : entry.products;
  return named.length === 0 || named.some(product => seen.has(plainProduct(product)));
}

/** Where a template is to run. */
export type Place =
  | { readonly kind: 'website'; readonly isTls: boolean; readonly products: ReadonlySet<string> }
  | { readonly kind: 'service'; readonly port: number };

const WEB_PROTOCOLS: ReadonlySet<string> = new Set(['http', 'websocket', 'ssl']);

/** Whether a template that may run at all has business at a place. */
export function isForPlace(handle: TemplateHandle, place: Place, selection: CheckSelection): boolean {
  const { entry } = handle;
  if (place.kind === 'service')
    return entry.protocols.every(protocol => protocol === 'tcp') && entry.ports.includes(place.port);
  if (!entry.protocols.every(protocol => WEB_PROTOCOLS.has(protocol))) return false;
  if (!place.isTls && entry.protocols.every(protocol => protocol === 'ssl')) return false;
  return !selection.isMatched || isForProducts(handle, place.products);
}

/** Leaves out what another scanner reports, unless it is named. */
export function isReportedElsewhere(handle: TemplateHandle, selection: CheckSelection): boolean {
  const { id } = handle.entry;
  return Object.hasOwn(reportedElsewhere, id) && !selection.ids.includes(id);
}

/** A plan with the rules that it looks for. */
export interface RulePlan {
  readonly plan: Plan;
  readonly rules: readonly CheckRuleId[];
}
