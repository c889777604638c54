import type { Element, Root } from 'hast';
import type { Root as MarkdownRoot } from 'mdast';
import type { Message } from '../message.ts';
import { arrangeTree, isTooDeep, MAX_DEPTH } from './arrange.ts';
import { replaceComponents } from './components.ts';
import { findCost, MAX_MARKS } from './cost.ts';
import { finishTree } from './finish.ts';
import type { Findings, MarkdownOptions } from './finish.ts';
import { parseTree } from './parse.ts';
import { readProse } from './prose.ts';
import { takeRefused } from './refused.ts';
import { sanitizeTree } from './sanitize.ts';
import { toHtmlTree } from './tree.ts';

/** A text as a sanitised tree of HTML elements: what HTML, PDF and DOCX are all made from. */
export interface MarkdownDocument extends Readonly<Findings> {
  readonly tree: Root;
}

const MAX_LENGTH = 5_000_000;
/** Each level of a list is two elements. */
const MAX_HTML_DEPTH = 3 * MAX_DEPTH;
/** Text that cannot be read as Markdown is still shown: as it is. */
function asPlain(text: string, message: Message): MarkdownDocument {
  const code: Element = {
    type: 'element',
    tagName: 'code',
    properties: {},
    children: [{ type: 'text', value: text.slice(0, MAX_LENGTH) }],
  };
  const pre: Element = { type: 'element', tagName: 'pre', properties: {}, children: [code] };
  const tree: Root = { type: 'root', children: [pre] };
  return { tree, messages: [message], anchors: [], references: [], images: [], todos: 0 };
}

const tooDeep = (text: string): MarkdownDocument =>
  asPlain(text, {
    level: 'error',
    code: 'text-too-deep',
    text: `Lists, quotes, marks or elements lie more than ${MAX_DEPTH} deep in one another, so the Markdown was not read: close what is open, or put the text in a code block.`,
  });

/** The sanitised tree; undefined when raw HTML nests so deep that no parser or writer can walk it: `<div>` 50,000 times. */
function htmlTree(parsed: MarkdownRoot, hasLines: boolean): Root | undefined {
  try {
    const dirty = toHtmlTree(arrangeTree(parsed), hasLines);
    if (isTooDeep(dirty, MAX_HTML_DEPTH)) return undefined;
    replaceComponents(dirty);
    return sanitizeTree(dirty);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Reads a text. Never throws on any text: what cannot be shown is reported in `messages`. */
export function readMarkdown(text: string, options: MarkdownOptions = {}): MarkdownDocument {
  const maxLength = Math.min(options.maxLength ?? 500_000, MAX_LENGTH);
  if (text.length > maxLength)
    return asPlain(text, {
      level: 'error',
      code: 'text-too-long',
      text: `The text has ${text.length} characters and ${maxLength} are allowed, so its Markdown was not read: split it.`,
    });
  const prose = options.hasLines === true ? undefined : readProse(text);
  if (prose) return { tree: prose, messages: [], anchors: [], references: [], images: [], todos: 0 };
  const cost = findCost(text);
  if (cost?.what === 'marks')
    return asPlain(text, {
      level: 'error',
      code: 'text-too-tangled',
      text: `A paragraph holds more than ${MAX_MARKS} marks (* _ ~ [ ]), so the Markdown was not read: put it in a code block or split it.`,
      ...(cost.line === undefined ? {} : { location: { line: cost.line } }),
    });
  const parsed = cost === undefined ? parseTree(text) : undefined;
  if (parsed === undefined || isTooDeep(parsed)) return tooDeep(text);
  const refused = takeRefused(parsed);
  const tree = htmlTree(parsed, options.hasLines === true);
  if (!tree) return tooDeep(text);
  const found = finishTree(tree, options);
  return { ...found, messages: [...refused, ...found.messages], tree };
}
