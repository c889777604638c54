import { longestRun } from './required-run.ts';
import type { RequiredRun } from './required-run.ts';

/**
 * A part of a response that many templates look at. The first look builds a table of all 4-byte sequences in it; a word is
 * searched only when all of its sequences are there. One pass thus serves every word of every template that shares the part.
 */
export class PartView {
  readonly text: string;
  private grams: Uint32Array | undefined;
  private lower: PartView | undefined;
  private looks = 0;
  /** Longest runs by set of bytes. */
  private runs: Map<string, number> | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** The same part with ASCII and UTF-8 letters in lower case. */
  lowerCase(lowered: (text: string) => string): PartView {
    this.lower ??= viewOf(lowered(this.text));
    return this.lower;
  }

  /** True when the part holds the run that a pattern needs. */
  hasRun(run: RequiredRun): boolean {
    this.runs ??= new Map();
    let longest = this.runs.get(run.key);
    if (longest === undefined) {
      longest = longestRun(this.text, run.set, ENOUGH);
      if (this.runs.size < MAX_RUNS) this.runs.set(run.key, longest);
    }
    return longest >= Math.min(run.length, ENOUGH);
  }

  /** True when the word occurs, byte by byte. */
  includes(word: string): boolean {
    if (word.length > this.text.length) return false;
    if (word.length < 4 || this.text.length < MIN_INDEXED) return this.text.includes(word);
    this.looks += 1;
    if (this.grams === undefined) {
      if (this.looks <= LOOKS_BEFORE_INDEX) return this.text.includes(word);
      this.grams = gramTable(this.text);
    }
    const { grams } = this;
    for (const hash of gramsOf(word)) {
      if (((grams[hash >>> 5] ?? 0) & (1 << (hash & 31))) === 0) return false;
    }
    return this.text.includes(word);
  }
}

/** A run this long is as good as any longer one. */
const ENOUGH = 64;
const MAX_RUNS = 100;
const TABLE_BITS = 19;
const MIN_INDEXED = 1024;
/** Building the table costs as much as some tens of plain searches. */
const LOOKS_BEFORE_INDEX = 24;
const MAX_VIEWS = 24;
/** Characters of parts that are kept, whatever their number: answers may have 10 MB each. */
const MAX_KEPT = 32 * 1024 * 1024;
const MAX_WORDS = 200_000;
/** More sequences of a word than this add nothing to the verdict. */
const MAX_GRAMS = 12;

function gramTable(text: string): Uint32Array {
  const table = new Uint32Array((1 << TABLE_BITS) >>> 5);
  let window = (text.charCodeAt(0) << 16) | (text.charCodeAt(1) << 8) | text.charCodeAt(2);
  for (let index = 3; index < text.length; index += 1) {
    window = (window << 8) | text.charCodeAt(index);
    const hash = Math.imul(window, 0x9e3779b1) >>> (32 - TABLE_BITS);
    table[hash >>> 5] = (table[hash >>> 5] ?? 0) | (1 << (hash & 31));
  }
  return table;
}

const wordGrams = new Map<string, Uint32Array>();

function gramsOf(word: string): Uint32Array {
  const known = wordGrams.get(word);
  if (known !== undefined) return known;
  const hashes: number[] = [];
  for (let index = 3; index < word.length && hashes.length < MAX_GRAMS; index += 1) {
    const window =
      (word.charCodeAt(index - 3) << 24) |
      (word.charCodeAt(index - 2) << 16) |
      (word.charCodeAt(index - 1) << 8) |
      word.charCodeAt(index);
    hashes.push(Math.imul(window, 0x9e3779b1) >>> (32 - TABLE_BITS));
  }
  const made = Uint32Array.from(hashes);
  if (wordGrams.size >= MAX_WORDS) wordGrams.clear();
  wordGrams.set(word, made);
  return made;
}

const views: PartView[] = [];
/** Characters of all of them. */
let kept = 0;

/** The view of a part; the last few are kept, because the templates of one request ask for the same ones. */
export function viewOf(text: string): PartView {
  const at = views.findIndex(view => view.text.length === text.length && view.text === text);
  const known = views[at];
  if (known !== undefined) {
    if (at > 0) {
      views.splice(at, 1);
      views.unshift(known);
    }
    return known;
  }
  const made = new PartView(text);
  views.unshift(made);
  kept += text.length;
  while (views.length > MAX_VIEWS || (kept > MAX_KEPT && views.length > 2))
    kept -= views.pop()?.text.length ?? 0;
  return made;
}
