import type { Selection, TemplateHandle } from '@glacis/checks';
import type { Logger } from '@glacis/foundation';
import { statSync } from 'node:fs';
import {
  isForPlace,
  isReportedElsewhere,
  refusalOf,
  ruleIdOf,
  type CheckSelection,
  type Place,
  type RulePlan,
} from './check-selection.ts';

/** Everything that may run, with the templates of the installation that are left out as a whole. */
interface Opened {
  readonly handles: readonly TemplateHandle[];
  readonly ignored: NonNullable<Selection['ignored']>;
  /** By place and selection; a scan has as many as it has sorts of website. */
  readonly plans: Map<string, RulePlan>;
}

const MAX_PLANS = 500;

let opening: Promise<Opened> | undefined;
let openedStamp = '';

/** Changes when a folder is replaced, as an update of templates does. */
function stampOf(folder: string | undefined): string {
  const stat = folder === undefined ? undefined : statSync(folder, { throwIfNoEntry: false });
  return stat?.isDirectory() ? `${folder ?? ''} ${stat.ino} ${stat.mtimeMs}` : '';
}

async function open(stamp: string, folder: string | undefined, log: Logger): Promise<Opened> {
  // Loaded when the first job needs it: the server knows this scanner, too, and never runs it.
  const checks = await import('@glacis/checks');
  const hasFolder = stamp !== '' && folder !== undefined;
  const sets = [
    checks.openTemplates([checks.OWN_TEMPLATES]),
    ...(hasFolder ? [checks.openTemplates([folder], { cacheFolder: `${folder}.index` })] : []),
  ];
  const byId = new Map<string, TemplateHandle>();
  const reasons = new Map<string, number>();
  const refuse = (reason: string) => reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  for (const set of sets) {
    for (const { reason } of set.rejected) refuse(reason);
    for (const handle of set.templates) {
      const refusal = refusalOf(handle);
      if (refusal !== undefined) refuse(refusal);
      else if (!byId.has(handle.entry.id)) byId.set(handle.entry.id, handle);
    }
  }
  const most = [...reasons].sort(([, left], [, right]) => right - left).slice(0, 20);
  log.info({ templates: byId.size, refused: Object.fromEntries(most) }, 'templates of checks are open');
  const ignored = hasFolder ? checks.readIgnoreList(folder) : { tags: [], files: [] };
  return { handles: [...byId.values()], ignored, plans: new Map() };
}

/** The templates to run at a place, as a plan with the rules that it looks for. */
export async function planFor(
  place: Place,
  selection: CheckSelection,
  context: { readonly installation: { readonly templateFolder?: string }; readonly log: Logger },
): Promise<RulePlan> {
  const folder = context.installation.templateFolder;
  const stamp = stampOf(folder);
  if (!opening || openedStamp !== stamp) {
    openedStamp = stamp;
    opening = open(stamp, folder, context.log);
    opening.catch(() => (opening = undefined));
  }
  const { handles, ignored, plans } = await opening;
  const products = place.kind === 'website' ? [...place.products].sort() : [];
  const key = JSON.stringify([place, products, selection]);
  const known = plans.get(key);
  if (known) return known;
  const { exclusionOf, planTemplates, DEFAULT_EXCLUDED_TAGS } = await import('@glacis/checks');
  const wanted: Selection = {
    ids: selection.ids,
    tags: selection.tags,
    excludedTags: [...selection.excludedTags, ...(selection.isIntrusive ? [] : DEFAULT_EXCLUDED_TAGS)],
    severities: selection.severities.length === 0 ? [] : severitiesOf(selection),
    includedTags: selection.isIntrusive ? DEFAULT_EXCLUDED_TAGS : [],
    ignored,
  };
  const chosen = handles.filter(
    handle =>
      isForPlace(handle, place, selection) &&
      !isReportedElsewhere(handle, selection) &&
      exclusionOf(handle, wanted) === undefined,
  );
  const made = {
    plan: planTemplates(chosen),
    rules: chosen.flatMap(({ entry }) => ruleIdOf(entry.id) ?? []).sort(),
  };
  if (plans.size >= MAX_PLANS) plans.clear();
  plans.set(key, made);
  return made;
}

/** A template that states no severity counts as `info`. */
function severitiesOf({ severities }: CheckSelection): string[] {
  return severities.includes('info') ? [...severities, 'unknown'] : [...severities];
}
