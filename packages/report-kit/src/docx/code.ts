import type { Element } from 'hast';
import { Paragraph, TextRun } from 'docx';
import { highlightCode, idOf, plainText, readCodeBlock } from '../markdown/index.ts';
import type { CodeRun } from '../markdown/index.ts';
import { marked } from './context.ts';
import type { DocxContext } from './context.ts';
import { CODE_STYLES, STYLE_IDS } from './styles.ts';
import { cleanText } from './text.ts';

function styleOf({ classes, marks }: CodeRun): string | undefined {
  if (marks.length > 0) return STYLE_IDS.marked;
  const names = classes.join(' ');
  return CODE_STYLES.find(({ pattern }) => pattern.test(names))?.id;
}

function codeRun(run: CodeRun, isFirst: boolean): TextRun {
  const style = styleOf(run);
  const isBold = run.marks.some(({ tagName }) => tagName === 'strong' || tagName === 'b');
  return new TextRun({
    text: cleanText(run.text),
    ...(style === undefined ? {} : { style }),
    ...(isBold ? { bold: true } : {}),
    ...(isFirst ? { break: 1 } : {}),
  });
}

/** A block of no more lines than this stays on one page. */
const KEPT_LINES = 18;

/** A block of code as one paragraph, its words coloured by styles. */
export function codeBlock(pre: Element, context: DocxContext, indent: number): Paragraph {
  const block = readCodeBlock(pre);
  const { lines } = highlightCode(block?.source ?? plainText(pre.children), block?.language, block?.marker);
  const children = lines.flatMap((runs, line) =>
    runs.length === 0
      ? [new TextRun(line > 0 ? { break: 1 } : {})]
      : runs.map((run, index) => codeRun(run, line > 0 && index === 0)),
  );
  return new Paragraph({
    style: STYLE_IDS.code,
    ...(indent > 0 ? { indent: { left: indent } } : {}),
    ...(lines.length <= KEPT_LINES ? { keepLines: true } : {}),
    children: marked(idOf(pre), children, context),
  });
}
