import type { Element, ElementContent } from 'hast';
import {
  Bookmark,
  ExternalHyperlink,
  FootnoteReferenceRun,
  ImageRun,
  InternalHyperlink,
  Paragraph,
  TextRun,
} from 'docx';
import type { IRunOptions, ParagraphChild } from 'docx';
import { hasClass, idOf, plainText, renderMaths } from '../markdown/index.ts';
import { bookmarkName } from './context.ts';
import type { DocxContext } from './context.ts';
import { wordFormula } from './maths.ts';
import { STYLE_IDS } from './styles.ts';

/** The width of the text in CSS pixels: A4 with margins of 25 mm. */
export const TEXT_WIDTH_PX = 605;
const MAX_HEIGHT_PX = 840;

type Marks = { -readonly [Key in keyof IRunOptions]: IRunOptions[Key] };

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
  small: { size: 17 },
  code: { style: STYLE_IDS.codeWords },
  kbd: { style: STYLE_IDS.codeWords },
  samp: { style: STYLE_IDS.codeWords },
  tt: { style: STYLE_IDS.codeWords },
  mark: { style: STYLE_IDS.marked },
};

/** XML cannot hold these characters at all. */
export const cleanText = (text: string): string =>
  text.toWellFormed().replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD');

function textRun(text: string, marks: Marks): TextRun {
  return new TextRun({ ...marks, text: cleanText(text.replaceAll(/\s*\n\s*/g, ' ')) });
}

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
  const asked = lengthInPx(/(?:^|;\s*)width:\s*([^;]+)/.exec(style)?.[1]?.trim() ?? '', TEXT_WIDTH_PX);
  const width = Math.min(asked ?? image.widthPx, TEXT_WIDTH_PX);
  const scale = Math.min(width / image.widthPx, MAX_HEIGHT_PX / image.heightPx);
  const alt = String(element.properties.alt ?? '');
  const pixels = { type: image.type, data: image.bytes } as const;
  return new ImageRun({
    ...(image.vector === undefined ? pixels : { type: 'svg' as const, data: image.vector, fallback: pixels }),
    transformation: {
      width: Math.max(1, Math.round(image.widthPx * scale)),
      height: Math.max(1, Math.round(image.heightPx * scale)),
    },
    altText: { name: alt.slice(0, 100), title: alt.slice(0, 100), description: alt },
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
    const name = context.names.get(id);
    const children = isEmpty
      ? [textRun(name ?? id, marks)]
      : inlineRuns(element.children, context, marks, isInside);
    return name === undefined
      ? children
      : [new InternalHyperlink({ anchor: bookmarkName(context, id), children })];
  }
  const isAddress = /^(?:https?|mailto|tel|ftps?):/i.test(href);
  const style = isAddress ? { ...marks, style: 'Hyperlink' } : marks;
  const children = isEmpty ? [textRun(href, style)] : inlineRuns(element.children, context, style, isInside);
  return isAddress ? [new ExternalHyperlink({ link: encodeURI(decodeSafely(href)), children })] : children;
}

function decodeSafely(address: string): string {
  try {
    return decodeURI(address);
  } catch {
    return address;
  }
}

function maths(element: Element): ParagraphChild[] {
  const tex = plainText(element.children);
  const math = renderMaths(tex, element.properties.dataDisplay === 'block');
  return typeof math === 'string' ? [textRun(tex, { style: STYLE_IDS.codeWords })] : [wordFormula(math)];
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
      return run ? [run] : [textRun(String(element.properties.alt ?? ''), marks)];
    }
    case 'footnote':
      return footnote(element, context, isInside);
    case 'math-latex':
      return maths(element);
    case 'input':
      return [new TextRun(element.properties.checked === true ? '☒' : '☐')];
    case 'q':
      return [
        textRun('“', marks),
        ...inlineRuns(element.children, context, marks, isInside),
        textRun('”', marks),
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
  const runs: ParagraphChild[] = [];
  for (const node of nodes) {
    if (node.type === 'text') {
      if (node.value !== '') runs.push(textRun(node.value, marks));
    } else if (node.type === 'element') {
      const made = elementRuns(node, context, marks, isInside);
      const id = idOf(node);
      if (id === undefined) runs.push(...made);
      else runs.push(new Bookmark({ id: bookmarkName(context, id), children: made }));
    }
  }
  return runs;
}
