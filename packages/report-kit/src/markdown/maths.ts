import type { Element } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { renderToString } from 'katex';
import { spellLetters } from './maths-letters.ts';

/** Longer formulas are refused, in UTF-16 units. */
export const MAX_FORMULA_LENGTH = 5000;

/** TeX as a MathML element (Chromium, Firefox, Safari and screen readers know it); a string says what is wrong with it. */
export function renderMaths(tex: string, isDisplay: boolean): Element | string {
  if (tex.length > MAX_FORMULA_LENGTH) return `it is longer than ${MAX_FORMULA_LENGTH} characters`;
  try {
    const html = renderToString(tex, {
      displayMode: isDisplay,
      output: 'mathml',
      throwOnError: true,
      strict: false,
      trust: false,
      maxExpand: 300,
      maxSize: 50,
    });
    const span = fromHtml(html, { fragment: true }).children[0];
    const math = span?.type === 'element' ? span.children[0] : undefined;
    if (math?.type !== 'element') return 'it could not be read';
    spellLetters(math);
    return math;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message.replace(/^KaTeX parse error: /, '').slice(0, 300);
  }
}
