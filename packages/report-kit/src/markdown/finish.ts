import type { Element, ElementContent, Root, RootContent, Text } from 'hast';
import type { Message } from '../message.ts';
import type { VariableResolver } from './variables.ts';

/** What a text is read against. */
export interface MarkdownOptions {
  /** Gives template variables their value; without it they stay as they were written. */
  readonly resolveVariable?: VariableResolver;
  /** The title shown for `[](#id)`; undefined leaves the link empty, for the design to number. */
  readonly resolveReference?: (id: string) => string | undefined;
  /** Whether pictures from other hosts stay; by default they are taken out, since showing them tells that host who reads. */
  readonly hasRemoteImages?: boolean;
  /** Marks each block with the line it comes from (`data-line`), for previews that scroll with the editor. */
  readonly hasLines?: boolean;
  /** Longest text that is read, in UTF-16 units. */
  readonly maxLength?: number;
}

/** What was met on the way through a text. */
export interface Findings {
  readonly messages: Message[];
  /** Identifiers that can be referred to, in order. */
  readonly anchors: string[];
  /** Identifiers that the text refers to. */
  readonly references: string[];
  /** Addresses of the pictures in it. */
  readonly images: string[];
  todos: number;
}

const VERBATIM: ReadonlySet<string> = new Set([
  'pre',
  'code',
  'math-latex',
  'mermaid-diagram',
  'kbd',
  'samp',
]);
const INLINE = /\{\{([^{}\n]{1,500})\}\}|(?<![\p{L}\p{N}_-])(?:TODO|ToDo|To-Do|TO-DO)(?![\p{L}\p{N}_-])/gu;

const hasClass = (element: Element, name: string): boolean =>
  Array.isArray(element.properties.className) && element.properties.className.includes(name);

function span(className: string, value: string, properties: Element['properties'] = {}): Element {
  return {
    type: 'element',
    tagName: 'span',
    properties: { className: [className], ...properties },
    children: [{ type: 'text', value }],
  };
}

/** Marks and variables inside raw HTML, which the Markdown parser does not look into. */
function splitText(node: Text): ElementContent[] {
  const parts: ElementContent[] = [];
  let at = 0;
  for (const match of node.value.matchAll(INLINE)) {
    if (match.index > at) parts.push({ type: 'text', value: node.value.slice(at, match.index) });
    const path = match[1]?.trim();
    parts.push(
      path === undefined
        ? span('todo', match[0])
        : span('template-variable', match[0], { dataVariable: path }),
    );
    at = match.index + match[0].length;
  }
  if (at === 0) return [node];
  if (at < node.value.length) parts.push({ type: 'text', value: node.value.slice(at) });
  return parts;
}

function finishVariable(element: Element, options: MarkdownOptions, found: Findings): void {
  const path = String(element.properties.dataVariable ?? '');
  if (!options.resolveVariable) return;
  const value = options.resolveVariable(path);
  if (value !== undefined) element.children = [{ type: 'text', value }];
  else
    found.messages.push({
      level: 'warning',
      code: 'variable-unknown',
      text: `There is no variable “${path.slice(0, 100)}”: write the path of a field, such as {{ report.title }}.`,
    });
}

function finishLink(element: Element, options: MarkdownOptions, found: Findings): void {
  const href = String(element.properties.href ?? '');
  if (href.startsWith('#') && href.length > 1) {
    const id = href.slice(1);
    found.references.push(id);
    const isEmpty = element.children.every(child => child.type === 'text' && child.value.trim() === '');
    if (!isEmpty && !hasClass(element, 'ref')) return;
    const classes = [element.properties.className ?? []].flat().map(String);
    element.properties.className = [...new Set([...classes, 'ref'])];
    element.properties.dataRef = id;
    const title = isEmpty ? options.resolveReference?.(id) : undefined;
    if (title !== undefined) element.children = [{ type: 'text', value: title }];
  } else if (/^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(href)) {
    element.properties.target = '_blank';
    element.properties.rel = ['nofollow', 'noopener', 'noreferrer'];
  }
}

/** Leaves what the picture was to show in words. */
function leaveOut(image: Element): void {
  image.tagName = 'span';
  image.children = [{ type: 'text', value: String(image.properties.alt ?? '') }];
  image.properties = { className: ['image-refused'] };
}

function finishImage(element: Element, options: MarkdownOptions, found: Findings): void {
  const source = element.properties.src;
  const address = typeof source === 'string' ? source : '';
  const isRemote = /^\s*(?:https?:|\/\/|\\\\|\/\\)/i.test(address);
  if (isRemote && options.hasRemoteImages !== true) {
    leaveOut(element);
    found.messages.push({
      level: 'warning',
      code: 'image-remote',
      text: `The picture ${address.slice(0, 200)} lies on another host and is left out: upload it and use its name.`,
    });
  } else if (address === '') {
    leaveOut(element);
    found.messages.push({
      level: 'warning',
      code: 'image-refused',
      text: 'A picture has no address that may be used: upload it and write /images/name/ and its name.',
    });
  } else found.images.push(address);
}

function finishElement(element: Element, options: MarkdownOptions, found: Findings): void {
  const { id } = element.properties;
  if (typeof id === 'string') found.anchors.push(id);
  if (element.tagName === 'a') finishLink(element, options, found);
  else if (element.tagName === 'img') finishImage(element, options, found);
  else if (hasClass(element, 'template-variable')) finishVariable(element, options, found);
  if (hasClass(element, 'todo')) found.todos += 1;
}

function finishChildren<Node extends RootContent>(
  nodes: Node[],
  isVerbatim: boolean,
  options: MarkdownOptions,
  found: Findings,
): (Node | ElementContent)[] {
  const finished: (Node | ElementContent)[] = [];
  for (const node of nodes) {
    const parts = node.type === 'text' && !isVerbatim ? splitText(node) : [node];
    for (const part of parts) {
      if (part.type === 'element') {
        const isMark = hasClass(part, 'todo') || hasClass(part, 'template-variable');
        const isInner = isVerbatim || isMark || VERBATIM.has(part.tagName);
        part.children = finishChildren(part.children, isInner, options, found);
        finishElement(part, options, found);
      }
      finished.push(part);
    }
  }
  return finished;
}

/** Resolves references and variables and notes what can be referred to, in place. Wants a sanitised tree. */
export function finishTree(tree: Root, options: MarkdownOptions): Findings {
  const found: Findings = { messages: [], anchors: [], references: [], images: [], todos: 0 };
  tree.children = finishChildren(tree.children, false, options, found);
  return found;
}
