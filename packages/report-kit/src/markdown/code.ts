import type { Element, ElementContent, RootContent } from 'hast';
import { fromHtml } from 'hast-util-from-html';
import { all, createLowlight } from 'lowlight';
import { sanitizeTree } from './sanitize.ts';

/** A stretch of code that looks the same: `classes` are highlight.js's, `marks` the elements that a tester put around it. */
export interface CodeRun {
  readonly text: string;
  readonly classes: readonly string[];
  readonly marks: readonly Element[];
}

/** Longer code stays without colours, in UTF-16 units: highlighting it would hold up everything else. */
export const MAX_HIGHLIGHT_LENGTH = 200_000;

const lowlight = createLowlight(all);

interface MarkedCode {
  readonly text: string;
  /** Sorted by `from`; each goes to the next one's `from`. */
  readonly spans: readonly { readonly from: number; readonly marks: readonly Element[] }[];
  readonly isUnclosed: boolean;
}

function markElement(html: string): Element | undefined {
  const first = sanitizeTree(fromHtml(html, { fragment: true })).children[0];
  return first?.type === 'element' ? { ...first, children: [] } : undefined;
}

/** Takes the markers out of a code block: `§§…§§` marks, `§<b>§…§</b>§` wraps in an element of the tester's choice. */
function readMarks(source: string, marker: string): MarkedCode {
  const m = marker.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = new RegExp(`${m}${m}|${m}(<[^<>\n]{1,300}>)${m}`, 'gu');
  const spans: { from: number; marks: readonly Element[] }[] = [{ from: 0, marks: [] }];
  let stack: Element[] = [];
  let isMarking = false;
  let text = '';
  let at = 0;
  for (const match of source.matchAll(pattern)) {
    text += source.slice(at, match.index);
    at = match.index + match[0].length;
    const tag = match[1];
    if (tag === undefined) {
      isMarking = !isMarking;
      const mark: Element = { type: 'element', tagName: 'mark', properties: {}, children: [] };
      stack = isMarking ? [...stack, mark] : stack.filter(({ tagName }) => tagName !== 'mark');
    } else if (tag.startsWith('</')) stack = stack.slice(0, -1);
    else {
      const element = markElement(tag);
      stack = [...stack, element ?? { type: 'element', tagName: 'span', properties: {}, children: [] }];
    }
    spans.push({ from: text.length, marks: stack });
  }
  return { text: text + source.slice(at), spans, isUnclosed: stack.length > 0 };
}

interface StyledText {
  readonly text: string;
  readonly classes: readonly string[];
}

function flatten(
  nodes: readonly RootContent[],
  classes: readonly string[],
  into: StyledText[],
): StyledText[] {
  for (const node of nodes)
    if (node.type === 'text') into.push({ text: node.value, classes });
    else if (node.type === 'element') {
      const own = [node.properties.className ?? []].flat().map(String);
      flatten(node.children, own.length > 0 ? [...classes, own.join(' ')] : classes, into);
    }
  return into;
}

function colour(text: string, language: string | undefined): StyledText[] {
  const isKnown = language !== undefined && lowlight.registered(language);
  if (!isKnown || text.length > MAX_HIGHLIGHT_LENGTH) return [{ text, classes: [] }];
  return flatten(lowlight.highlight(language, text).children, [], []);
}

/** Whether a language, by any of its names, can be highlighted. */
export const isKnownLanguage = (language: string): boolean => lowlight.registered(language);

/** Code as lines of runs, coloured by its language and marked by its markers; `marker` undefined means no markers. */
export function highlightCode(
  source: string,
  language: string | undefined,
  marker: string | undefined,
): { lines: CodeRun[][]; isUnclosed: boolean } {
  const marked =
    marker === undefined
      ? { text: source, spans: [{ from: 0, marks: [] }], isUnclosed: false }
      : readMarks(source, marker);
  let line: CodeRun[] = [];
  const lines = [line];
  let at = 0;
  let index = 0;
  for (const { text, classes } of colour(marked.text, language)) {
    let offset = 0;
    while (offset < text.length) {
      while ((marked.spans[index + 1]?.from ?? Infinity) <= at) index += 1;
      const untilMark = (marked.spans[index + 1]?.from ?? Infinity) - at;
      const newline = text.indexOf('\n', offset);
      const length = Math.min(text.length - offset, untilMark, newline < 0 ? Infinity : newline - offset);
      if (length > 0)
        line.push({
          text: text.slice(offset, offset + length),
          classes,
          marks: marked.spans[index]?.marks ?? [],
        });
      offset += length;
      at += length;
      if (offset === newline) {
        offset += 1;
        at += 1;
        line = [];
        lines.push(line);
      }
    }
  }
  if (line.length === 0 && lines.length > 1) lines.pop();
  return { lines, isUnclosed: marked.isUnclosed };
}

function wrap(run: CodeRun): ElementContent {
  let node: ElementContent = { type: 'text', value: run.text };
  for (const names of run.classes.toReversed())
    node = {
      type: 'element',
      tagName: 'span',
      properties: { className: names.split(' ') },
      children: [node],
    };
  for (const mark of run.marks.toReversed()) node = { ...mark, children: [node] };
  return node;
}

/** The content of a `<code>` block: one `span.code-block-line` for each line. */
export function codeContent(lines: readonly (readonly CodeRun[])[]): ElementContent[] {
  return lines.map((runs, index): Element => {
    const children = runs.map(wrap);
    children.push({ type: 'text', value: '\n' });
    const properties = { className: ['code-block-line'], dataLineNumber: String(index + 1) };
    return { type: 'element', tagName: 'span', properties, children };
  });
}
