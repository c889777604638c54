import { compile } from '@vue/compiler-dom';
import type { Message } from '../message.ts';
import type { Design } from './design.ts';

/** A design's templates as the JavaScript that Vue's runtime runs in the page, and what was noticed on the way. */
export interface CompiledDesign {
  readonly code: string;
  readonly partials: readonly {
    readonly name: string;
    readonly props: readonly string[];
    readonly code: string;
  }[];
  readonly messages: readonly Message[];
}

const PROPS = /^\s*<!--\s*props:\s*([^>]{0,500}?)\s*-->/;

function compileTemplate(template: string, file: string, messages: Message[]): string {
  const report =
    (level: 'error' | 'warning') =>
    (error: { message: string; loc?: { start: { line: number; column: number } } }) =>
      messages.push({
        level,
        code: 'template-invalid',
        text: `${file}${error.loc ? `, line ${error.loc.start.line}` : ''}: ${error.message}`,
        location: error.loc ? { file, line: error.loc.start.line, column: error.loc.start.column } : { file },
      });
  const { code } = compile(template, {
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

/** Compiles template and partials; runs nothing of them, so it is safe outside the browser. */
export function compileDesign(design: Design): CompiledDesign {
  const messages: Message[] = [];
  const partials = Object.entries(design.partials).map(([name, template]) => {
    const props = (PROPS.exec(template)?.[1] ?? '').split(/[\s,]+/).filter(prop => prop !== '');
    return {
      name,
      props,
      code: compileTemplate(template.replace(PROPS, ''), `partials/${name}.html`, messages),
    };
  });
  const code = compileTemplate(design.template, 'template.html', messages);
  return { code, partials, messages };
}
