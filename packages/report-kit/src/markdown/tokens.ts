import type { Nodes } from 'mdast';
import { arrangeTree, isTooDeep } from './arrange.ts';
import { findCost } from './cost.ts';
import { parseEvents, rangeOf } from './events.ts';
import { parseTree } from './parse.ts';

/** What an editor shows differently. `mark` is punctuation of the syntax itself. */
export type TokenKind =
  | 'mark'
  | 'heading'
  | 'emphasis'
  | 'strong'
  | 'strikethrough'
  | 'code'
  | 'code-language'
  | 'link'
  | 'url'
  | 'image'
  | 'quote'
  | 'list'
  | 'task'
  | 'table'
  | 'html'
  | 'math'
  | 'footnote'
  | 'attributes'
  | 'variable'
  | 'todo'
  | 'escape'
  | 'front-matter'
  | 'rule';

/** A stretch of source, in UTF-16 offsets; tokens nest and are sorted by `from`, outer ones first. */
export interface Token {
  readonly from: number;
  readonly to: number;
  readonly kind: TokenKind;
}

const KINDS: Readonly<Record<string, TokenKind>> = {
  atxHeading: 'heading',
  setextHeading: 'heading',
  atxHeadingSequence: 'mark',
  setextHeadingLineSequence: 'mark',
  emphasis: 'emphasis',
  emphasisSequence: 'mark',
  strong: 'strong',
  strongSequence: 'mark',
  strikethrough: 'strikethrough',
  strikethroughSequence: 'mark',
  codeText: 'code',
  codeTextSequence: 'mark',
  codeFenced: 'code',
  codeFencedFenceSequence: 'mark',
  codeFencedFenceInfo: 'code-language',
  codeFencedFenceMeta: 'attributes',
  link: 'link',
  labelMarker: 'mark',
  labelImageMarker: 'mark',
  resourceMarker: 'mark',
  resourceDestinationString: 'url',
  definitionDestinationString: 'url',
  definitionLabel: 'link',
  reference: 'url',
  autolink: 'link',
  autolinkMarker: 'mark',
  image: 'image',
  blockQuotePrefix: 'quote',
  listItemMarker: 'list',
  listItemValue: 'list',
  taskListCheck: 'task',
  table: 'table',
  tableDelimiterRow: 'mark',
  tableCellDivider: 'mark',
  htmlFlow: 'html',
  htmlText: 'html',
  mathFlow: 'math',
  mathText: 'math',
  dollarMath: 'math',
  inlineNote: 'footnote',
  inlineNoteMarker: 'mark',
  attributeList: 'attributes',
  templateVariable: 'variable',
  todoMark: 'todo',
  characterEscape: 'escape',
  characterReference: 'escape',
  hardBreakEscape: 'escape',
  yaml: 'front-matter',
  thematicBreak: 'rule',
};

function childrenOf(node: Nodes): Nodes[] {
  const caption =
    node.type === 'image' || node.type === 'imageReference' || node.type === 'table'
      ? node.data?.caption
      : undefined;
  return [...('children' in node ? node.children : []), ...(caption ?? [])];
}

function collect(tree: Nodes, offsetOf: (node: Nodes) => number | undefined): Set<number> {
  const offsets = new Set<number>();
  const pending: Nodes[] = [tree];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const at = offsetOf(node);
    if (at !== undefined) offsets.add(at);
    pending.push(...childrenOf(node));
  }
  return offsets;
}

/** Where attribute lists begin that belong to nothing and are therefore plain text. */
function plainLists(text: string): Set<number> {
  const tree = parseTree(text);
  const lists = collect(tree, node =>
    node.type === 'attributeList' ? node.position?.start.offset : undefined,
  );
  if (lists.size === 0 || isTooDeep(tree)) return lists;
  return lists.difference(collect(arrangeTree(tree), node => node.data?.attributesAt));
}

/** What an editor needs to highlight a text, from the parser that also draws it; nothing for a text that it refuses to read. */
export function tokenizeMarkdown(text: string): Token[] {
  if (findCost(text) !== undefined) return [];
  const plain = text.includes('{') ? plainLists(text) : new Set<number>();
  const tokens: Token[] = [];
  for (const event of parseEvents(text)) {
    if (event[0] !== 'enter') continue;
    const kind = KINDS[event[1].type];
    if (kind === undefined) continue;
    const range = rangeOf(event);
    if (kind === 'attributes' && plain.has(range.from)) continue;
    if (range.to > range.from) tokens.push({ ...range, kind });
  }
  return tokens.sort((a, b) => a.from - b.from || b.to - a.to);
}
