import type { Code, Construct, Effects, State, Token, TokenizeContext } from 'micromark-util-types';
import './syntax-types.ts';

const OPEN = 91;
const CLOSE = 93;
const BACKSLASH = 92;
const BACKTICK = 96;
/** Deeper notes are text; this also bounds the work on `^[^[^[…` to a constant per character. */
const MAX_DEPTH = 32;
const MAX_LENGTH = 20_000;

/** Brackets in code spans do not count; where a backtick opens no code span the plain reading is tried after it. */
function tokenizer(isCodeAware: boolean) {
  return function tokenize(this: TokenizeContext, effects: Effects, ok: State, nok: State): State {
    let depth = 0;
    let size = 0;
    let isEscaped = false;
    let openRun = 0;
    let run = 0;
    let hasText = false;
    let previous: Token | undefined;
    return start;

    function start(code: Code): State | undefined {
      effects.enter('inlineNote');
      effects.enter('inlineNoteMarker');
      effects.consume(code);
      return bracket;
    }
    function bracket(code: Code): State | undefined {
      if (code !== OPEN) return nok(code);
      effects.consume(code);
      effects.exit('inlineNoteMarker');
      return first;
    }
    function first(code: Code): State | undefined {
      if (code === CLOSE || code === null) return nok(code);
      effects.enter('inlineNoteText');
      return lineStart(code);
    }
    function lineStart(code: Code): State | undefined {
      if (code === null) return nok(code);
      // The parser cannot go on from an empty chunk.
      if (isClosing(code)) return end(code);
      const token = effects.enter('chunkText', { contentType: 'text', previous });
      if (previous) previous.next = token;
      previous = token;
      return inside(code);
    }
    function inside(code: Code): State | undefined {
      if (code === null || size > MAX_LENGTH) return nok(code);
      if (code !== BACKTICK && run > 0) {
        if (openRun === 0) openRun = run;
        else if (openRun === run) openRun = 0;
        run = 0;
      }
      if (isClosing(code)) {
        effects.exit('chunkText');
        return end(code);
      }
      size += 1;
      if (code > 32) hasText = true;
      if (code < -2 && code > -6) {
        isEscaped = false;
        effects.consume(code);
        effects.exit('chunkText');
        return lineStart;
      }
      count(code);
      if (depth > MAX_DEPTH) return nok(code);
      effects.consume(code);
      return inside;
    }
    function count(code: number): void {
      if (isEscaped) {
        isEscaped = false;
        return;
      }
      if (isCodeAware && code === BACKTICK) run += 1;
      else if (openRun > 0) return;
      else if (code === BACKSLASH) isEscaped = true;
      else if (code === OPEN) depth += 1;
      else if (code === CLOSE) depth -= 1;
    }
    function isClosing(code: number): boolean {
      return openRun === 0 && !isEscaped && code === CLOSE && depth === 0;
    }
    function end(code: Code): State | undefined {
      if (!hasText) return nok(code);
      effects.exit('inlineNoteText');
      effects.enter('inlineNoteMarker');
      effects.consume(code);
      effects.exit('inlineNoteMarker');
      effects.exit('inlineNote');
      return ok;
    }
  };
}

/** `^[text]`, its text parsed as inline Markdown, notes within notes included. */
export const inlineNote: readonly Construct[] = [
  { name: 'inlineNote', tokenize: tokenizer(true) },
  { name: 'inlineNotePlain', tokenize: tokenizer(false) },
];
