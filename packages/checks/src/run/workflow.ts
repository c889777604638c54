import { CookieJar } from '../http/cookies.ts';
import type { Target } from '../http/target.ts';
import type { DslValue } from '../dsl/values.ts';
import type { Template, WorkflowStep } from '../template/model.ts';
import type { TemplateHandle } from '../template/template-set.ts';
import { executeTemplate } from './execute-template.ts';
import type { Outcome, SharedState } from './execute-template.ts';
import type { ScanServices } from './services.ts';

function chosen(step: WorkflowStep, all: readonly TemplateHandle[]): readonly TemplateHandle[] {
  if (step.template !== '') {
    const wanted = step.template.replace(/^\.?\//, '');
    const isFolder = wanted.endsWith('/');
    return all.filter(
      ({ entry }) =>
        entry.path === wanted ||
        entry.path.endsWith(`/${wanted}`) ||
        (isFolder && `/${entry.path}`.includes(`/${wanted}`)),
    );
  }
  return all.filter(({ entry }) => entry.tags.some(tag => step.tags.includes(tag)));
}

function fits(outcome: Outcome, names: readonly string[], join: 'and' | 'or'): boolean {
  return join === 'and'
    ? names.every(name => outcome.names.has(name))
    : names.some(name => outcome.names.has(name));
}

async function runStep(
  step: WorkflowStep,
  target: Target,
  services: ScanServices,
  all: readonly TemplateHandle[],
  shared: SharedState,
): Promise<void> {
  if (services.signal?.aborted === true) return;
  const templates = chosen(step, all).filter(({ entry }) => !entry.isWorkflow);
  if (templates.length === 0)
    services.warn(
      `the workflow names ${step.template || step.tags.join(',')}, which is not among the templates`,
    );
  // A template that only decides what follows gives no result of its own when it has subtemplates by matcher name.
  for (const handle of templates) {
    const outcome = await executeTemplate(handle.get(), target, services, new Map(), shared);
    for (const [name, value] of outcome.values) shared.context.set(name, value);
    if (!outcome.isMatched) continue;
    for (const matcher of step.matchers) {
      if (!fits(outcome, matcher.names, matcher.join)) continue;
      for (const next of matcher.steps) await runStep(next, target, services, all, shared);
    }
    for (const next of step.steps) await runStep(next, target, services, all, shared);
  }
}

/** Runs a workflow on a target: its templates share cookies and values, and later ones run when earlier ones matched. */
export async function runWorkflow(
  workflow: Template,
  target: Target,
  services: ScanServices,
  all: readonly TemplateHandle[],
): Promise<void> {
  for (const step of workflow.workflow) {
    const shared: SharedState = { jar: new CookieJar(), context: new Map<string, DslValue>() };
    await runStep(step, target, services, all, shared);
  }
}
