import { compile } from '@vue/compiler-dom';
import { createHash } from 'node:crypto';
import type { Message } from '../message.ts';
import type { Design } from './design.ts';
import { templateFault, unknownComponents, unknownLabels } from './template-faults.ts';
import type { CompilerFault } from './template-faults.ts';

/** A name that a template takes from its scope, with the first line that uses it. */
export interface UsedName {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** A design's templates as the JavaScript that Vue's runtime runs in the page, and what was noticed on the way. */
export interface CompiledDesign {
  readonly code: string;
  readonly partials: readonly {
    readonly name: string;
    readonly props: readonly string[];
    readonly code: string;
  }[];
  /** Names of the root scope, so that the page can report those that do not exist. */
  readonly names: readonly UsedName[];
  readonly messages: readonly Message[];
}

const PROPS = /^\s*<!--\s*props:\s*([^>]{0,500}?)\s*-->/;

/** What stands in these elements is text, as in `<textarea>`: arrows and `<` of a diagram or formula are no tags. */
const RAW_TEXT =
  /(<(mermaid-diagram|math-latex)(?:\s(?:"[^"]*"|'[^']*'|[^'">])*)?(?<!\/)>)([\s\S]*?)(?=<\/\2>)/g;

const asText = (template: string): string =>
  template.replace(RAW_TEXT, (_all, tag: string, _name, text: string) => tag + text.replaceAll('<', '&lt;'));

function compileTemplate(template: string, file: string, messages: Message[]): string {
  const source = asText(template);
  const report = (level: 'error' | 'warning') => (fault: CompilerFault) =>
    messages.push(templateFault(level, fault, file, source));
  const { code } = compile(source, {
    mode: 'function',
    prefixIdentifiers: true,
    hoistStatic: true,
    whitespace: 'preserve',
    comments: false,
    isCustomElement: tag => tag === 'footnote',
    onError: report('error'),
    onWarn: report('warning'),
  });
  return code;
}

const MAX_NAMES = 5_000;

/** The root names in compiled code (`_ctx.name`), without those that the template itself assigns. */
function usedNames(code: string, template: string, file: string): UsedName[] {
  const assigned = new Set([...code.matchAll(/_ctx\.([\w$]+)\s*=(?!=)/g)].map(match => match[1]));
  const used = new Set([...code.matchAll(/_ctx\.([\w$]+)/g)].map(match => match[1] ?? ''));
  return [...used].slice(0, MAX_NAMES).flatMap(name => {
    if (assigned.has(name) || name.startsWith('$')) return [];
    const at = template.search(new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`));
    return [{ name, file, line: template.slice(0, Math.max(0, at)).split('\n').length }];
  });
}

/** Designs whose compiled templates are kept. */
const MAX_KEPT = 8;
const compiled = new Map<string, CompiledDesign>();

/** Compiles template and partials, once while they stay the same; runs nothing of them, so it is safe outside the browser. */
export function compileDesign(design: Design): CompiledDesign {
  const key = createHash('sha256')
    .update(JSON.stringify([design.template, Object.entries(design.partials), design.style, design.labels]))
    .digest('base64');
  const result = compiled.get(key) ?? compileAll(design);
  compiled.delete(key);
  compiled.set(key, result);
  for (const oldest of [...compiled.keys()].slice(0, -MAX_KEPT)) compiled.delete(oldest);
  return result;
}

function compileAll(design: Design): CompiledDesign {
  const messages: Message[] = [];
  const names: UsedName[] = [];
  const known = Object.keys(design.partials);
  const partials = Object.entries(design.partials).map(([name, template]) => {
    const props = (PROPS.exec(template)?.[1] ?? '').split(/[\s,]+/).filter(prop => prop !== '');
    const file = `partials/${name}.html`;
    // Blanked rather than cut, so that lines in messages are those of the file.
    const blanked = template.replace(PROPS, head => head.replace(/[^\n]/g, ' '));
    const code = compileTemplate(blanked.trimEnd(), file, messages);
    names.push(...usedNames(code, blanked, file).filter(used => !props.includes(used.name)));
    messages.push(...unknownComponents(code, blanked, file, known));
    return { name, props, code };
  });
  const code = compileTemplate(design.template, 'template.html', messages);
  names.push(...usedNames(code, design.template, 'template.html'));
  messages.push(
    ...unknownComponents(code, design.template, 'template.html', known),
    ...unknownLabels(design.style, design.labels),
  );
  return { code, partials, names, messages };
}
