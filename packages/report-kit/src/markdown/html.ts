import type { Element, ElementContent, Root, RootContent } from 'hast';
import { toHtml } from 'hast-util-to-html';
import type { Message } from '../message.ts';
import { codeContent, highlightCode, isKnownLanguage, MAX_HIGHLIGHT_LENGTH } from './code.ts';
import { readMarkdown } from './document.ts';
import type { MarkdownDocument } from './document.ts';
import type { MarkdownOptions } from './finish.ts';
import { renderMaths } from './maths.ts';

/** A text as HTML that can go into any page or Vue template; see {@link renderMarkdown}. */
export interface RenderedMarkdown extends Omit<MarkdownDocument, 'tree'> {
  readonly html: string;
}

const textOf = (element: Element): string | undefined =>
  element.children.every(child => child.type === 'text')
    ? element.children.map(child => (child.type === 'text' ? child.value : '')).join('')
    : undefined;

/** The language, source and marker of a `<pre>`; undefined when it holds more than code as text. */
export function readCodeBlock(
  pre: Element,
): { code: Element; source: string; language: string | undefined; marker: string | undefined } | undefined {
  const [code] = pre.children;
  if (pre.children.length !== 1 || code?.type !== 'element' || code.tagName !== 'code') return undefined;
  const source = textOf(code);
  if (source === undefined) return undefined;
  const classes = [code.properties.className ?? []].flat().map(String);
  const language = classes.find(name => name.startsWith('language-'))?.slice('language-'.length);
  const marker = pre.properties.dataMarker;
  return { code, source, language, marker: typeof marker === 'string' && marker !== '' ? marker : undefined };
}

function decorateCode(pre: Element, messages: Message[]): void {
  const block = readCodeBlock(pre);
  if (!block) return;
  const { code, source, language, marker } = block;
  const { lines, isUnclosed } = highlightCode(source, language, marker);
  if (isUnclosed)
    messages.push({
      level: 'warning',
      code: 'mark-unclosed',
      text: 'A marked part of a code block has no end, so all that follows it is marked: close it with the same marker.',
    });
  if (source.length > MAX_HIGHLIGHT_LENGTH)
    messages.push({
      level: 'info',
      code: 'code-not-highlighted',
      text: `A code block is longer than ${MAX_HIGHLIGHT_LENGTH} characters and has no colours.`,
    });
  delete pre.properties.dataMarker;
  pre.properties.className = ['code-block', ...[pre.properties.className ?? []].flat().map(String)];
  if (language !== undefined && isKnownLanguage(language))
    code.properties.className = [...[code.properties.className ?? []].flat().map(String), 'hljs'];
  code.children = codeContent(lines);
}

function decorateMaths(element: Element, messages: Message[]): void {
  const tex = textOf(element) ?? '';
  const isDisplay = element.properties.dataDisplay === 'block';
  const math = renderMaths(tex, isDisplay);
  element.tagName = isDisplay ? 'div' : 'span';
  element.properties.className = [
    isDisplay ? 'math-display' : 'math-inline',
    ...[element.properties.className ?? []].flat().map(String),
  ];
  delete element.properties.dataDisplay;
  if (typeof math !== 'string') {
    element.children = [math];
    return;
  }
  element.properties.className.push('math-error');
  messages.push({
    level: 'warning',
    code: 'formula-invalid',
    text: `The formula ${tex.slice(0, 60)} is shown as it was written: ${math}.`,
  });
}

function decorate(nodes: (RootContent | ElementContent)[], messages: Message[]): void {
  for (const node of nodes) {
    if (node.type !== 'element') continue;
    if (node.tagName === 'math-latex') decorateMaths(node, messages);
    else if (node.tagName === 'mermaid-diagram') {
      // The page turns it into a picture; without a page, the source is what can be read.
      node.tagName = 'pre';
      node.properties.className = ['mermaid', ...[node.properties.className ?? []].flat().map(String)];
    } else if (node.tagName === 'pre') decorateCode(node, messages);
    else decorate(node.children, messages);
  }
}

/** Sanitised tree to text. Braces are written as character references, so that no template engine sees its own marks. */
export function writeHtml(tree: Root): string {
  return toHtml(tree).replaceAll('{', '&#x7B;').replaceAll('}', '&#x7D;');
}

/**
 * Markdown to sanitised HTML: nothing in the text can run, fetch from elsewhere, or reach a Vue template that the HTML is
 * put into. Never throws on any text.
 */
export function renderMarkdown(text: string, options: MarkdownOptions = {}): RenderedMarkdown {
  const { tree, ...found } = readMarkdown(text, options);
  const messages = [...found.messages];
  decorate(tree.children, messages);
  return { ...found, messages, html: writeHtml(tree) };
}
