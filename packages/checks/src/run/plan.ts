import type { TemplateHandle } from '../template/template-set.ts';

/** Templates that begin with the same request: they run together and share its answer. */
export interface PlanGroup {
  readonly key: string;
  readonly templates: readonly TemplateHandle[];
}

/** What is run on every target, and what is run once. */
export interface Plan {
  readonly groups: readonly PlanGroup[];
  /** Templates that need no target. */
  readonly selfContained: readonly TemplateHandle[];
  readonly workflows: readonly TemplateHandle[];
  readonly count: number;
}

/** Orders templates into groups; without clustering each is a group of its own. */
export function planTemplates(handles: readonly TemplateHandle[], isClustered = true): Plan {
  const groups = new Map<string, TemplateHandle[]>();
  const runnable = handles.filter(handle => !handle.entry.isSelfContained && !handle.entry.isWorkflow);
  for (const [index, handle] of runnable.entries()) {
    const key = isClustered ? handle.entry.planKey : `${index}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [handle]);
    else group.push(handle);
  }
  const ordered = [...groups].map(([key, templates]) => ({ key, templates }));
  // What waits for a silent service comes first, or the whole scan waits for it at its end; then the largest groups.
  const waits = ({ templates }: PlanGroup): number =>
    templates[0]?.entry.protocols.some(protocol => protocol !== 'http' && protocol !== 'file') === true
      ? 1
      : 0;
  ordered.sort((left, right) => waits(right) - waits(left) || right.templates.length - left.templates.length);
  return {
    groups: ordered,
    selfContained: handles.filter(handle => handle.entry.isSelfContained && !handle.entry.isWorkflow),
    workflows: handles.filter(handle => handle.entry.isWorkflow),
    count: handles.length,
  };
}
