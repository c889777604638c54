import type { Template } from './model.ts';
import { planKeyOf } from './plan-key.ts';
import type { TemplateEntry, TemplateHandle } from './template-set.ts';

const MAX_PRODUCTS = 20;

/** Names of the products a template says it is about, in lower case. */
function productsOf(template: Template): string[] {
  const product = template.info.metadata?.['product'];
  return (Array.isArray(product) ? product : [product])
    .flatMap(name => (typeof name === 'string' ? name.split(',') : []))
    .map(name => name.trim().toLowerCase())
    .filter(name => name !== '' && name.length <= 100)
    .slice(0, MAX_PRODUCTS);
}

/** Ports that the TCP blocks of a template name. */
function portsOf(template: Template): number[] {
  const ports = template.blocks.flatMap(block =>
    block.protocol === 'tcp'
      ? [...block.ports, ...block.hosts.map(host => /:(\d{1,5})$/.exec(host.source)?.[1] ?? '')]
      : [],
  );
  return [...new Set(ports.filter(port => port !== '').map(Number))].sort((a, b) => a - b);
}

/** What is known of a template without its blocks. */
export function summaryOf(template: Template): Omit<TemplateEntry, 'path' | 'mtimeMs' | 'size'> {
  return {
    reason: '',
    id: template.id,
    severity: template.info.severity,
    tags: [...template.info.tags],
    protocols: [...new Set(template.blocks.map(block => block.protocol))],
    products: productsOf(template),
    ports: portsOf(template),
    isSelfContained: template.isSelfContained,
    isWorkflow: template.workflow.length > 0,
    needsOast: template.needsOast,
    planKey: planKeyOf(template),
  };
}

/** A loaded template as a member of a plan. */
export function handleOfTemplate(template: Template): TemplateHandle {
  const entry = { path: template.path, mtimeMs: 0, size: 0, ...summaryOf(template) };
  return { entry, file: template.path, get: () => template };
}
