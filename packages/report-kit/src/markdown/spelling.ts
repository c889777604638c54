import { decodeString } from 'micromark-util-decode-string';
import type { Event } from 'micromark-util-types';
import { findCost } from './cost.ts';
import { parseEvents, rangeOf } from './events.ts';

/** One stretch of an annotated text, in LanguageTool's form: text to check, or markup with what it stands for. */
export type Annotation =
  { readonly text: string } | { readonly markup: string; readonly interpretAs?: string };

const TEXT = new Set(['data', 'characterEscapeValue']);
/** Inside these nothing is prose. */
const SILENT = new Set([
  'resourceDestination',
  'definition',
  'reference',
  'codeFenced',
  'htmlFlow',
  'htmlText',
  'mathFlow',
  'attributeList',
  'yaml',
  'todoMark',
  'taskListCheck',
]);
/** A word that stands where code, a formula or a variable is read aloud, so that the sentence stays whole. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  codeText: 'code',
  mathText: 'x',
  dollarMath: 'x',
  templateVariable: 'value',
  autolink: 'link',
};
/** What stands before and behind these: without it the last word of a cell and the first of the next would be one. */
const APART: Readonly<Record<string, readonly [string, string]>> = {
  tableData: ['', '\n\n'],
  tableHeader: ['', '\n\n'],
  resourceTitle: ['\n\n', '\n\n'],
  inlineNote: [' (', ')'],
};
const BLOCKS = new Set(['lineEndingBlank', 'paragraph', 'atxHeading', 'setextHeading', 'table', 'tableRow']);

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly text?: true;
  readonly interpretAs?: string;
}

function piecesOf(source: string, events: readonly Event[]): Piece[] {
  const pieces: Piece[] = [];
  let silent = 0;
  for (const event of events) {
    const [phase, token] = event;
    const { type } = token;
    const range = rangeOf(event);
    if (phase === 'enter') {
      const word = STANDS_FOR[type];
      const before = APART[type]?.[0] ?? '';
      if (silent === 0 && before !== '')
        pieces.push({ from: range.from, to: range.from, interpretAs: before });
      if (silent === 0 && word !== undefined) pieces.push({ ...range, interpretAs: word });
      if (silent === 0 && TEXT.has(type)) pieces.push({ ...range, text: true });
      if (silent === 0 && type === 'lineEnding') pieces.push({ ...range, interpretAs: '\n' });
      if (silent === 0 && type === 'characterReference')
        pieces.push({ ...range, interpretAs: decodeString(source.slice(range.from, range.to)) });
      if (SILENT.has(type) || word !== undefined) silent += 1;
    } else {
      if (SILENT.has(type) || STANDS_FOR[type] !== undefined) silent -= 1;
      const behind = APART[type]?.[1] ?? '';
      if (silent === 0 && behind !== '') pieces.push({ from: range.to, to: range.to, interpretAs: behind });
      if (silent === 0 && BLOCKS.has(type))
        pieces.push({ from: range.to, to: range.to, interpretAs: '\n\n' });
    }
  }
  return pieces;
}

/**
 * A text for the spell checker. The stretches put together are the text itself, so that a match's offset is an offset into
 * the source; only prose is in `text`.
 */
export function annotateMarkdown(source: string): Annotation[] {
  if (findCost(source) !== undefined) return [{ markup: source }];
  const annotations: Annotation[] = [];
  let at = 0;
  let pending = '';
  const flush = (to: number): void => {
    if (to > at || pending !== '')
      annotations.push({
        markup: source.slice(at, to),
        ...(pending === '' ? {} : { interpretAs: pending }),
      });
    at = Math.max(at, to);
    pending = '';
  };
  for (const piece of piecesOf(source, parseEvents(source))) {
    if (piece.from < at) continue;
    if (piece.text) {
      if (piece.from > at || pending !== '') flush(piece.from);
      if (piece.to > piece.from) annotations.push({ text: source.slice(piece.from, piece.to) });
      at = piece.to;
    } else {
      const word = piece.interpretAs ?? '';
      pending = word;
      flush(piece.to);
    }
  }
  flush(source.length);
  return annotations;
}
