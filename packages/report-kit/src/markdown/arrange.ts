import type {
  Image,
  ImageReference,
  Nodes,
  Paragraph,
  Parents,
  PhrasingContent,
  Root,
  RootContent,
  Text,
} from 'mdast';
import type { Data } from 'unist';
import './syntax-types.ts';
import type { AttributeList, Figure } from './syntax-types.ts';

const TAKES_ATTRIBUTES: ReadonlySet<string> = new Set([
  'link',
  'linkReference',
  'image',
  'imageReference',
  'emphasis',
  'strong',
  'delete',
  'inlineCode',
  'inlineMath',
  'inlineNote',
]);

function asText(node: AttributeList): Text {
  return { type: 'text', value: node.source, position: node.position };
}

function given({ attributes, position }: AttributeList): Data {
  const at = position?.start.offset;
  return at === undefined ? { attributes } : { attributes, attributesAt: at };
}

/** Gives each attribute list to the inline element in front of it, or to its heading; any other becomes text again. */
function giveAttributes(parent: Parents, following: readonly RootContent[]): void {
  if (!parent.children.some(child => child.type === 'attributeList')) return;
  const kept: RootContent[] = [];
  const last = parent.children.at(-1);
  for (const child of parent.children) {
    const before = kept.at(-1);
    if (child.type !== 'attributeList') {
      if (child.type === 'text' && before?.type === 'text') before.value += child.value;
      else kept.push(child);
    } else if (before && TAKES_ATTRIBUTES.has(before.type) && before.data?.attributes === undefined)
      before.data = { ...before.data, ...given(child) };
    else if (child === last && (parent.type === 'heading' || isCaption(parent, following))) {
      parent.data = { ...parent.data, ...given(child) };
      if (before?.type === 'text') before.value = before.value.trimEnd();
    } else if (before?.type === 'text') before.value += child.source;
    else kept.push(asText(child));
  }
  parent.children = kept as typeof parent.children;
}

const CAPTION = /^(?::|Table:)[ \t]+/;

function isCaption(node: Nodes, before: readonly RootContent[]): node is Paragraph {
  const first = node.type === 'paragraph' ? node.children[0] : undefined;
  return before.at(-1)?.type === 'table' && first?.type === 'text' && CAPTION.test(first.value);
}

type Picture = Image | ImageReference;
const isPicture = (node: PhrasingContent): node is Picture =>
  node.type === 'image' || node.type === 'imageReference';
const startsLine = (node: PhrasingContent | undefined): boolean =>
  node === undefined || node.type === 'break' || (node.type === 'text' && /(?:^|\n)[ \t]*$/.test(node.value));
const endsLine = (node: PhrasingContent | undefined): boolean =>
  node === undefined || node.type === 'break' || (node.type === 'text' && /^[ \t]*(?:\n|$)/.test(node.value));

/** Cuts a paragraph into text and figures: a picture that has its line to itself is a figure. */
function splitFigures(paragraph: Paragraph): (Paragraph | Figure)[] {
  if (!paragraph.children.some(isPicture)) return [paragraph];
  const parts: (Paragraph | Figure)[] = [];
  let text: PhrasingContent[] = [];
  const flush = (): void => {
    const first = text[0];
    const last = text.at(-1);
    if (first?.type === 'text') first.value = first.value.trimStart();
    if (last?.type === 'text') last.value = last.value.trimEnd();
    const isEmpty = text.every(node => node.type === 'break' || (node.type === 'text' && node.value === ''));
    if (!isEmpty) parts.push({ type: 'paragraph', children: text, position: paragraph.position });
    text = [];
  };
  const siblings = paragraph.children;
  const isAlone = (index: number): boolean => {
    const before = siblings[index - 1];
    const after = siblings[index + 1];
    return startsLine(before) && endsLine(after);
  };
  for (const [index, child] of siblings.entries()) {
    if (!isPicture(child) || !isAlone(index)) {
      text.push(child);
      continue;
    }
    flush();
    parts.push({ type: 'figure', children: [child], position: child.position });
  }
  flush();
  return parts;
}

function arrangeChildren(parent: Parents): void {
  const arranged: RootContent[] = [];
  for (const child of parent.children) {
    if ('children' in child) arrange(child, arranged);
    for (const caption of captionOf(child)) if ('children' in caption) arrange(caption, []);
    const before = arranged.at(-1);
    if (before?.type === 'table' && isCaption(child, arranged) && before.data?.caption === undefined) {
      const first = child.children[0];
      if (first?.type === 'text') first.value = first.value.replace(CAPTION, '');
      before.data = { ...before.data, ...child.data, caption: child.children };
    } else if (child.type === 'paragraph') arranged.push(...splitFigures(child));
    else if (child.type !== 'yaml') arranged.push(child);
  }
  parent.children = arranged as typeof parent.children;
}

function captionOf(node: Nodes): PhrasingContent[] {
  if (node.type !== 'image' && node.type !== 'imageReference') return [];
  const caption = node.data?.caption;
  if (!caption) return [];
  const holder: Paragraph = { type: 'paragraph', children: caption };
  giveAttributes(holder, []);
  node.data = { ...node.data, caption: holder.children };
  return holder.children;
}

function arrange(parent: Parents, before: readonly RootContent[]): void {
  giveAttributes(parent, before);
  arrangeChildren(parent);
}

/** Brings a parsed tree into the dialect's shape, in place: attributes given, figures and captions found, front matter gone. */
export function arrangeTree(tree: Root): Root {
  arrange(tree, []);
  return tree;
}

/** Blocks and marks inside one another; more is no text that a person wrote, and would overflow the stack. */
export const MAX_DEPTH = 200;

interface Node {
  readonly type: string;
  readonly children?: readonly Node[];
}

/** Whether a tree is deeper than allowed, and so may not be walked by the functions that follow. */
export function isTooDeep(tree: Node, maxDepth = MAX_DEPTH): boolean {
  let level: readonly Node[] = [tree];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    level = level.flatMap(node => node.children ?? []);
  }
  return false;
}
