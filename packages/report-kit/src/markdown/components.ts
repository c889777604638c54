import type { Element, ElementContent, Properties, Root, RootContent } from 'hast';
import { arrangeTree, isTooDeep } from './arrange.ts';
import { plainText } from './element.ts';
import { parseTree } from './parse.ts';
import { parseLength } from './style.ts';
import { toHtmlTree } from './tree.ts';

/** `<markdown text>` inside one another: a text of a text is enough. */
const MAX_TEXTS = 3;
const SIZED: ReadonlySet<string> = new Set(['img', 'a', 'mermaid-diagram']);

function attribute({ properties }: Element, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = properties[name];
    if (value !== undefined && value !== null) return String(value);
  }
  return undefined;
}

/** A width such as `8cm` is no number of pixels, which is all that an attribute can hold; and Word goes by the style as well. */
function moveSizes(element: Element): void {
  const style = [attribute(element, 'style') ?? ''].filter(text => text !== '');
  for (const name of ['width', 'height']) {
    const written = attribute(element, name);
    if (written === undefined) continue;
    const length = parseLength(written);
    // What the style says itself comes last, and so holds.
    if (length !== undefined) style.unshift(`${name}: ${length}`);
    delete element.properties[name];
  }
  if (style.length > 0) element.properties.style = style.join('; ');
}

const identified = (id: Properties['id']): Properties => (id === undefined ? {} : { id });

/** Formula or diagram: what stands in it, or its `text`, is source and no HTML. Gives what follows where it was never closed. */
function takeSource(element: Element): ElementContent[] {
  const text = attribute(element, 'text');
  const following = text === undefined ? [] : element.children;
  element.children = [{ type: 'text', value: text ?? plainText(element.children).trim() }];
  const display = attribute(element, 'displayMode', 'display-mode', 'displaymode');
  if (element.tagName === 'math-latex' && display !== undefined && display !== 'false')
    element.properties.dataDisplay = 'block';
  const caption = attribute(element, 'caption');
  if (element.tagName !== 'mermaid-diagram' || caption === undefined) return following;
  const { id, caption: _caption, text: _text, ...properties } = element.properties;
  const diagram: Element = { ...element, properties };
  element.tagName = 'figure';
  element.properties = { ...identified(id), className: ['diagram'] };
  element.children = [
    diagram,
    { type: 'element', tagName: 'figcaption', properties: {}, children: [{ type: 'text', value: caption }] },
  ];
  return following;
}

function takeText(element: Element, depth: number): ElementContent[] {
  const text = attribute(element, 'text');
  const tree = text === undefined || depth >= MAX_TEXTS ? undefined : parseTree(text);
  if (tree === undefined || isTooDeep(tree)) return [];
  const following = element.children;
  const { children } = toHtmlTree(arrangeTree(tree), false);
  element.tagName = 'div';
  element.properties = {};
  element.children = children.filter(node => node.type !== 'doctype');
  return following;
}

/** Gives what is to stand behind the element: a parser takes all that follows into one that was never closed. */
function replace(element: Element, depth: number): ElementContent[] {
  if (SIZED.has(element.tagName)) moveSizes(element);
  switch (element.tagName) {
    case 'ref': {
      const to = attribute(element, 'to') ?? '';
      element.tagName = 'a';
      element.properties = { href: `#${to.replace(/^#/, '')}`, className: ['ref'] };
      return [];
    }
    case 'pagebreak': {
      const following = element.children;
      element.tagName = 'div';
      element.properties = { className: ['pagebreak'] };
      element.children = [];
      return following;
    }
    case 'mermaid-diagram':
    case 'math-latex':
      return takeSource(element);
    case 'markdown':
      return takeText(element, depth);
    default:
      return [];
  }
}

const isBlock = (node: ElementContent): boolean =>
  node.type === 'element' &&
  (node.tagName === 'mermaid-diagram' ||
    node.tagName === 'figure' ||
    node.tagName === 'div' ||
    (node.tagName === 'math-latex' && node.properties.dataDisplay === 'block'));

/** A paragraph cannot hold a block, and an HTML parser knows none of ours: it ends before, and goes on behind. */
function splitParagraph(paragraph: Element): ElementContent[] {
  if (!paragraph.children.some(isBlock)) return [paragraph];
  const parts: ElementContent[] = [];
  let line: ElementContent[] = [];
  const flush = (): void => {
    if (plainText(line).trim() !== '' || line.some(node => node.type === 'element'))
      parts.push({ ...paragraph, children: line });
    line = [];
  };
  for (const node of paragraph.children)
    if (isBlock(node)) {
      flush();
      parts.push(node);
    } else line.push(node);
  flush();
  return parts;
}

function replaceIn<Node extends RootContent>(nodes: Node[], depth: number): (Node | ElementContent)[] {
  return nodes.flatMap((node): (Node | ElementContent)[] => {
    if (node.type !== 'element') return [node];
    const isText = node.tagName === 'markdown';
    const following = replaceIn(replace(node, depth), depth);
    node.children = replaceIn(node.children, depth + (isText ? 1 : 0));
    return [...(node.tagName === 'p' ? splitParagraph(node) : [node]), ...following];
  });
}

/** The dialect's own elements, written as HTML, become what the Markdown forms of them become. In place. */
export function replaceComponents(tree: Root): void {
  tree.children = replaceIn(tree.children, 0);
}
