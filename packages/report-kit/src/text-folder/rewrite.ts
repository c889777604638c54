import { isSafeAddress, parseEvents, rangeOf, safeMarkup } from '../markdown/index.ts';
import type { VariableResolver } from '../markdown/index.ts';

/** How a text is fitted into a larger one. */
export interface RewriteOptions {
  /** Levels that headings are moved down by. */
  readonly headingOffset: number;
  /** The new address of a file (`/images/name/x.png`); undefined leaves it. */
  readonly moveFile: (address: string) => string | undefined;
  /** The words for an empty reference. */
  readonly nameOf: (id: string) => string | undefined;
  readonly resolveVariable?: VariableResolver | undefined;
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const ADDRESS = /\/(?:images|assets|files)\/name\/[^\s"'<>()]{1,1000}/g;
const EMPTY_REFERENCE = /^\[\s*\]\(#([^\s()]{1,200})\)$/;
/** `<ref to="id"/>`: what `[](#id)` is. */
const EMPTY_ELEMENT = /^<ref\s+to=["']#?([^"'\s]{1,200})["']\s*\/>$/;
const REMOTE_IMAGE = /^!\[[^\]]*\]\(\s*<?(?:https?:|\/\/)/i;
const ADDRESS_HOLDERS = new Set([
  'resourceDestinationString',
  'definitionDestinationString',
  'htmlText',
  'htmlFlow',
]);

/** Text that Markdown shows as it is. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll(/[\\`*_{}[\]<>|~$^&!]/g, String.raw`\$&`)
    .replaceAll(/^(\s*)([#+-])/gm, String.raw`$1\$2`)
    .replaceAll(/^(\s*\d+)([.)])/gm, String.raw`$1\$2`)
    .replaceAll(/\s*\n\s*/g, ' ');
}

/** An address or raw HTML as it may stand in a file that any viewer opens, with files at their new place. */
function safeHolder(type: string, text: string, options: RewriteOptions): string {
  const id = EMPTY_ELEMENT.exec(text)?.[1];
  if (id !== undefined) return `[${escapeMarkdown(options.nameOf(id) ?? id)}](#${id})`;
  const isMarkup = type === 'htmlText' || type === 'htmlFlow';
  const address = isSafeAddress(text) ? text : '#';
  return (isMarkup ? safeMarkup(text, type === 'htmlFlow') : address).replaceAll(
    ADDRESS,
    found => options.moveFile(found) ?? found,
  );
}

function editsOf(source: string, options: RewriteOptions): Edit[] {
  const edits: Edit[] = [];
  let isOpening = false;
  for (const event of parseEvents(source)) {
    const [phase, { type }] = event;
    if (phase !== 'enter') continue;
    const { from, to } = rangeOf(event);
    const text = source.slice(from, to);
    const add = (changed: string): void => {
      if (changed !== text) edits.push({ from, to, text: changed });
    };
    if (type === 'atxHeading') isOpening = true;
    else if (type === 'atxHeadingSequence' && isOpening) {
      isOpening = false;
      add('#'.repeat(Math.min(6, text.length + options.headingOffset)));
    } else if (type === 'setextHeading') {
      const lines = text.split(/\r?\n/);
      const level = lines.at(-1)?.trim().startsWith('=') === true ? 1 : 2;
      const words = lines
        .slice(0, -1)
        .map(line => line.trim())
        .join(' ');
      add(`${'#'.repeat(Math.min(6, level + options.headingOffset))} ${words}`);
    } else if (ADDRESS_HOLDERS.has(type)) add(safeHolder(type, text, options));
    else if (type === 'autolink') {
      if (!isSafeAddress(text.slice(1, -1))) add(escapeMarkdown(text));
    } else if (type === 'image') {
      // Showing it would tell the other host who reads: what it is called, and where it lies, stay.
      if (REMOTE_IMAGE.test(text)) edits.push({ from, to: from + 1, text: '' });
    } else if (type === 'link') {
      const id = EMPTY_REFERENCE.exec(text)?.[1];
      if (id !== undefined) add(`[${escapeMarkdown(options.nameOf(id) ?? id)}](#${id})`);
    } else if (type === 'templateVariable') {
      const value = options.resolveVariable?.(text.slice(2, -2).trim());
      if (value !== undefined) add(escapeMarkdown(value));
    }
  }
  return edits;
}

/** Fits a text into a larger one: headings moved down, files at their new place, references named, variables filled in. */
export function rewriteMarkdown(source: string, options: RewriteOptions): string {
  let result = '';
  let at = 0;
  for (const edit of editsOf(source, options).sort((a, b) => a.from - b.from || b.to - a.to)) {
    // An edit inside another one, such as an address in a heading that was rewritten whole.
    if (edit.from < at) continue;
    result += source.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + source.slice(at);
}
