import type { Html, Parents, Root, RootContent } from 'mdast';
import type { Message } from '../message.ts';
import { ALLOWED_ELEMENTS } from './sanitize.ts';

/** The elements that raw HTML may name: those that are allowed, and the dialect's own. */
export const KNOWN_ELEMENTS: ReadonlySet<string> = new Set([
  ...ALLOWED_ELEMENTS,
  'ref',
  'pagebreak',
  'template',
  'markdown',
]);
/** Nothing of these is meant to be read: where they are closed, they go with all that is in them. */
const SILENT: ReadonlySet<string> = new Set(['svg', 'math', 'style']);
/** In a line it is what the sentence is about; as a block of its own it is a pasted page's. */
const SILENT_BLOCKS: ReadonlySet<string> = new Set([...SILENT, 'script']);
const START = /<(?:(\/?)([a-z][^\s/>]{0,60})|!--|[!?])/gi;
const HANDLER = /\s(on[a-z]{2,30})\s*=/i;
const ADDRESS = /^\s*(?:javascript|vbscript|file|blob):/i;
const MAX_MESSAGES = 100;

/** Raw HTML in which what is no allowed element reads as it was written. */
export interface ShownHtml {
  readonly html: string;
  /** What is shown, by name. */
  readonly shown: readonly string[];
  /** What the sanitiser will take out with its content. */
  readonly dropped: readonly string[];
}

/** Writes `&lt;` where raw HTML begins something that is no allowed element: HTML would take all that follows into it. */
export function showRefused(html: string, isBlock: boolean): ShownHtml {
  const silent = isBlock ? SILENT_BLOCKS : SILENT;
  const lower = html.toLowerCase();
  const shown = new Set<string>();
  const dropped = new Set<string>();
  const unclosed = new Set<string>();
  let result = '';
  let at = 0;
  const keepTo = (end: number): void => {
    result += html.slice(at, end);
    at = end;
  };
  /** Where what begins here ends; once there is no end, there is none further on either. */
  const endOf = (name: string, close: string, from: number): number | undefined => {
    const end = unclosed.has(name) ? -1 : lower.indexOf(close, from);
    if (end >= 0) return Math.max(lower.indexOf('>', end) + 1, end + close.length);
    unclosed.add(name);
    return undefined;
  };
  for (const { 0: start, 1: slash, 2: written, index } of html.matchAll(START)) {
    if (index < at) continue;
    const name = written?.toLowerCase() ?? start;
    if (KNOWN_ELEMENTS.has(name)) continue;
    const empty = start === '<!--' ? /^<!---?>/.exec(html.slice(index, index + 6))?.[0] : undefined;
    if (empty !== undefined) {
      keepTo(index + empty.length);
      continue;
    }
    const isSilent = start === '<!--' || (slash === '' && silent.has(name));
    const end = isSilent
      ? endOf(name, start === '<!--' ? '-->' : `</${name}`, index + start.length)
      : undefined;
    if (end !== undefined) {
      keepTo(end);
      if (start !== '<!--') dropped.add(name);
      continue;
    }
    keepTo(index);
    result += '&lt;';
    at = index + 1;
    shown.add(written === undefined ? start : `<${name}>`);
  }
  keepTo(html.length);
  return { html: result, shown: [...shown], dropped: [...dropped] };
}

type Say = (level: 'warning' | 'info', code: string, text: string) => void;

const REMEDY = 'to show it as it is, put it in a code block';

function sayDropped(name: string, say: Say): void {
  const remedy =
    name === 'svg'
      ? 'save the drawing as a picture, upload it and write ![caption](/images/name/NAME)'
      : REMEDY;
  say('warning', 'markup-removed', `<${name}> is not allowed in text and was left out; ${remedy}.`);
}

function takeHtml(node: Html, isBlock: boolean, say: Say): RootContent {
  const { html, shown, dropped } = showRefused(node.value, isBlock);
  const handler = HANDLER.exec(node.value)?.[1];
  for (const name of dropped) sayDropped(name, say);
  if (handler !== undefined && shown.length === 0)
    say(
      'warning',
      'markup-removed',
      `The attribute ${handler} is not allowed in text and was left out; ${REMEDY}.`,
    );
  if (shown.length === 0) return node;
  if (!node.value.startsWith('</'))
    for (const what of shown)
      say(
        'info',
        'markup-shown',
        `${what} is no markup here and is shown as it was written; ${REMEDY.replace('show it as it is', 'keep its form')}.`,
      );
  return isBlock && html.trimStart().startsWith('&lt;')
    ? { type: 'code', lang: null, value: node.value, position: node.position }
    : { ...node, value: html };
}

/** Where, among the pieces of raw HTML in a line, a drawing that begins in one of them ends. */
function endsOfSilent(children: readonly RootContent[]): (name: string, after: number) => number | undefined {
  const known = new Map<string, number[]>();
  return (name, after) => {
    let ends = known.get(name);
    if (!ends) {
      ends = children.flatMap((child, index) =>
        child.type === 'html' && child.value.toLowerCase().startsWith(`</${name}`) ? [index] : [],
      );
      known.set(name, ends);
    }
    while (ends[0] !== undefined && ends[0] <= after) ends.shift();
    return ends[0];
  };
}

function takeChildren(parent: Parents, sayAt: (node: RootContent) => Say): void {
  const children = parent.children as RootContent[];
  const isBlock = parent.type !== 'paragraph' && parent.type !== 'heading' && parent.type !== 'tableCell';
  const endOf = endsOfSilent(children);
  let silentUntil = -1;
  for (const [index, child] of children.entries()) {
    if (child.type !== 'html' || index <= silentUntil) continue;
    const name = /^<([a-z]+)/i.exec(child.value)?.[1]?.toLowerCase() ?? '';
    const end = !isBlock && SILENT.has(name) ? endOf(name, index) : undefined;
    if (end === undefined) children[index] = takeHtml(child, isBlock, sayAt(child));
    else {
      silentUntil = end;
      sayDropped(name, sayAt(child));
    }
  }
}

/**
 * Shows raw HTML that is no allowed element as it was written, in place: a finding about `<script>` is to say `<script>`. Says
 * so, and which elements, attributes and addresses do not come through.
 */
export function takeRefused(tree: Root): Message[] {
  const messages: Message[] = [];
  const sayAt =
    (node: RootContent): Say =>
    (level, code, text) => {
      const line = node.position?.start.line;
      if (messages.length < MAX_MESSAGES)
        messages.push({ level, code, text, ...(line === undefined ? {} : { location: { line } }) });
    };
  const pending: (Root | RootContent)[] = [tree];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (
      (node.type === 'link' || node.type === 'image' || node.type === 'definition') &&
      ADDRESS.test(node.url)
    )
      sayAt(node)(
        'warning',
        'markup-removed',
        `The address ${node.url.slice(0, 60)} is not allowed in text and was left out; ${REMEDY}.`,
      );
    if (!('children' in node)) continue;
    takeChildren(node, sayAt);
    pending.push(...(node.children as RootContent[]).filter(child => child.type !== 'html'));
  }
  return messages.sort((a, b) => (a.location?.line ?? 0) - (b.location?.line ?? 0));
}
