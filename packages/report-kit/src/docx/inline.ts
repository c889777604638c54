import type { Element, ElementContent } from 'hast';
import {
  ExternalHyperlink,
  FootnoteReferenceRun,
  ImageRun,
  InternalHyperlink,
  Paragraph,
  SimpleField,
  TextRun,
} from 'docx';
import type { ParagraphChild } from 'docx';
import { hasClass, idOf, plainText } from '../markdown/index.ts';
import { bookmarkName, marked, waitingMarks } from './context.ts';
import type { DocxContext } from './context.ts';
import { formulaOf } from './maths.ts';
import { roomInPx } from './page.ts';
import { STYLE_IDS } from './styles.ts';
import { cleanText, textRuns } from './text.ts';
import type { Marks } from './text.ts';

const MARKS: Readonly<Record<string, Marks>> = {
  b: { bold: true },
  strong: { bold: true },
  i: { italics: true },
  em: { italics: true },
  cite: { italics: true },
  dfn: { italics: true },
  var: { italics: true },
  u: { underline: { type: 'single' } },
  ins: { underline: { type: 'single' } },
  s: { strike: true },
  del: { strike: true },
  strike: { strike: true },
  sub: { subScript: true },
  sup: { superScript: true },
  small: { style: STYLE_IDS.small },
  code: { style: STYLE_IDS.codeWords },
  kbd: { style: STYLE_IDS.codeWords },
  samp: { style: STYLE_IDS.codeWords },
  tt: { style: STYLE_IDS.codeWords },
  mark: { style: STYLE_IDS.marked },
};

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

function lengthInPx(value: string, whole: number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(px|pt|mm|cm|in|%|em|rem)$/.exec(value);
  const perUnit: Readonly<Record<string, number>> = {
    px: 1,
    pt: 96 / 72,
    mm: 96 / 25.4,
    cm: 96 / 2.54,
    in: 96,
    '%': whole / 100,
    em: 14,
    rem: 14,
  };
  const unit = perUnit[match?.[2] ?? ''];
  return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}

/** A picture at the width that its text asks for, never wider or higher than the page. */
export function imageRun(element: Element, context: DocxContext): ImageRun | undefined {
  const address = String(element.properties.src ?? '');
  const image = context.images.get(address);
  if (!image) return undefined;
  const style = String(element.properties.style ?? '');
  const { roomPx } = context;
  const asked = lengthInPx(/(?:^|;\s*)width:\s*([^;]+)/.exec(style)?.[1]?.trim() ?? '', roomPx);
  const width = Math.min(asked ?? image.widthPx, roomPx);
  const scale = Math.min(width / image.widthPx, roomInPx(context.room).heightPx / image.heightPx);
  const alt = cleanText(String(element.properties.alt ?? ''));
  const name = alt.slice(0, 100) || context.labels.figure;
  const pixels = { type: image.type, data: image.bytes } as const;
  return new ImageRun({
    ...(image.vector === undefined ? pixels : { type: 'svg' as const, data: image.vector, fallback: pixels }),
    transformation: {
      width: Math.max(1, Math.round(image.widthPx * scale)),
      height: Math.max(1, Math.round(image.heightPx * scale)),
    },
    altText: { name, title: alt.slice(0, 100), description: alt },
  });
}

function footnote(element: Element, context: DocxContext, isInside: boolean): ParagraphChild[] {
  // Word has no footnotes within footnotes.
  if (isInside)
    return [new TextRun(' ('), ...inlineRuns(element.children, context, {}, true), new TextRun(')')];
  const number = Object.keys(context.footnotes).length + 1;
  context.footnotes[String(number)] = { children: [] };
  const runs = inlineRuns(element.children, context, {}, true);
  context.footnotes[String(number)] = {
    children: [new Paragraph({ style: 'FootnoteText', children: runs })],
  };
  return [new FootnoteReferenceRun(number)];
}

function link(element: Element, context: DocxContext, marks: Marks, isInside: boolean): ParagraphChild[] {
  const href = String(element.properties.href ?? '');
  const isEmpty = plainText(element.children).trim() === '';
  if (href.startsWith('#') && href.length > 1) {
    const id = href.slice(1);
    const named = context.names.get(id);
    if (named === undefined)
      return isEmpty ? textRuns(id, marks) : inlineRuns(element.children, context, marks, isInside);
    const anchor = bookmarkName(context, id);
    // Word counts figures and tables anew when something is put between them, and their references with them.
    if (isEmpty && named.isWhole) return [new SimpleField(`REF ${anchor} \\h`, cleanText(named.text))];
    const children = isEmpty
      ? textRuns(named.text, marks)
      : inlineRuns(element.children, context, marks, isInside);
    return [new InternalHyperlink({ anchor, children })];
  }
  const isAddress = /^(?:https?|mailto|tel|ftps?):/i.test(href);
  const style = isAddress ? { ...marks, style: 'Hyperlink' } : marks;
  const children = isEmpty ? textRuns(href, style) : inlineRuns(element.children, context, style, isInside);
  return isAddress ? [addressLink(href, children)] : children;
}

/** A link to the outside. */
export function addressLink(address: string, children: readonly ParagraphChild[]): ExternalHyperlink {
  return new ExternalHyperlink({ link: encodeURI(decodeSafely(address)), children });
}

function decodeSafely(address: string): string {
  try {
    return decodeURI(address);
  } catch {
    return address;
  }
}

function elementRuns(
  element: Element,
  context: DocxContext,
  marks: Marks,
  isInside: boolean,
): ParagraphChild[] {
  switch (element.tagName) {
    case 'br':
      return [new TextRun({ break: 1 })];
    case 'a':
      return link(element, context, marks, isInside);
    case 'img': {
      const run = imageRun(element, context);
      return run ? [run] : textRuns(String(element.properties.alt ?? ''), marks);
    }
    case 'footnote':
      return footnote(element, context, isInside);
    case 'math-latex':
      return [formulaOf(element)];
    case 'input':
      return [new TextRun(element.properties.checked === true ? '☒' : '☐')];
    case 'q':
      return [
        ...textRuns('“', marks),
        ...inlineRuns(element.children, context, marks, isInside),
        ...textRuns('”', marks),
      ];
    default: {
      const own = hasClass(element, 'todo') ? { style: STYLE_IDS.todo } : MARKS[element.tagName];
      return inlineRuns(element.children, context, { ...marks, ...own }, isInside);
    }
  }
}

/** Inline content as runs of a paragraph; ids become bookmarks. */
export function inlineRuns(
  nodes: readonly ElementContent[],
  context: DocxContext,
  marks: Marks = {},
  isInside = false,
): ParagraphChild[] {
  const runs: ParagraphChild[] = isInside ? [] : waitingMarks(context);
  for (const node of nodes) {
    if (node.type === 'text') {
      runs.push(...textRuns(oneLine(node.value), marks));
    } else if (node.type === 'element') {
      const made = elementRuns(node, context, marks, isInside);
      const id = idOf(node);
      runs.push(...marked(id, made, context));
    }
  }
  return runs;
}
