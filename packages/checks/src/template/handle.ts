import type { Template } from './model.ts';
import { planKeyOf } from './plan-key.ts';
import type { TemplateHandle } from './template-set.ts';

/** A loaded template as a member of a plan. */
export function handleOfTemplate(template: Template): TemplateHandle {
  const entry = {
    path: template.path,
    mtimeMs: 0,
    size: 0,
    reason: '',
    id: template.id,
    severity: template.info.severity,
    tags: [...template.info.tags],
    protocols: [...new Set(template.blocks.map(block => block.protocol))],
    isSelfContained: template.isSelfContained,
    isWorkflow: template.workflow.length > 0,
    needsOast: template.needsOast,
    planKey: planKeyOf(template),
  };
  return { entry, file: template.path, get: () => template };
}
