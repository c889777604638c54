import type { Code, Construct, Effects, State, TokenizeContext } from 'micromark-util-types';
import './syntax-types.ts';
import { MAX_ATTRIBUTES_LENGTH, parseAttributes } from './attributes.ts';

const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const MAX_VARIABLE_LENGTH = 500;

const isEnd = (code: Code): code is null => code === null || code < 0;
const isWord = (code: Code): boolean =>
  code !== null && code > 0 && /[\p{L}\p{N}_-]/u.test(String.fromCharCode(code));

function tokenizeAttributes(effects: Effects, ok: State, nok: State): State {
  let text = '';
  let quote: Code = null;
  return start;

  function start(code: Code): State | undefined {
    effects.enter('attributeList');
    effects.consume(code);
    return inside;
  }
  function inside(code: Code): State | undefined {
    if (isEnd(code) || text.length > MAX_ATTRIBUTES_LENGTH) return nok(code);
    if (quote === null && code === OPEN_BRACE) return nok(code);
    if (quote === null && code === CLOSE_BRACE) {
      if (parseAttributes(text) === undefined) return nok(code);
      effects.consume(code);
      effects.exit('attributeList');
      return ok;
    }
    if (code === 34 || code === 39) {
      if (quote === null) quote = code;
      else if (quote === code) quote = null;
    }
    text += String.fromCharCode(code);
    effects.consume(code);
    return inside;
  }
}

/** `{#id .class key="value"}`; whether it belongs to anything is decided on the tree. */
export const attributeList: Construct = { name: 'attributeList', tokenize: tokenizeAttributes };

function tokenizeVariable(effects: Effects, ok: State, nok: State): State {
  let size = 0;
  return start;

  function start(code: Code): State | undefined {
    effects.enter('templateVariable');
    effects.consume(code);
    return second;
  }
  function second(code: Code): State | undefined {
    if (code !== OPEN_BRACE) return nok(code);
    effects.consume(code);
    return inside;
  }
  function inside(code: Code): State | undefined {
    if (isEnd(code) || code === OPEN_BRACE || size > MAX_VARIABLE_LENGTH) return nok(code);
    effects.consume(code);
    if (code === CLOSE_BRACE) return close;
    size += 1;
    return inside;
  }
  function close(code: Code): State | undefined {
    if (code !== CLOSE_BRACE || size === 0) return nok(code);
    effects.consume(code);
    effects.exit('templateVariable');
    return ok;
  }
}

/** `{{ path }}` on one line. */
export const templateVariable: Construct = { name: 'templateVariable', tokenize: tokenizeVariable };

const TODO_SPELLINGS = ['TODO', 'ToDo', 'To-Do', 'TO-DO'] as const;

function tokenizeTodo(this: TokenizeContext, effects: Effects, ok: State, nok: State): State {
  const before = this.previous;
  let text = '';
  return code => {
    if (isWord(before)) return nok(code);
    effects.enter('todoMark');
    return next(code);
  };

  function next(code: Code): State | undefined {
    if (TODO_SPELLINGS.some(spelling => spelling === text)) {
      if (isWord(code)) return nok(code);
      effects.exit('todoMark');
      return ok(code);
    }
    if (isEnd(code)) return nok(code);
    text += String.fromCharCode(code);
    if (!TODO_SPELLINGS.some(spelling => spelling.startsWith(text))) return nok(code);
    effects.consume(code);
    return next;
  }
}

/** `TODO`, `ToDo`, `To-Do` or `TO-DO` as a word of its own. */
export const todoMark: Construct = { name: 'todoMark', tokenize: tokenizeTodo };
