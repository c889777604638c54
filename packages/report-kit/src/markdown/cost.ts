import { parse, postprocess, preprocess } from 'micromark';
import type { Extension } from 'micromark-util-types';
import { syntaxFor } from './parse.ts';

/**
 * Marks in one stretch of inline text, beyond which matching them takes more than about half a second: the time grows with
 * the square of their number (20,000 take 10 s).
 */
export const MAX_MARKS = 5000;
/** Quotes and lists opened on one line; the time for these grows with the square as well. */
const DEEP_LINE = /^(?:[ \t]{0,8}(?:>|[-+*]|\d{1,9}[.)])){300}/m;

const MARK = /[*_~[\]]/g;
const BLOCKS_ONLY: Extension = {
  disable: {
    null: [
      'attention',
      'autolink',
      'codeText',
      'htmlText',
      'inlineNote',
      'inlineNotePlain',
      'labelEnd',
      'labelStartImage',
      'labelStartLink',
      'mathText',
      'strikethrough',
    ],
  },
};
const INLINE = new Set(['paragraph', 'atxHeadingText', 'setextHeadingText', 'tableData', 'tableHeader']);

const marksIn = (text: string): number => text.match(MARK)?.length ?? 0;

/** What would make a text too costly to read, with its line where there is one; undefined when nothing does. */
export function findCost(text: string): { what: 'depth' | 'marks'; line?: number } | undefined {
  if (DEEP_LINE.test(text)) return { what: 'depth' };
  if (!text.split(/\n[ \t\r]*\n/).some(block => marksIn(block) > MAX_MARKS)) return undefined;
  // Only now is it worth asking what is inline text and what is code.
  const extensions = [...syntaxFor(text), BLOCKS_ONLY];
  const events = postprocess(
    parse({ extensions })
      .document()
      .write(preprocess()(text, undefined, true)),
  );
  for (const [phase, { type, start, end }] of events)
    if (phase === 'enter' && INLINE.has(type) && marksIn(text.slice(start.offset, end.offset)) > MAX_MARKS)
      return { what: 'marks', line: start.line };
  return undefined;
}
