import { inflateSync } from 'node:zlib';
import { packed } from './body.ts';
import type { PdfSource } from './source.ts';

const PATH = new Set(['m', 'l', 'c', 'v', 'y', 'h', 're']);
const PAINT = new Set(['f', 'F', 'f*', 'S', 's', 'B', 'B*', 'b', 'b*']);
const BEGIN = '/Artifact BMC';

const operatorOf = (line: string): string => line.slice(line.lastIndexOf(' ') + 1);

/** Begin or end of what a tag marks, at the end of its line. */
const TAG = /\bB[DM]C(?=\n|$)|\bEMC(?=\n|$)/g;

/** Stretches of whole lines that stand in no tag. Other spellings of a text (`/ActualText`) are no tag, but stand within one. */
function* betweenTags(content: string): Generator<readonly [from: number, to: number]> {
  let depth = 0;
  let from = 0;
  let spellings = 0;
  for (const { 0: operator, index } of content.matchAll(TAG)) {
    if (operator === 'EMC') {
      if (depth === 0 && spellings > 0) spellings -= 1;
      else {
        depth -= 1;
        if (depth === 0) from = index + operator.length + 1;
      }
      continue;
    }
    const begins = content.lastIndexOf('\n', index) + 1;
    if (depth === 0 && content.startsWith('/Span<</ActualText', begins)) spellings += 1;
    else {
      if (depth === 0) yield [from, begins];
      depth += 1;
    }
  }
  if (depth === 0 && from < content.length) yield [from, content.length];
}

/** Where drawing begins and ends, by line; Chromium writes an operator on each. */
function drawings(lines: readonly string[]): (readonly [from: number, to: number])[] {
  const found: (readonly [number, number])[] = [];
  let path = -1;
  let text = -1;
  for (const [index, line] of lines.entries()) {
    const operator = operatorOf(line);
    if (operator === 'BT') text = index;
    else if (operator === 'ET' && text >= 0) found.push([text, index]);
    else if (operator === 'Do' || operator === 'sh') found.push([index, index]);
    else if (PATH.has(operator)) path = path < 0 ? index : path;
    else if (operator === 'n') path = -1;
    else if (PAINT.has(operator)) {
      found.push([path < 0 ? index : path, index]);
      path = -1;
    }
  }
  return found;
}

/** Whether nothing between two stretches opens or closes a state of its own, so that one mark can hold both. */
const isJoined = (lines: readonly string[]): boolean =>
  lines.length < 8 && lines.every(line => !/(?:^| )(?:q|Q|cm|BDC|BMC|EMC|W\*?)$/.test(line));

/** Neighbours become one: a text that is drawn in two goes stays one text for those who read it. */
function joined(
  found: readonly (readonly [number, number])[],
  lines: readonly string[],
): (readonly [number, number])[] {
  const kept: (readonly [number, number])[] = [];
  for (const next of found) {
    const last = kept.at(-1);
    if (last && isJoined(lines.slice(last[1] + 1, next[0]))) kept[kept.length - 1] = [last[0], next[1]];
    else kept.push(next);
  }
  return kept;
}

function markLines(lines: readonly string[]): readonly string[] {
  const found = joined(drawings(lines), lines);
  if (found.length === 0) return lines;
  const marked: string[] = [];
  let at = 0;
  for (const [from, to] of found) {
    marked.push(...lines.slice(at, from), BEGIN, ...lines.slice(from, to + 1), 'EMC');
    at = to + 1;
  }
  return [...marked, ...lines.slice(at)];
}

/** Marks backgrounds, rules and whatever else has no meaning as artifacts (PDF 1.7 §14.8.2.2): screen readers skip them. */
export function markArtifacts(content: string): string {
  const pieces: string[] = [];
  let at = 0;
  for (const [from, to] of betweenTags(content)) {
    const lines = content.slice(from, to).split('\n');
    const marked = markLines(lines);
    if (marked === lines) continue;
    pieces.push(content.slice(at, from), marked.join('\n'));
    at = to;
  }
  return at === 0 ? content : pieces.join('') + content.slice(at);
}

/** Whether a text is shown with glyph 0, which stands for characters that no font has. */
function hasMissingGlyph(source: PdfSource, content: string): boolean {
  let codeLength = 4;
  for (const [, font, codes = ''] of content.matchAll(/\/F(\d+) [-\d.]+ Tf|<([0-9A-Fa-f]+)> Tj/g))
    // Chromium names fonts after their objects; those that it draws itself have codes of one byte.
    if (font !== undefined) codeLength = source.read(Number(font)).text.includes('/Subtype /Type3') ? 2 : 4;
    else
      for (let at = codes.indexOf('00'); at >= 0; at = codes.indexOf('00', at + 1))
        if (at % codeLength === 0 && (codeLength === 2 || codes.startsWith('0000', at))) return true;
  return false;
}

/** Does so in a page's content, in place; returns whether it shows a character that no font has. */
export function markPage(source: PdfSource, page: string): boolean {
  const number = Number(/\/Contents (\d+) 0 R/.exec(page)?.[1] ?? 0);
  const { text, stream } = source.read(number);
  if (!stream) return false;
  // Chromium does not pack what is a few lines long.
  const isPacked = text.includes('/FlateDecode');
  const content = (isPacked ? inflateSync(stream) : Buffer.from(stream)).toString('latin1');
  const marked = markArtifacts(content);
  const isMissing = hasMissingGlyph(source, content);
  if (marked === content) return isMissing;
  const plain = Buffer.from(marked, 'latin1');
  const bytes = isPacked ? packed(plain) : plain;
  source.change(number, {
    text: text.replace(/\/Length \d+/, `/Length ${bytes.length}`),
    stream: bytes,
  });
  return isMissing;
}
