import type { Message } from '../message.ts';

/** What Vue's compiler says of a template, as far as it is used here. */
export interface CompilerFault {
  readonly message: string;
  readonly loc?: {
    readonly start: { readonly line: number; readonly column: number; readonly offset: number };
  };
}

/** The components that every template has. */
export const COMPONENTS: ReadonlySet<string> = new Set([
  'chart',
  'breakable',
  'comma-and-join',
  'cvss-vector',
  'list-of-figures',
  'list-of-tables',
  'markdown',
  'math-latex',
  'mermaid-diagram',
  'page-of',
  'pagebreak',
  'qrcode',
  'ref',
  'table-of-contents',
  'toc',
]);

const camel = (name: string): string =>
  name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
const capital = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The name as Vue looks it up: `<x-box>` finds `x-box`, `xBox` and `XBox`, `<XBox>` only itself. */
const isKnown = (name: string, known: ReadonlySet<string>): boolean =>
  known.has(name) || known.has(camel(name)) || known.has(capital(camel(name)));

/** The name of the tag at which a fault lies. */
function tagAt(template: string, { loc }: CompilerFault): string {
  const offset = loc?.start.offset;
  const source = offset === undefined ? '' : template.slice(offset, offset + 80);
  return /^<\/?([^\s/>]{1,60})/.exec(source)?.[1] ?? 'this element';
}

/** Vue's words with what they mean for a report, and how it is mended. */
function wordsFor(fault: CompilerFault, template: string): string {
  const { message, loc } = fault;
  const tag = tagAt(template, fault);
  if (/missing end tag/.test(message)) return `<${tag}> is never closed: add </${tag}> where it ends.`;
  if (/Invalid end tag/.test(message))
    return `</${tag}> closes nothing that is open: take it out, or add the <${tag}> before it.`;
  const nested = /^<([\w-]+)> cannot be child of <([\w-]+)>/.exec(message);
  if (nested) {
    const [, inner = '', outer = ''] = nested;
    const remedy =
      inner === 'tr' && outer === 'table'
        ? 'put <tbody> around it'
        : `end <${outer}> before it, or use another element`;
    return `<${inner}> cannot stand inside <${outer}>, and who opens the HTML sees it elsewhere: ${remedy}.`;
  }
  const script = /^Error parsing JavaScript expression: (.*?)(?: \(\d+:\d+\))?$/s.exec(message);
  if (script) {
    const source =
      /^[^}"'\n]{0,60}/.exec(template.slice(loc?.start.offset ?? template.length))?.[0].trim() ?? '';
    return `${source === '' ? 'an expression' : `“${source}”`} cannot be read as JavaScript (${script[1] ?? ''}): mend it.`;
  }
  if (/v-for has invalid expression/.test(message))
    return `${message.replace(/\.$/, '')}: write v-for="item in items".`;
  return `${message.replace(/\.$/, '')}: mend the template there.`;
}

/** A fault of the compiler as a message. */
export function templateFault(
  level: Message['level'],
  fault: CompilerFault,
  file: string,
  template: string,
): Message {
  const { line, column } = fault.loc?.start ?? {};
  return {
    level,
    code: 'template-invalid',
    text: `${file}${line === undefined ? '' : `, line ${line}`}: ${wordsFor(fault, template)}`,
    location: line === undefined || column === undefined ? { file } : { file, line, column },
  };
}

/** Elements of a compiled template that are neither HTML nor a component, and so would be left out of the page as they stand. */
export function unknownComponents(
  code: string,
  template: string,
  file: string,
  partials: readonly string[],
): Message[] {
  const known = new Set([...COMPONENTS, ...partials]);
  const used = new Set(
    [...code.matchAll(/_resolveComponent\("([^"]{1,200})"/g)].map(match => match[1] ?? ''),
  );
  return [...used]
    .filter(name => !isKnown(name, known))
    .map(name => {
      const at = template.search(
        new RegExp(`<${name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}(?![\\w-])`),
      );
      const line = template.slice(0, Math.max(0, at)).split('\n').length;
      return {
        level: 'warning',
        code: 'component-unknown',
        text: `${file}, line ${line}: <${name}> is neither HTML nor a component: correct its name, or add partials/${name}.html.`,
        location: { file, line },
      };
    });
}

/** Labels that a style sheet names and no language has: the margin of the page would stay empty there. */
export function unknownLabels(
  style: string,
  labels: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Message[] {
  return [...style.matchAll(/\blabel\(\s*(['"])([\w.-]{1,100})\1\s*\)/g)].flatMap(match => {
    const key = match[2] ?? '';
    if (Object.values(labels).some(table => Object.hasOwn(table, key))) return [];
    const line = style.slice(0, match.index).split('\n').length;
    return {
      level: 'warning' as const,
      code: 'label-missing',
      text: `style.css, line ${line}: there is no label "${key}" in any language: add it to the design's labels.`,
      location: { file: 'style.css', line },
    };
  });
}
